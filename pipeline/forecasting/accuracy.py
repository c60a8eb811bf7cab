"""How well a period was foretold: from snapshots alone, never from today's deals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from pipeline.forecasting.forecast import people_of
from pipeline.forecasting.lines import CATEGORIES
from pipeline.forecasting.money import Conversion, conversion_of, rounded
from pipeline.forecasting.periods import Period
from pipeline.forecasting.snapshots import Kept, days_kept, kept
from pipeline.forecasting.whose import Whose
from pipeline.metrics import forecast_accuracy
from pipeline.models import Pipeline

STRONG = Fraction(5, 100)
USUAL_MISS = Fraction(10, 100)
LATE = timedelta(days=6)
"""A first snapshot up to so many days into the period still counts as its beginning."""

SETTLED = timedelta(days=45)
"""The first snapshot after the period tells what was won in it; later ones say the same."""

AHEAD = timedelta(days=31)
MOST_POINTS = 31


@dataclass(frozen=True)
class Said:
    """What a snapshot said of a period, in company currency."""

    day: date
    amounts: Mapping[str, Decimal]
    call: Decimal | None

    @property
    def computed(self) -> Decimal:
        return self.amounts["closed"] + self.amounts["commit"]

    @property
    def forecast(self) -> Decimal:
        """What was closed and committed, with what was called in place of whole lines."""
        return self.computed if self.call is None else self.call


@dataclass(frozen=True)
class Accuracy:
    """One period foretold: the first snapshot in it, the first after it, and how near they are."""

    period: Period
    start: Said | None
    end: Said | None
    is_over: bool

    @property
    def value(self) -> Fraction | None:
        if self.start is None or self.end is None:
            return None
        return forecast_accuracy(self.start.forecast, self.end.amounts["closed"])

    @property
    def miss(self) -> Fraction | None:
        """How far the forecast was off, of what was won; with its sign."""
        if self.start is None or self.end is None or not self.end.amounts["closed"]:
            return None
        won = Fraction(self.end.amounts["closed"])
        return (Fraction(self.start.forecast) - won) / won

    @property
    def tone(self) -> str:
        if self.miss is None:
            return ""
        if abs(self.miss) <= STRONG:
            return "good"
        return "warn" if abs(self.miss) <= USUAL_MISS else "bad"

    @property
    def why_not(self) -> str:
        """Why there is no figure; empty where there is one."""
        if not self.is_over:
            return "not over yet"
        if self.start is None:
            return "no snapshot from its beginning"
        if self.end is None:
            return "no snapshot after its end"
        return "" if self.value is not None else "nothing was won"


def accuracies(
    pipeline: Pipeline, periods: Sequence[Period], whose: Whose, *, today: date
) -> list[Accuracy]:
    """The accuracy of each period for these people together."""
    return [accuracy_of(pipeline, period, whose, today=today) for period in periods]


def accuracy_of(pipeline: Pipeline, period: Period, whose: Whose, *, today: date) -> Accuracy:
    start, end, rows, conversion = start_and_end(pipeline, period, whose, today=today)
    by_day = by_day_of(rows, conversion, managers_of(rows, whose), days=(start, end))
    return Accuracy(period, by_day.get(start), by_day.get(end), period.ends_on < today)


def by_owner(
    pipeline: Pipeline, period: Period, whose: Whose, *, today: date
) -> dict[int, Accuracy]:
    """The accuracy of each owner's own deals."""
    start, end, rows, conversion = start_and_end(pipeline, period, whose, today=today)
    of_owner: defaultdict[int, list[Kept]] = defaultdict(list)
    for row in rows:
        if not row.is_call:
            of_owner[row.owner_id].append(row)
    is_over = period.ends_on < today
    found = {}
    for owner, own in of_owner.items():
        by_day = by_day_of(own, conversion, {}, days=(start, end))
        found[owner] = Accuracy(period, by_day.get(start), by_day.get(end), is_over)
    return found


