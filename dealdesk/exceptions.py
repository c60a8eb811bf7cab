"""Reading the register of exceptions: what is asked for, how often, and how it comes out.

Each question is one query however many rows there are; amounts are in company currency. For those
who see every deal the answers are kept until the register changes, a minute at the longest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, cast

from django.core.cache import cache
from django.db.models import Avg, Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from dealdesk.models import ExceptionRecord
from pipeline.models.visibility import sees_all_deals
from revops.company.models import Company
from revops.people.models import Team, User
from revops.remembering import remembered

Outcome = ExceptionRecord.Outcome
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Filters:
    """What a report is about; empty fields filter nothing. Days are the company's, inclusive."""

    since: date | None = None
    until: date | None = None
    team: int | None = None
    kind: str = ""
    tier: str = ""
    outcome: str = ""
    segment: str = ""
    label: str = ""


@dataclass(frozen=True)
class Ranked:
    """One exception, counted together under its label."""

    kind: str
    label: str
    requests: int
    deals: int
    accounts: int
    approved: int
    rejected: int
    pending: int
    stake: Decimal
    hours: Decimal | None
    slowest_hours: Decimal | None
    last_requested_at: datetime

    @property
    def kind_label(self) -> str:
        return ExceptionRecord.Kind(self.kind).label

    @property
    def decided(self) -> int:
        return self.approved + self.rejected

    @property
    def approval_percent(self) -> Decimal | None:
        """Approved of those approved or rejected; nothing while none was decided."""
        if not self.decided:
            return None
        return (Decimal(100) * self.approved / self.decided).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Summary:
    """All exceptions of a report taken together."""

    requests: int
    exceptions: int
    deals: int
    accounts: int
    approved: int
    rejected: int
    pending: int
    stake: Decimal
    hours: Decimal | None

    @property
    def approval_percent(self) -> Decimal | None:
        decided = self.approved + self.rejected
        if not decided:
            return None
        return (Decimal(100) * self.approved / decided).quantize(Decimal("0.1"))


def descending(value: Decimal | None) -> Decimal:
    """A sorting key: the largest first, what is not known last."""
    return Decimal(1) if value is None else -value


ORDERS = {
    "frequency": lambda row: (-row.requests, row.label),
    "approval_rate": lambda row: (descending(row.approval_percent), -row.requests, row.label),
    "turnaround": lambda row: (descending(row.hours), -row.requests, row.label),
    "stake": lambda row: (-row.stake, row.label),
}
"""How the ranking may be ordered; slowest first for turnaround."""


def records(user: User, filters: Filters) -> QuerySet[ExceptionRecord]:
    """The rows of a report that this person may see."""
    found = ExceptionRecord.objects.visible_to(user)
    zone = Company.get().zone_info
    if filters.since:
        found = found.filter(requested_at__gte=datetime.combine(filters.since, time(), zone))
    if filters.until:
        end = datetime.combine(filters.until + timedelta(days=1), time(), zone)
        found = found.filter(requested_at__lt=end)
    exact = {
        "team": filters.team,
        "kind": filters.kind,
        "tier": filters.tier,
        "outcome": filters.outcome,
        "segment": filters.segment,
        "label": filters.label,
    }
    return found.filter(**{name: value for name, value in exact.items() if value})


def listed(user: User, filters: Filters) -> QuerySet[ExceptionRecord]:
    """The rows with everything a table or an export shows, newest first."""
    return (
        records(user, filters)
        .select_related("deal", "account", "requester", "team", "term", "request__quote")
        .prefetch_related("deciders")
        .order_by("-requested_at", "-pk")
    )


Answer = TypeVar("Answer")
KEPT = 60
"""Seconds. A row whose transaction ends after that of a later row does not show in the stamp."""


def kept(question: Callable[[User, Filters], Answer]) -> Callable[[User, Filters], Answer]:
    """Ask the database once, for all who see every deal, until the register changes."""

    @wraps(question)
    def answer(user: User, filters: Filters) -> Answer:
        if not sees_all_deals(user):
            return question(user, filters)
        asked = sha256(repr((filters, Company.get().zone, stamp())).encode()).hexdigest()
        key = f"dealdesk.exceptions.{question.__name__}:{asked}"
        return cast(Answer, cache.get_or_set(key, lambda: question(user, filters), KEPT))

    return answer


