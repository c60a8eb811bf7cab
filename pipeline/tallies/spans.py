"""Days and months, and what a period has of them whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby

from pipeline.marks import UNKNOWN_DAY
from pipeline.tallies.cells import Cell
from pipeline.tallies.measures import DAY


def spans_of_period(since: date, until: date) -> tuple[tuple[date, date], ...]:
    return ((since, until),) if since <= until else ()


def days_between(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=n) for n in range((until - since).days + 1))


def month_of(day: date) -> date:
    return day.replace(day=1)


def end_of(month: date) -> date:
    return next_month(month) - DAY


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_between(since: date, until: date) -> list[date]:
    """The first day of every month that has a day in the period."""
    found, month = [], month_of(since)
    while month <= until:
        found.append(month)
        month = next_month(month)
    return found


def by_month(cells: Iterable[Cell]) -> dict[date, list[Cell]]:
    """The cells by the month they lie in."""
    ordered = sorted(cells, key=lambda cell: cell.start)
    return {
        month: list(group) for month, group in groupby(ordered, key=lambda c: month_of(c.start))
    }


def whole_months(since: date, until: date, marked: set[date]) -> list[date]:
    """The months that lie in the period whole and have no marked day."""
    if until == UNKNOWN_DAY:
        return []
    touched = {month_of(day) for day in marked}
    return [
        month
        for month in months_between(since, until)
        if since <= month and end_of(month) <= until and month not in touched
    ]


def without(
    span: tuple[date, date], months: list[date], marked: set[date]
) -> list[tuple[date, date]]:
    """What is left of a span of days without whole months and marked days."""
    since, until = span
    gone = sorted([(month, end_of(month)) for month in months] + [(day, day) for day in marked])
    left = []
    for first, last in gone:
        if since < first:
            left.append((since, first - DAY))
        since = max(since, last + DAY)
    if since <= until:
        left.append((since, until))
    return left


def begun_month(since: date, until: date, marked: set[date]) -> date | None:
    """The month of which the period has no more than the first days, unless one is marked."""
    month = month_of(until)
    if until in (UNKNOWN_DAY, end_of(month)) or since > month:
        return None
    return None if any(day >= month for day in marked) else month
