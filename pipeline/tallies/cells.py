"""Cells of a tally: counts, amounts and spreads of days that add up exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

NOTHING = Decimal(0)
NO_DAYS: Mapping[int, int] = {}
Place = tuple[str, str, str]
"""Kind, key and currency of a cell."""


@dataclass(slots=True)
class Sum:
    """What lies in one cell."""

    count: int = 0
    amount: Decimal = NOTHING
    days: dict[int, int] = field(default_factory=dict)

    def add(self, other: Sum) -> None:
        self.count += other.count
        self.amount += other.amount
        for days, count in other.days.items():
            self.days[days] = self.days.get(days, 0) + count


@dataclass(slots=True)
class Cell:
    """A cell as it is read: of the day or the month that begins on `start`."""

    start: date
    kind: str
    key: str
    currency: str
    count: int
    amount: Decimal
    days: Mapping[int, int]


Cells = dict[Place, Sum]


def empty_cells() -> defaultdict[Place, Sum]:
    return defaultdict(Sum)


def pack(cells: Cells) -> list[Any]:
    """The cells as JSON keeps them, in one order, so that equal cells are equal texts."""
    return [
        [
            *place,
            held.count,
            str(held.amount.quantize(Decimal("0.01"))),
            {str(days): held.days[days] for days in sorted(held.days)},
        ]
        for place, held in sorted(cells.items())
        if held.count
    ]


def unpack(packed: Iterable[Any]) -> Iterable[tuple[Place, Sum]]:
    for kind, key, currency, count, amount, days in packed:
        spread = {int(each): n for each, n in days.items()}
        yield (kind, key, currency), Sum(count, Decimal(amount), spread)


def cells_in(start: date, packed: Iterable[Any]) -> Iterator[Cell]:
    """The cells of one day or month, ready to be read."""
    for kind, key, currency, count, amount, days in packed:
        spread = {int(each): n for each, n in days.items()} if days else NO_DAYS
        worth = NOTHING if amount == "0.00" else Decimal(amount)
        yield Cell(start, kind, key, currency, count, worth, spread)


def add_up(packed: Iterable[Iterable[Any]]) -> Cells:
    """The sum of many packed cells."""
    total = empty_cells()
    for each in packed:
        for place, held in unpack(each):
            total[place].add(held)
    return total
