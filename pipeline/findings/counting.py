"""How many deals have which finding, by owner: one pass over the open deals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from pipeline.findings.context import Context, read_context
from pipeline.findings.judging import condition, has_problem, kinds, problem_keys
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


SUMS = """
SELECT owner_id, currency, count(*), {counts},
       count(*) FILTER (WHERE {wrong}), sum(amount) FILTER (WHERE {wrong})
FROM ({rows}) AS judged
GROUP BY owner_id, currency
"""


def counted(deals: QuerySet[Deal], context: Context) -> Iterable[Row]:
    """One row for each owner and currency, in one question that judges each deal once."""
    known = kinds()
    bits = {kind.key: 1 << place for place, kind in enumerate(known)}
    wrong = sum(bits[key] for key in problem_keys())
    try:
        told, parameters = judged(deals, bits, context)
    except EmptyResultSet:
        return
    sums = SUMS.format(
        counts=", ".join(f"count(*) FILTER (WHERE {has(bits[kind.key])})" for kind in known),
        wrong=has(wrong),
        rows=told,
    )
    names = [OPEN, *bits, PROBLEM]
    with connection.cursor() as cursor:
        cursor.execute(sums, parameters)
        for number, currency, *counts, value in cursor.fetchall():
            amount = Decimal(str(value or 0)).quantize(Decimal("0.01"))
            amounts = defaultdict(Decimal, {currency: amount})
            found = Counter(dict(zip(names, counts, strict=True)))
            yield Row("", number, counts=found, amounts=amounts)


def has(bits: int) -> str:
    return f"findings & {bits} <> 0"


def judged(
    deals: QuerySet[Deal], bits: Mapping[str, int], context: Context
) -> tuple[str, Sequence[Any]]:
    """The open deals, each with its findings as bits of one number.

    Without its end the database would judge a deal anew for each count.
    """
    findings = [
        Case(When(condition(key, context), then=Value(bit)), default=Value(0))
        for key, bit in bits.items()
    ]
    rows = deals.open().order_by()  # type: ignore[attr-defined]
    rows = rows.values("owner_id", "currency", "amount", findings=reduce(add, findings))
    told, parameters = rows.query.sql_with_params()
    end = "OFFSET 0" if connection.vendor == "postgresql" else "LIMIT -1"
    return f"{told} {end}", parameters


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
