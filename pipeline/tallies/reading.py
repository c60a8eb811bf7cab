"""Reading tallies: months where they stand, days at the edges, base rows where days are marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from pipeline.marks import UNKNOWN_DAY
from pipeline.models import Tally, TallyMark
from pipeline.tallies.cells import Cell, Cells, cells_in
from pipeline.tallies.counting import count_by_day, count_days
from pipeline.tallies.grouping import can_group, grouped
from pipeline.tallies.lines import can_add_up, summed
from pipeline.tallies.measures import DAY, MOST_SPANS, Asked, Fact, Measure, measure_named, spans_of
from revops.remembering import kept_for, remembered

if TYPE_CHECKING:
    from pipeline.reports.scope import Scope

DAYS, MONTHS = Tally.Grain.DAY, Tally.Grain.MONTH


def read_tallies(
    scope: Scope,
    measure: str,
    dimension: str = "",
    *,
    since: date | None = None,
    until: date | None = None,
    by_month: bool | None = None,
) -> list[Cell]:
    """The cells of a measure in the days of `scope`, of what its reader counts.

    A cell is of a whole month or of one day of it; the months are those of `start`, unless they
    are not asked for. Told apart by a dimension, they are not.
    """
    by_month = not dimension if by_month is None else by_month
    since, until = since or scope.since, until or scope.until
    named = measure_named(measure)
    key = ("tallies", scope, measure, dimension, since, until, by_month)
    return remembered(key, lambda: read_cells(scope, named, dimension, since, until, by_month))


def read_cells(
    scope: Scope, named: Measure, dimension: str, since: date, until: date, by_month: bool
) -> list[Cell]:
    if named.grouping and not scope.is_whole and can_group():
        asked = Asked(scope.pipeline.pk, ((since, until),), scope.company.zone_info, scope.owners)
        return list(grouped(scope, named.grouping, dimension, asked)) if since <= until else []
    kept = kept_dimension(scope, named, dimension)
    if kept is None:
        return list(live(scope, named, dimension, spans_of_period(since, until)))
    few = kept == "team" or (scope.is_whole and by_month and not kept.endswith("owner"))
    if few or not can_add_up():
        found = with_teams(scope, kept, kept_cells(scope, named, kept, since, until))
        return list(found if scope.is_whole else narrowed(scope, found, dimension, kept))
    return list(added_up(scope, named, dimension, kept, since, until, by_month))


def unknown(scope: Scope, measure: str, dimension: str = "") -> list[Cell]:
    """The cells of what happened nobody knows when."""
    return read_tallies(scope, measure, dimension, since=UNKNOWN_DAY, until=UNKNOWN_DAY)


def kept_dimension(scope: Scope, measure: Measure, dimension: str) -> str | None:
    """The dimension that answers for this scope; None where base rows must be counted."""
    if scope.is_whole:
        return dimension
    if scope.team is not None and measure.stamps_team:
        return "team" if scope.owners is None and dimension in ("", "team") else None
    if dimension in ("", "owner"):
        return "owner"
    return f"{dimension}@owner" if dimension in measure.owned else None


def narrowed(scope: Scope, cells: Iterable[Cell], dimension: str, kept: str) -> Iterator[Cell]:
    """The cells of those whom the scope counts, told apart as it was asked."""
    if kept == "team":
        wanted = {str(scope.team.pk)} if scope.team else set()
    else:
        wanted = {str(pk) for pk in scope.members or ()}
    by_both, as_kept = kept.endswith("@owner"), dimension == kept
    for cell in cells:
        key, _, whose = cell.key.rpartition("@")
        if whose in wanted:
            cell.key = key if by_both else (whose if as_kept else "")
            yield cell


def with_teams(scope: Scope, kept: str, cells: Iterable[Cell]) -> Iterator[Cell]:
    """The cells, those of open deals with the team that their owner has now."""
    for cell in cells:
        if kept == "team":
            cell.key = team_key(scope, cell.key)
        yield cell


def team_key(scope: Scope, key: str) -> str:
    """The key of a team; one that begins with "@" names an owner instead."""
    return scope.team_keys.get(key, "") if key.startswith("@") else key


def kept_cells(
    scope: Scope, measure: Measure, dimension: str, since: date, until: date
) -> Iterator[Cell]:
    """Cells of months and days that stand, and of marked days as they are."""
    rows, months, marked = kept_rows(scope, measure, dimension, since, until)
    for grain, start, packed in rows.values_list("grain", "start", "cells"):
        if grain == MONTHS or (start not in marked and month_of(start) not in months):
            yield from cells_in(start, packed)
    if marked:
        yield from counted_now(scope, measure, dimension, spans_of(marked))


def added_up(
    scope: Scope,
    measure: Measure,
    dimension: str,
    kept: str,
    since: date,
    until: date,
    by_month: bool,
) -> Iterator[Cell]:
    """The same of those whom the scope counts, told apart as it was asked."""
    rows, months, marked = kept_rows(scope, measure, kept, since, until)
    owners = None if scope.is_whole else scope.members or frozenset()
    yield from summed(
        rows,
        owners,
        dimension,
        kept,
        by_month=by_month,
        since=since,
        marked=marked,
        months=months,
    )
    if marked:
        now = counted_now(scope, measure, kept, spans_of(marked))
        yield from now if scope.is_whole else narrowed(scope, now, dimension, kept)


def kept_rows(
    scope: Scope, measure: Measure, dimension: str, since: date, until: date
) -> tuple[QuerySet[Tally], list[date], set[date]]:
    """The rows to read, the months read whole, and the days that are counted now instead."""
    marked = marked_days(scope.pipeline.pk, since, until)
    months = whole_months(since, until, marked)
    days = [
        span for span in spans_of_period(since, until) for span in without(span, months, marked)
    ]
    rows = stored(scope.pipeline.pk, measure, dimension, months, days)
    if measure.on_first:
        marked |= uncounted_firsts(scope, measure, since, until)
    return rows, months, marked


def marked_days(pipeline_id: int, since: date, until: date) -> set[date]:
    marks = TallyMark.objects.filter(pipeline=pipeline_id, day__gte=since, day__lte=until)
    return set(marks.values_list("day", flat=True).distinct())


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


def stored(
    pipeline_id: int,
    measure: Measure,
    dimension: str,
    months: list[date],
    days: list[tuple[date, date]],
) -> QuerySet[Tally]:
    asked = Q(grain=MONTHS, start__in=months)
    if len(days) > MOST_SPANS:
        days = [(days[0][0], days[-1][1])]
    for first, last in days:
        asked |= Q(grain=DAYS, start__gte=first, start__lte=last)
    return Tally.objects.filter(
        asked, pipeline=pipeline_id, measure=measure.name, dimension=dimension
    )


def uncounted_firsts(scope: Scope, measure: Measure, since: date, until: date) -> set[date]:
    """First days of months that nobody has counted yet, as at the turn of a month."""
    firsts = {day for day in months_between(since, until) if since <= day}
    rows = Tally.objects.filter(
        pipeline=scope.pipeline, measure=measure.name, dimension="", grain=DAYS, start__in=firsts
    )
    return firsts - set(rows.values_list("start", flat=True))


def counted_now(
    scope: Scope, measure: Measure, dimension: str, spans: tuple[tuple[date, date], ...]
) -> Iterator[Cell]:
    """Cells of marked days: while one page is made, counted once for all that it tells apart."""
    key = ("tallied", scope.pipeline.pk, measure.name, spans)
    if kept_for(key) is None:
        yield from live(scope, measure, dimension, spans, everybody=True)
        return
    asked = Asked(scope.pipeline.pk, spans, scope.company.zone_info)
    days = frozenset(day for span in spans for day in days_between(*span))
    found = remembered(key, lambda: count_days(measure, asked, days))
    for (told, day), cells in found.items():
        if told == dimension:
            yield from cells_of(day, cells)


def live(
    scope: Scope,
    measure: Measure,
    dimension: str,
    spans: tuple[tuple[date, date], ...],
    *,
    everybody: bool = False,
) -> Iterator[Cell]:
    """Cells of each day of these spans, counted from the base rows now."""
    owners, team = (None, None) if everybody else (scope.owners, scope.team)
    if team is not None and not measure.stamps_team:
        owners, team = scope.members, None
    place = measure.kept.index("team") if team is not None else 0
    asked = Asked(scope.pipeline.pk, spans, scope.company.zone_info, owners)

    # While one page is made, the rows are read once for all that it tells apart.
    key = ("facts", scope.pipeline.pk, measure.name, spans, owners)
    facts = remembered(key, lambda: list(measure.facts(asked)))

    def counts(fact: Fact, keys: tuple[str, ...]) -> bool:
        if owners is not None and fact.owner not in owners:
            return False
        return team is None or team_key(scope, keys[place]) == str(team.pk)

    for day, cells in count_by_day(measure, dimension, asked, facts, counts).items():
        yield from with_teams(scope, "" if everybody else dimension, cells_of(day, cells))


def cells_of(day: date, cells: Cells) -> Iterator[Cell]:
    for (kind, key, currency), held in cells.items():
        yield Cell(day, kind, key, currency, held.count, held.amount, held.days)


# Days and months


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