def stamp() -> tuple[int | None, datetime | None]:
    """What changes when an exception is registered or decided."""
    return remembered("register of exceptions", read_stamp)


def read_stamp() -> tuple[int | None, datetime | None]:
    found = ExceptionRecord.objects.aggregate(newest=Max("pk"), decided=Max("decided_at"))
    return found["newest"], found["decided"]


@kept
def summary(user: User, filters: Filters) -> Summary:
    found: dict[str, Any] = records(user, filters).aggregate(
        exceptions=Count("pk"),
        requests=Count("request", distinct=True),
        deals=Count("deal", distinct=True),
        accounts=Count("account", distinct=True),
        approved=Count("pk", filter=Q(outcome=Outcome.APPROVED)),
        rejected=Count("pk", filter=Q(outcome=Outcome.REJECTED)),
        pending=Count("pk", filter=Q(outcome=Outcome.PENDING)),
        stake=Sum("stake_amount"),
        hours=Avg("business_hours", filter=DECIDED),
    )
    return Summary(**{**found, "stake": money(found["stake"]), "hours": hours(found["hours"])})


DECIDED = Q(outcome__in=[Outcome.APPROVED, Outcome.REJECTED])


def ranked(user: User, filters: Filters, order: str = "frequency") -> Sequence[Ranked]:
    """Exceptions of one label counted together, ranked; one query."""
    return sorted(by_label(user, filters), key=ORDERS[order])


@kept
def by_label(user: User, filters: Filters) -> Sequence[Ranked]:
    rows = (
        records(user, filters)
        .order_by()
        .values("kind", "label")
        .annotate(
            requests=Count("request", distinct=True),
            deals=Count("deal", distinct=True),
            accounts=Count("account", distinct=True),
            approved=Count("pk", filter=Q(outcome=Outcome.APPROVED)),
            rejected=Count("pk", filter=Q(outcome=Outcome.REJECTED)),
            pending=Count("pk", filter=Q(outcome=Outcome.PENDING)),
            stake=Sum("stake_amount"),
            hours=Avg("business_hours", filter=DECIDED),
            slowest_hours=Max("business_hours", filter=DECIDED),
            last_requested_at=Max("requested_at"),
        )
    )
    return [ranked_row(row) for row in rows]


def ranked_row(row: Any) -> Ranked:
    row["stake"] = money(row["stake"])
    row["hours"], row["slowest_hours"] = hours(row["hours"]), hours(row["slowest_hours"])
    return Ranked(**row)


@kept
def by_month(user: User, filters: Filters) -> Sequence[tuple[date, str, int]]:
    """(month, outcome, exceptions) in the company's zone, oldest first."""
    rows = (
        records(user, filters)
        .order_by()
        .annotate(month=TruncMonth("requested_at", tzinfo=Company.get().zone_info))
        .values("month", "outcome")
        .annotate(number=Count("pk"))
        .order_by("month", "outcome")
    )
    return [(row["month"].date(), row["outcome"], row["number"]) for row in rows]


@kept
def by_kind(user: User, filters: Filters) -> Sequence[tuple[str, int, Decimal]]:
    """(kind, exceptions, amount at stake), the most frequent first."""
    rows = (
        records(user, filters)
        .order_by()
        .values("kind")
        .annotate(number=Count("pk"), stake=Sum("stake_amount"))
        .order_by("-number", "kind")
    )
    return [(row["kind"], row["number"], money(row["stake"])) for row in rows]


@dataclass(frozen=True)
class Choices:
    """What the filters offer."""

    teams: Sequence[Team]
    tiers: Sequence[str]
    first_day: date | None


def choices(user: User) -> Choices:
    """What there is to choose from among all that this person may see."""
    return choices_under(user, Filters())


@kept
def choices_under(user: User, filters: Filters) -> Choices:
    found = records(user, filters)
    first = found.aggregate(first=Min("requested_at"))["first"]
    return Choices(
        teams=list(Team.objects.filter(pk__in=found.values("team"))),
        tiers=sorted(found.order_by().values_list("tier", flat=True).distinct()),
        first_day=Company.get().local_day(first) if first else None,
    )


def money(value: Any) -> Decimal:
    """A sum as it is shown; some databases add decimals as floats."""
    return Decimal(str(value or 0)).quantize(CENT)


def hours(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.1"))
