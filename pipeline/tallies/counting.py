"""Counting facts into cells, from the base rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from pipeline.tallies.cells import Cells, Sum, empty_cells
from pipeline.tallies.measures import Asked, Fact, Measure

Slot = tuple[str, date]
"""Dimension and day."""


def count_days(measure: Measure, asked: Asked, wanted: frozenset[date]) -> dict[Slot, Cells]:
    """The cells of these days in every dimension that is kept."""
    found: defaultdict[Slot, Cells] = defaultdict(empty_cells)
    kept = measure.kept
    for fact in measure.facts(asked):
        if fact.day in wanted:
            for dimension, key in zip(kept, measure.keys(fact), strict=True):
                add_fact(found[dimension, fact.day], fact, key)
    return found


def count_by_day(
    measure: Measure,
    dimension: str,
    asked: Asked,
    facts: Iterable[Fact],
    counts: Callable[[Fact, tuple[str, ...]], bool],
) -> dict[date, Cells]:
    """The cells of one dimension by day, of those facts of the measure that `counts` admits."""
    place = measure.kept.index(dimension)
    found: defaultdict[date, Cells] = defaultdict(empty_cells)
    for fact in facts:
        keys = measure.keys(fact)
        if asked.wants(fact.day) and counts(fact, keys):
            add_fact(found[fact.day], fact, keys[place])
    return found


def add_fact(cells: Cells, fact: Fact, key: str) -> None:
    held: Sum = cells[fact.kind, key, fact.currency]
    held.count += 1
    held.amount += fact.amount
    if fact.days is not None:
        held.days[fact.days] = held.days.get(fact.days, 0) + 1


def total(cells: Iterable[Cells]) -> Cells:
    summed = empty_cells()
    for each in cells:
        for place, held in each.items():
            summed[place].add(held)
    return summed
