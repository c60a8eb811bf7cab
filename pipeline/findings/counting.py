"""How many deals have which finding, by owner: one pass over the open deals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from pipeline.findings.context import Context, read_context
from pipeline.findings.judging import condition, has_problem, kinds
from pipeline.models import Deal
from revops.company.models import Company
from revops.company.rates import RateMissing, convert
from revops.people.models import User

PROBLEM = "problem"
"""The name of the count of deals that something is wrong with."""
OPEN = "open"
MOST_SHOWN = 99
KEPT_FOR = 60


@dataclass
class Row:
    """The findings of one owner's deals, or of a team's."""

    name: str
    number: int = 0
    person: User | None = None
    counts: Counter[str] = field(default_factory=Counter)
    amounts: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def open(self) -> int:
        return self.counts[OPEN]

    @property
    def problems(self) -> int:
        return self.counts[PROBLEM]

    def add(self, other: Row) -> None:
        self.counts.update(other.counts)
        for currency, amount in other.amounts.items():
            self.amounts[currency] += amount


@dataclass(frozen=True)
class Value:
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

    def value(self, at: datetime) -> Value:
        return in_company_currency(self.total.amounts, at)


def count_findings(deals: QuerySet[Deal], context: Context) -> Counted:
    """Count in two questions, whatever there is: the deals, then their owners."""
    by_owner: dict[int, Row] = {}
    for row in counted(deals, context):
        owner = by_owner.setdefault(row.number, row)
        if owner is not row:
            owner.add(row)
    people = User.objects.select_related("team").in_bulk(by_owner)
    total, teams = Row("All"), dict[int, Row]()
    for number, row in by_owner.items():
        row.person = people[number]
        row.name = row.person.name
        total.add(row)
        team = row.person.team
        if team is not None:
            teams.setdefault(team.pk, Row(team.name, team.pk)).add(row)
    return Counted(total, most_first(by_owner.values()), most_first(teams.values()))


def counted(deals: QuerySet[Deal], context: Context) -> Iterable[Row]:
    """One row for each owner and currency, in one question."""
    # Under names of their own: a kind may be called as a column of the deal is.
    found = {f"n_{kind.key}": Count("pk", filter=condition(kind.key, context)) for kind in kinds()}
    wrong = has_problem(context)
    rows = (
        deals.open()  # type: ignore[attr-defined]
        .order_by()
        .values("owner_id", "currency")
        .annotate(
            **{OPEN: Count("pk"), PROBLEM: Count("pk", filter=wrong)},
            **found,
            value=Sum("amount", filter=wrong),
        )
    )
    names = [OPEN, PROBLEM, *found]
    for row in rows:
        counts = Counter({name.removeprefix("n_"): row[name] for name in names})
        amounts = defaultdict(Decimal, {row["currency"]: Decimal(row["value"] or 0)})
        yield Row("", row["owner_id"], counts=counts, amounts=amounts)


def most_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.problems, row.name.casefold()))


def in_company_currency(amounts: dict[str, Decimal], at: datetime) -> Value:
    """The sum at today's rates; a currency without a rate is named instead."""
    company = Company.get()
    today, total, without = company.local_day(at), Decimal(0), []
    for currency, amount in sorted(amounts.items()):
        try:
            total += convert(amount, currency, today) if amount else Decimal(0)
        except RateMissing:
            without.append(currency)
    return Value(total.quantize(Decimal("0.01")), company.currency, tuple(without))


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
