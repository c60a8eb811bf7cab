"""How many deals have which finding, by owner and team: kept counts, right to the last deal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils import timezone

from pipeline.findings.context import Context, read_context
from pipeline.findings.frames import present_frame
from pipeline.findings.grouping import Sums, sums_kept, sums_of
from pipeline.findings.judging import has_problem, kinds
from pipeline.models import Deal
from revops.company.models import Company
from revops.company.rates import RateMissing, convert
from revops.people.models import User

PROBLEM = "problem"
"""The name of the count of deals that something is wrong with."""
OPEN = "open"
MOST_SHOWN = 99
KEPT_FOR = 60


class Person(NamedTuple):
    """What is told of an owner."""

    id: int
    name: str
    email: str
    team: int | None
    team_name: str | None


@dataclass
class Row:
    """The findings of one owner's deals, or of a team's."""

    name: str
    number: int = 0
    person: Person | None = None
    numbers: list[int] = field(default_factory=list)
    """Open deals, those with each kind, those with any problem."""
    amounts: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def open(self) -> int:
        return self.numbers[0] if self.numbers else 0

    @property
    def problems(self) -> int:
        return self.numbers[-1] if self.numbers else 0

    @cached_property
    def counts(self) -> dict[str, int]:
        names = (OPEN, *(kind.key for kind in kinds()), PROBLEM)
        return dict(zip(names, self.numbers or [0] * len(names), strict=True))

    def add(self, numbers: Sequence[int], amounts: Mapping[str, Decimal]) -> None:
        own = self.numbers or [0] * len(numbers)
        self.numbers = [one + other for one, other in zip(own, numbers, strict=True)]
        for currency, amount in amounts.items():
            self.amounts[currency] += amount


@dataclass(frozen=True)
class Worth:
    """What the deals with problems are worth in the company's currency."""

    amount: Decimal
    currency: str
    without_rate: tuple[str, ...] = ()
    """Currencies that no rate is known for; their deals are not in the sum."""


@dataclass(frozen=True)
class Counted:
    """The findings of some deals, by owner and by team, the most first."""

    total: Row
    owners: Sequence[Row]
    teams: Sequence[Row]

    def value(self, at: datetime) -> Worth:
        return in_company_currency(self.total.amounts, at)


def count_findings(deals: QuerySet[Deal], context: Context) -> Counted:
    """Judge all of these deals: two questions, whatever there is."""
    return counted(sums_of(deals, context))


def count_of_owners(whose: Q, context: Context) -> Counted:
    """The findings of all deals of some owners, as `count_findings` would count them.

    From kept counts where the frame they were kept for holds; what changed since is judged anew.
    """
    frame = present_frame()
    if frame and frame.holds(context):
        sums = list(sums_kept(whose, context))
        # Another frame may have come between the two questions.
        if all(each.frame in (None, frame.number) for each in sums):
            return counted(sums)
    return count_findings(Deal.objects.filter(whose), context)


def counted(sums: Iterable[Sums]) -> Counted:
    owners: dict[int, Row] = {}
    for each in sums:
        row = owners.setdefault(each.owner, Row("", each.owner))
        row.add(each.counts, {each.currency: each.amount})
    total, teams = Row("All"), dict[int, Row]()
    for person in people(owners):
        row = owners[person.id]
        row.person, row.name = person, person.name
        total.add(row.numbers, row.amounts)
        if person.team is not None:
            team = teams.setdefault(person.team, Row(person.team_name or "", person.team))
            team.add(row.numbers, row.amounts)
    return Counted(total, most_first(owners.values()), most_first(teams.values()))


def people(numbers: Iterable[int]) -> list[Person]:
    columns = ("pk", "name", "email", "team", "team__name")
    return [Person(*facts) for facts in User.objects.filter(pk__in=numbers).values_list(*columns)]


def most_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.problems, row.name.casefold()))


def in_company_currency(amounts: dict[str, Decimal], at: datetime) -> Worth:
    """The sum at today's rates; a currency without a rate is named instead."""
    company = Company.get()
    today, total, without = company.local_day(at), Decimal(0), []
    for currency, amount in sorted(amounts.items()):
        try:
            total += convert(amount, currency, today) if amount else Decimal(0)
        except RateMissing:
            without.append(currency)
    return Worth(total.quantize(Decimal("0.01")), company.currency, tuple(without))


def own_problems(owner: User) -> int:
    """How many of a person's own deals something is wrong with; kept for a minute.

    The rail shows it on every page. What a person clears is counted at once by `count_own`.
    """
    kept = cache.get(kept_under(owner))
    return count_own(owner, timezone.now()) if kept is None else kept


def count_own(owner: User, at: datetime) -> int:
    """Count it now, up to one more than is shown."""
    wrong = Deal.objects.filter(Q(owner=owner) & has_problem(read_context(at)))
    count = wrong.order_by()[: MOST_SHOWN + 1].count()
    cache.set(kept_under(owner), count, KEPT_FOR)
    return count


def kept_under(owner: User) -> str:
    return f"pipeline.own_problems:{owner.pk}"
