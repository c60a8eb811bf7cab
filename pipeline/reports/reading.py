"""What several reports need: names of keys, money in company currency, sums of cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.models import Choice, Segment
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import Money, Named
from pipeline.stages import Process, Rule, process_of
from pipeline.tallies.cells import Cell
from revops.addresses import number_in
from revops.company.rates import RateMissing, rate_on
from revops.people.models import Team, User

NOTHING = Decimal(0)

NAMELESS = {
    "source": "No source",
    "owner": "Nobody",
    "team": "No team",
    "product": "No product",
    "segment": "Unknown segment",
    "competitor": "No competitor named",
    "loss_reason": "No reason given",
    "reason": "No reason given",
}
LISTS = {
    "source": Choice.List.SOURCE,
    "loss_reason": Choice.List.LOSS_REASON,
    "reason": Choice.List.PUSH_REASON,
}


@dataclass
class Lot:
    """Deals of one kind taken together."""

    count: int = 0
    amounts: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    days: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, cell: Cell) -> None:
        self.count += cell.count
        if cell.currency:
            self.amounts[cell.currency] += cell.amount
        for days, count in cell.days.items():
            self.days[days] += count

    @property
    def unknown(self) -> int:
        """How many of them say no number of days."""
        return self.count - sum(self.days.values())


Lots = defaultdict[tuple[str, str], Lot]
"""By key and kind."""


def lots_of(cells: Iterable[Cell]) -> Lots:
    lots: Lots = defaultdict(Lot)
    for cell in cells:
        lots[cell.key, cell.kind].add(cell)
    return lots


def lots_by_kind(cells: Iterable[Cell]) -> defaultdict[str, Lot]:
    lots: defaultdict[str, Lot] = defaultdict(Lot)
    for cell in cells:
        lots[cell.kind].add(cell)
    return lots


def money(scope: Scope, amounts: Mapping[str, Decimal]) -> Money:
    """The sum in company currency; what has no rate on the report's last day stays apart."""
    total, apart = NOTHING, {}
    for currency, amount in sorted(amounts.items()):
        rate = rate_for(scope, currency)
        if rate is None:
            apart[currency] = amount
        else:
            total += amount / rate
    return Money(total, scope.company.currency, apart)


def rate_for(scope: Scope, currency: str) -> Decimal | None:
    """The rate on the report's last day, or today's where that lies ahead; read once."""
    if currency not in scope.rates:
        day = min(scope.until, scope.today)
        try:
            scope.rates[currency] = rate_on(currency, day, company=scope.company)
        except RateMissing:
            scope.rates[currency] = None
    return scope.rates[currency]


def names_of(by: str, keys: Iterable[str]) -> dict[str, Named]:
    """What people read for each key."""
    keys = set(keys)
    known = labels(by, keys)
    nameless = NAMELESS.get(by, "Not known")
    return {key: Named(key, known.get(key) or key or nameless) for key in keys}


def labels(by: str, keys: set[str]) -> dict[str, str]:
    numbers = [number for key in keys if (number := number_in(key)) is not None]
    if by == "owner":
        return {
            str(pk): name
            for pk, name in User.objects.filter(pk__in=numbers).values_list("pk", "name")
        }
    if by == "team":
        return {
            str(pk): name
            for pk, name in Team.objects.filter(pk__in=numbers).values_list("pk", "name")
        }
    if by == "segment":
        return {str(key): str(label) for key, label in Segment.choices}
    if by in LISTS:
        return dict(Choice.objects.filter(list=LISTS[by]).values_list("key", "label"))
    return {}


def process_for(scope: Scope) -> Process:
    return process_of(scope.pipeline)


def stage_named(rule: Rule) -> Named:
    return Named(rule.key, rule.name)
