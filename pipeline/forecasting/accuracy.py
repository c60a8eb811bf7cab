"""How well a period was foretold: from snapshots alone, never from today's deals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from pipeline.forecasting.lines import CATEGORIES
from pipeline.forecasting.money import Conversion, added, conversion_of
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
        """What was called for the line, else what was closed and committed."""
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
    found = start_and_end(pipeline, period, whose, today=today)
    start, end, rows, conversion = found
    by_day = by_day_of(rows, conversion, caller=caller_of(whose))
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
        by_day = by_day_of(own, conversion, caller=None, days=(start, end))
        found[owner] = Accuracy(period, by_day.get(start), by_day.get(end), is_over)
    return found


def start_and_end(  # type: ignore[no-untyped-def]
    pipeline: Pipeline, period: Period, whose: Whose, *, today: date
):
    """The days of the two snapshots that count, what they say, and the rates of the last day."""
    first = days_kept(pipeline, period, period.starts_on, period.starts_on + LATE)[:1]
    after = period.ends_on + timedelta(days=1)
    last = days_kept(pipeline, period, after, after + SETTLED)[:1]
    rows = kept(pipeline, period, [*first, *last], whose.condition())
    conversion = conversion_of(min(period.ends_on, today))
    return (first or [None])[0], (last or [None])[0], rows, conversion


def caller_of(whose: Whose) -> int | None:
    """Whose call counts for the selection: that of the person it was asked for."""
    return whose.person.pk if whose.person and whose.team is None else None


def by_day_of(
    rows: Sequence[Kept],
    conversion: Conversion,
    *,
    caller: int | None,
    days: Sequence[date | None] = (),
) -> dict[date | None, Said]:
    """What was said on each day; a day named without rows said nought."""
    sums: defaultdict[date | None, defaultdict[str, list[dict[str, Decimal]]]]
    sums = defaultdict(lambda: defaultdict(list))
    calls: dict[date, Decimal] = {}
    for day in days:
        if day is not None:
            sums[day]["closed"].append({})
    for row in rows:
        amount = {row.currency: Decimal(str(row.amount))}
        if not row.is_call:
            sums[row.taken_on][row.category].append(amount)
        elif row.owner_id == caller and row.category == "commit":
            calls[row.taken_on] = conversion(amount)
            sums[row.taken_on]["closed"].append({})
    return {
        day: Said(
            day,
            {key: conversion(added(parts.get(key, []))) for key in CATEGORIES},
            calls.get(day),
        )
        for day, parts in sums.items()
        if day is not None
    }


def trend_of(
    pipeline: Pipeline, period: Period, whose: Whose, *, today: date
) -> tuple[list[Said], Conversion]:
    """What was said of the period, from a quarter before it until it was over, oldest first.

    Of many days every second, third and so on is read, the last one always.
    """
    since = period.previous.starts_on
    days = days_kept(pipeline, period, since, min(today, period.ends_on + timedelta(days=7)))
    step = -(-len(days) // MOST_POINTS) or 1
    chosen = days[::-1][::step][::-1]
    conversion = conversion_of(min(period.ends_on, today))
    rows = kept(pipeline, period, chosen, whose.condition())
    said = by_day_of(rows, conversion, caller=caller_of(whose), days=chosen)
    return [said[day] for day in chosen], conversion
