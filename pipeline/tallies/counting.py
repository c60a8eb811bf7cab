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
            for dimension, place in zip(kept, measure.places(fact), strict=True):
                if place is not None:
                    add_fact(found[dimension, fact.day], fact, *place)
    return found


def count_by_day(
    measure: Measure,
    dimension: str,
    asked: Asked,
    facts: Iterable[Fact],
    counts: Callable[[Fact], bool],
) -> dict[date, Cells]:
    """The cells of one dimension by day, of those facts of the measure that `counts` admits."""
    at = measure.kept.index(dimension)
    found: defaultdict[date, Cells] = defaultdict(empty_cells)
    for fact in facts:
        if asked.wants(fact.day) and counts(fact) and (place := measure.places(fact)[at]):
            add_fact(found[fact.day], fact, *place)
    return found


def add_fact(cells: Cells, fact: Fact, owner: str, key: str) -> None:
    held: Sum = cells[owner, fact.kind, key, fact.currency]
    held.count += 1
    held.amount += fact.amount
    if fact.days is not None:
        held.days[fact.days] = held.days.get(fact.days, 0) + 1
