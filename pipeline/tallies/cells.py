"""Cells of a tally: counts, amounts and spreads of days that add up exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

NOTHING = Decimal(0)
NO_DAYS: Mapping[int, int] = {}
CENT = Decimal("0.01")
Place = tuple[str, str, str, str]
"""Owner, kind, key and currency of a cell; no owner where cells are not told apart by owners."""


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
    owner: str = ""


Packed = Any
"""Cells as JSON keeps them: a list, or a list for each owner."""

Cells = dict[Place, Sum]


def empty_cells() -> defaultdict[Place, Sum]:
    return defaultdict(Sum)


def pack(cells: Cells) -> Packed:
    """The cells as JSON keeps them, in one order, so that equal cells are equal texts.

    Told apart by owners they lie by owner, so that those of a line are read without the others.
    """
    packed: dict[str, list[Any]] = {}
    for (owner, *place), held in sorted(cells.items(), key=itemgetter(0)):
        if held.count:
            days = {str(each): held.days[each] for each in sorted(held.days)}
            amount = str(held.amount.quantize(CENT))
            packed.setdefault(owner, []).append([*place, held.count, amount, days])
    return packed.get("", []) if packed.keys() <= {""} else packed


def by_owner(packed: Packed) -> Iterable[tuple[str, list[Any]]]:
    """Packed cells by owner; "" where they tell none."""
    return packed.items() if isinstance(packed, dict) else (("", packed),)


def unpack(packed: Packed) -> Iterator[tuple[Place, Sum]]:
    for owner, cells in by_owner(packed):
        for kind, key, currency, count, amount, days in cells:
            spread = {int(each): n for each, n in days.items()}
            yield (owner, kind, key, currency), Sum(count, Decimal(amount), spread)


def cells_in(
    start: date, packed: Packed, *, spreads: bool = True, owners: Container[str] | None = None
) -> Iterator[Cell]:
    """The cells of one day or month, ready to be read; of these owners alone where it is said."""
    for owner, cells in by_owner(packed):
        if owners is not None and owner not in owners:
            continue
        for kind, key, currency, count, amount, days in cells:
            spread = {int(each): n for each, n in days.items()} if days and spreads else NO_DAYS
            worth = NOTHING if amount == "0.00" else Decimal(amount)
            yield Cell(start, kind, key, currency, count, worth, spread, owner)


def add_up(packed: Iterable[Packed]) -> Cells:
    """The sum of many packed cells."""
    total = empty_cells()
    for each in packed:
        for place, held in unpack(each):
            total[place].add(held)
    return total