def start_and_end(
    pipeline: Pipeline, period: Period, whose: Whose, *, today: date
) -> tuple[date | None, date | None, list[Kept], Conversion]:
    """The days of the two snapshots that count, what they say, and the rates of the last day."""
    first = days_kept(pipeline, period, period.starts_on, period.starts_on + LATE)[:1]
    after = period.ends_on + timedelta(days=1)
    last = days_kept(pipeline, period, after, after + SETTLED)[:1]
    rows = kept(pipeline, period, [*first, *last], whose.condition())
    conversion = conversion_of(min(period.ends_on, today))
    return next(iter(first), None), next(iter(last), None), rows, conversion


Managers = Mapping[int, int | None]


def managers_of(rows: Sequence[Kept], whose: Whose) -> dict[int, int | None]:
    """Everybody the rows are about and those above them, each with their manager."""
    if not any(row.is_call for row in rows):
        return {}
    people = people_of({row.owner_id for row in rows}, whose)
    return {person.pk: person.manager_id for person in people}


def by_day_of(
    rows: Sequence[Kept],
    conversion: Conversion,
    managers: Managers,
    *,
    days: Sequence[date | None] = (),
) -> dict[date | None, Said]:
    """What was said on each day; a day named without rows said nought."""
    by_day: defaultdict[date | None, list[Kept]] = defaultdict(list)
    for row in rows:
        by_day[row.taken_on].append(row)
    wanted = {*by_day, *(day for day in days if day)}
    return {
        day: said_on(day, by_day[day], conversion, managers) for day in wanted if day is not None
    }


def said_on(day: date, rows: Sequence[Kept], conversion: Conversion, managers: Managers) -> Said:
    sums: defaultdict[str, defaultdict[str, Decimal]]
    sums = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        if not row.is_call:
            sums[row.category][row.currency] += row.amount
    amounts = {key: conversion(sums[key]) for key in CATEGORIES}
    calls = {
        row.owner_id: conversion.unrounded({row.currency: row.amount})
        for row in rows
        if row.is_call and row.category == "commit"
    }
    called = rounded(with_calls(rows, calls, conversion, managers)) if calls else None
    return Said(day, amounts, called)


def with_calls(
    rows: Sequence[Kept],
    calls: Mapping[int, Fraction],
    conversion: Conversion,
    managers: Managers,
) -> Fraction:
    """Closed and commit along the reporting line, where a call stands for its whole line."""
    of_line: dict[int | None, int | None] = {None: None}

    def called(person: int | None) -> int | None:
        """Whose call stands for this person's deals: the highest above them, if any."""
        if person not in of_line:
            manager = None if person is None else managers.get(person)
            above = called(manager if manager in managers else None)
            of_line[person] = above if above is not None or person not in calls else person
        return of_line[person]

    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        counts = not row.is_call and row.category in ("closed", "commit")
        if counts and row.owner_id in managers and called(row.owner_id) is None:
            sums[row.currency] += row.amount
    standing = {person for person in managers if called(person) == person}
    return conversion.unrounded(sums) + sum((calls[each] for each in standing), Fraction(0))


def trend_of(
    pipeline: Pipeline, period: Period, whose: Whose, *, today: date
) -> tuple[list[Said], Conversion]:
    """What was said of the period, from a month before it until it was over, oldest first.

    Of many days every second, third and so on is read, the last one always.
    """
    since = period.starts_on - AHEAD
    days = days_kept(pipeline, period, since, min(today, period.ends_on + timedelta(days=7)))
    step = -(-len(days) // MOST_POINTS) or 1
    chosen = days[::-1][::step][::-1]
    conversion = conversion_of(min(period.ends_on, today))
    rows = kept(pipeline, period, chosen, whose.condition())
    said = by_day_of(rows, conversion, managers_of(rows, whose), days=chosen)
    return [said[day] for day in chosen], conversion
