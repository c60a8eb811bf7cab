"""The state of the pipeline on a Monday: what each figure counts, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from pipeline.alerting.mornings import Week
from pipeline.findings import find, read_context
from pipeline.models import ClosePush, Deal, Move, StageVisit
from pipeline.models.visibility import LEADS_A_LINE, line_of
from revops.company.models import Company
from revops.company.rates import RateMissing, convert
from revops.people.models import Role, User

READERS = (Role.REP, Role.SALES_MANAGER, Role.VP_SALES, Role.REVOPS_ADMIN)
"""Who has a Monday digest: those who sell, those who lead them, and RevOps."""
NO_MOVE = (Move.CREATE, Move.IMPORT)
CENT = Decimal("0.01")

Chosen = Callable[[QuerySet[Deal], Week, datetime], QuerySet[Deal]]


def still_open(deals: QuerySet[Deal], week: Week, at: datetime) -> QuerySet[Deal]:
    return deals.filter(status=Deal.Status.OPEN)


def new(deals: QuerySet[Deal], week: Week, at: datetime) -> QuerySet[Deal]:
    return deals.filter(opened_on__range=(week.first_day, week.last_day))


def moved(deals: QuerySet[Deal], week: Week, at: datetime) -> QuerySet[Deal]:
    visits = StageVisit.objects.filter(entered_at__gte=week.begins, entered_at__lt=week.ends)
    return deals.filter(pk__in=visits.exclude(move__in=NO_MOVE).values("deal"))


def stale(deals: QuerySet[Deal], week: Week, at: datetime) -> QuerySet[Deal]:
    return find(deals, "stale", read_context(at))


def pushed(deals: QuerySet[Deal], week: Week, at: datetime) -> QuerySet[Deal]:
    pushes = ClosePush.objects.filter(pushed_at__gte=week.begins, pushed_at__lt=week.ends)
    return deals.filter(pk__in=pushes.values("deal"))


def closing(deals: QuerySet[Deal], week: Week, at: datetime) -> QuerySet[Deal]:
    days = (week.monday, week.coming_sunday)
    return deals.filter(status=Deal.Status.OPEN, close_date__range=days)


@dataclass(frozen=True)
class Section:
    """One figure of the digest."""

    key: str
    label: str
    choose: Chosen


SECTIONS = {
    section.key: section
    for section in (
        Section("open", "Open pipeline", still_open),
        Section("new", "New last week", new),
        Section("moved", "Moved last week", moved),
        Section("stale", "Stale now", stale),
        Section("pushed", "Pushed last week", pushed),
        Section("closing", "Closing this week", closing),
    )
}


@dataclass(frozen=True)
class Figure:
    """How many deals a section has and what they come to in the company's currency."""

    section: Section
    count: int
    amount: Decimal
    currency: str
    unconverted: tuple[str, ...] = ()
    """Currencies that have no rate, whose amounts are not in the sum."""


def whose(person: User) -> tuple[Q, str]:
    """The condition on the owner for a person's digest, and what it covers in words."""
    if person.has_role(Role.REVOPS_ADMIN):
        return Q(), "all deals"
    if person.has_role(*LEADS_A_LINE):
        return line_of(person), "your line"
    return Q(owner=person), "your deals"


def deals_of(section: Section, person: User, week: Week, at: datetime) -> QuerySet[Deal]:
    """The deals behind one figure of a person's digest."""
    condition, _ = whose(person)
    return section.choose(Deal.objects.filter(condition), week, at)


def figures(person: User, week: Week, *, at: datetime) -> list[Figure]:
    """Every figure of a person's digest, in one question each."""
    company = Company.get()
    return [
        figure(section, deals_of(section, person, week, at), company, at=at)
        for section in SECTIONS.values()
    ]


def figure(section: Section, deals: QuerySet[Deal], company: Company, *, at: datetime) -> Figure:
    """Count the deals and add up their amounts at the rates of today."""
    count, amount, unconverted = 0, Decimal(0), []
    rows = deals.order_by("currency").values_list("currency")
    for currency, number, total in rows.annotate(number=Count("pk"), total=Sum("amount")):
        count += number
        try:
            exact = Decimal(total or 0).quantize(CENT)
            amount += convert(exact, currency, company.local_day(at), company=company)
        except RateMissing:
            unconverted.append(currency)
    return Figure(section, count, amount, company.currency, tuple(unconverted))
