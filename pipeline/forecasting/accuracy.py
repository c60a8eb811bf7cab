"""How well a period was foretold: from snapshots alone, never from today's deals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from pipeline.forecasting.lines import CATEGORIES
from pipeline.forecasting.money import Conversion, conversion_of, rounded
from pipeline.forecasting.periods import Period
from pipeline.forecasting.snapshots import (
    Morning,
    days_kept,
    first_kept,
    mornings,
    mornings_by_owner,
    sure_of,
)
from pipeline.forecasting.whose import Whose
from pipeline.metrics import forecast_accuracy
from pipeline.models import Pipeline
from revops.people.models import User
from revops.remembering import remembered

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
    start, end = start_and_end(pipeline, period)
    days = [day for day in (start, end) if day]
    said = said_on(pipeline, period, days, whose, conversion_of(min(period.ends_on, today)))
    by_day = {each.day: each for each in said}
    return Accuracy(
        period,
        by_day[start] if start else None,
        by_day[end] if end else None,
        period.ends_on < today,
    )


def by_owner(
    pipeline: Pipeline, period: Period, whose: Whose, *, today: date
) -> dict[int, Accuracy]:
    """The accuracy of each owner's own deals."""
    start, end = start_and_end(pipeline, period)
    days = [day for day in (start, end) if day]
    conversion = conversion_of(min(period.ends_on, today))
    is_over = period.ends_on < today
    return {
        owner: Accuracy(
            period,
            said_of(start, own[start], conversion) if start else None,
            said_of(end, own[end], conversion) if end else None,
            is_over,
        )
        for owner, own in mornings_by_owner(pipeline, period, days, whose.condition()).items()
    }


def start_and_end(pipeline: Pipeline, period: Period) -> tuple[date | None, date | None]:
    """The days of the two snapshots that count."""
    after = period.ends_on + timedelta(days=1)
    return (
        first_kept(pipeline, period, period.starts_on, period.starts_on + LATE),
        first_kept(pipeline, period, after, after + SETTLED),
    )


def said_on(
    pipeline: Pipeline,
    period: Period,
    days: Sequence[date],
    whose: Whose,
    conversion: Conversion,
) -> list[Said]:
    """What was said on each of these days; one without cells said nought."""
    found = mornings(pipeline, period, days, whose.condition())
    called = called_on(pipeline, period, found, whose, conversion)
    return [said_of(day, found[day], conversion, called.get(day)) for day in days]


def said_of(
    day: date, morning: Morning, conversion: Conversion, called: Decimal | None = None
) -> Said:
    return Said(day, {key: conversion(morning.sums.get(key, {})) for key in CATEGORIES}, called)


def called_on(
    pipeline: Pipeline,
    period: Period,
    found: Mapping[date, Morning],
    whose: Whose,
    conversion: Conversion,
) -> dict[date, Decimal]:
    """Closed and commit along the reporting line, where a call stands for its whole line.

    Only of days on which somebody called. Who is in no called line is asked for by name.
    """
    callers = {day: frozenset(morning.calls) for day, morning in found.items() if morning.calls}
    if not callers:
        return {}
    managers = managers_of(whose)
    lines = {each: called_lines(each, managers) for each in set(callers.values())}
    free = Q()
    for each, (_, others) in lines.items():
        free |= Q(taken_on__in=[day for day in callers if callers[day] == each], owner__in=others)
    rest = sure_of(pipeline, period, free)
    return {
        day: rounded(
            sum(
                (conversion.unrounded(found[day].calls[person]) for person in lines[each][0]),
                conversion.unrounded(rest.get(day, {})),
            )
        )
        for day, each in callers.items()
    }


def managers_of(whose: Whose) -> dict[int, int | None]:
    """Everybody whose deals count, each with their manager."""

    def read() -> dict[int, int | None]:
        people = User.objects.all()
        if whose.owners is not None:
            people = people.filter(pk__in=whose.owners)
        return dict(people.values_list("pk", "manager"))

    return remembered(("managers", whose.owners), read)


def called_lines(
    callers: Collection[int], managers: Mapping[int, int | None]
) -> tuple[set[int], set[int]]:
    """Whose calls count, those of the highest in each line; and who is in no called line."""
    of_line: dict[int | None, int | None] = {None: None}

    def called(person: int | None) -> int | None:
        """Whose call stands for this person's deals: the highest above them, if any."""
        if person not in of_line:
            manager = None if person is None else managers.get(person)
            above = called(manager if manager in managers else None)
            of_line[person] = above if above is not None or person not in callers else person
        return of_line[person]

    counting = {person for person in managers if called(person) == person}
    return counting, {person for person in managers if called(person) is None}


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
    return said_on(pipeline, period, chosen, whose, conversion), conversion
