"""Reading tallies: months where they stand, days at the edges, base rows where days are marked."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from django.db.models import Exists, Q, QuerySet

from pipeline.marks import UNKNOWN_DAY
from pipeline.models import Tally, TallyMark
from pipeline.tallies.cells import Cell, Cells, cells_in
from pipeline.tallies.counting import count_by_day, count_days
from pipeline.tallies.grouping import can_group, grouped
from pipeline.tallies.lines import Summing, can_add_up, line_dimension, line_key, summed
from pipeline.tallies.measures import MOST_SPANS, Asked, Fact, Measure, measure_named, spans_of
from pipeline.tallies.spans import (
    begun_month,
    days_between,
    end_of,
    month_of,
    months_between,
    spans_of_period,
    whole_months,
    without,
)
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
    spreads: bool = True,
) -> list[Cell]:
    """The cells of a measure in the days of `scope`, of what its reader counts.

    A cell is of a whole month or of one day of it; the months are those of `start`, unless they
    are not asked for. Told apart by a dimension, they are not. Whoever wants no `spreads` of days
    may be given cells without them.
    """
    by_month = not dimension if by_month is None else by_month
    since, until = since or scope.since, until or scope.until
    asked = Reading(scope, measure_named(measure), dimension, since, until, by_month, spreads)
    full = asked.key(spreads=True)
    if not spreads and full in (kept_for(full) or ()):
        return remembered(full, lambda: read_cells(asked))
    return remembered(asked.key(spreads=spreads), lambda: read_cells(asked))


@dataclass(frozen=True)
class Reading:
    """What is asked of the tallies."""

    scope: Scope
    measure: Measure
    dimension: str
    since: date
    until: date
    by_month: bool
    wants_spreads: bool

    def key(self, *, spreads: bool) -> tuple[Hashable, ...]:
        asked = (self.scope, self.measure.name, self.dimension, self.since, self.until)
        return ("tallies", *asked, self.by_month, spreads)

    @property
    def spreads(self) -> bool:
        """Whether spreads of days are to be read."""
        return self.wants_spreads and self.measure.spreads

    @cached_property
    def kept(self) -> str | None:
        """The dimension that answers; None where base rows must be counted."""
        scope, measure, dimension = self.scope, self.measure, self.dimension
        if scope.is_whole:
            return dimension
        if scope.team is not None and measure.stamps_team:
            return "team" if scope.owners is None and dimension in ("", "team") else None
        if dimension in ("", "owner"):
            return "owner"
        return f"{dimension}@owner" if dimension in measure.owned else None

    @cached_property
    def owners(self) -> frozenset[str] | None:
        """Owners whose cells count, as tallies name them; None for all."""
        if self.scope.is_whole or self.kept == "team":
            return None
        return frozenset(str(pk) for pk in self.scope.members or ())

    @cached_property
    def line(self) -> str:
        """The line whose sums answer where they are kept; "" where owners are told apart."""
        if self.dimension == "owner" or self.measure.on_first or len(self.owners or ()) < 2:
            return ""
        return line_key(self.owners or ())

    @cached_property
    def counted(self) -> frozenset[str] | None:
        """Owners and lines whose cells count; None for all."""
        return None if self.owners is None else self.owners | {self.line}


def read_cells(asked: Reading) -> list[Cell]:
    scope, measure, kept = asked.scope, asked.measure, asked.kept
    if measure.grouping and not scope.is_whole and kept != "owner" and can_group():
        spans = spans_of_period(asked.since, asked.until)
        rows = Asked(scope.pipeline.pk, spans, scope.company.zone_info, scope.owners)
        found = grouped(scope, measure, asked.dimension, rows, spreads=asked.spreads)
        return list(found) if spans else []
    if kept is None:
        return list(live(asked, asked.dimension, spans_of_period(asked.since, asked.until)))
    few = kept == "team" or (asked.by_month and not kept.endswith("owner"))
    return list(kept_cells(asked, kept) if few or not can_add_up() else added_up(asked, kept))


def unknown(scope: Scope, measure: str, dimension: str = "") -> list[Cell]:
    """The cells of what happened nobody knows when."""
    return read_tallies(
        scope, measure, dimension, since=UNKNOWN_DAY, until=UNKNOWN_DAY, spreads=False
    )


def as_asked(asked: Reading, kept: str, cells: Iterable[Cell]) -> Iterator[Cell]:
    """The cells of those whom the scope counts, told apart as it was asked."""
    for cell in cells:
        if kept == "team":
            cell.key = team_key(asked.scope, cell.key)
            if (team := asked.scope.team) is not None:
                if cell.key != str(team.pk):
                    continue
                cell.key = cell.key if asked.dimension == "team" else ""
        elif asked.counted is not None and cell.owner not in asked.counted:
            continue
        elif asked.dimension == "owner":
            cell.key = cell.owner
        yield cell


def team_key(scope: Scope, key: str) -> str:
    """The key of a team; one that begins with "@" names an owner instead."""
    return scope.team_keys.get(key, "") if key.startswith("@") else key


def kept_cells(asked: Reading, kept: str) -> Iterator[Cell]:
    """Cells of months and days that stand, and of marked days as they are."""
    rows, months, marked = kept_rows(asked, kept)

    def standing() -> Iterator[Cell]:
        for grain, start, packed in rows.values_list("grain", "start", "cells"):
            if grain == MONTHS or (start not in marked and month_of(start) not in months):
                yield from cells_in(start, packed, spreads=asked.spreads, owners=asked.counted)

    yield from as_asked(asked, kept, standing())
    if marked:
        yield from as_asked(asked, kept, counted_now(asked, kept, spans_of(marked)))


def added_up(asked: Reading, kept: str) -> Iterator[Cell]:
    """The same, added up by the database where they lie."""
    rows, months, marked = kept_rows(asked, kept)
    summing = Summing(kept, asked.dimension, asked.counted, asked.by_month, asked.spreads)
    yield from summed(rows, summing, since=asked.since, marked=marked, months=months)
    if marked:
        yield from as_asked(asked, kept, counted_now(asked, kept, spans_of(marked)))


def kept_rows(asked: Reading, kept: str) -> tuple[QuerySet[Tally], list[date], set[date]]:
    """The rows to read, the months read whole, and the days that are counted now instead."""
    pipeline_id, measure = asked.scope.pipeline.pk, asked.measure
    marked = marked_days(pipeline_id, asked.since, asked.until)
    months = whole_months(asked.since, asked.until, marked)
    period = spans_of_period(asked.since, asked.until)
    days = [span for whole in period for span in without(whole, months, marked)]
    every = Tally.objects.filter(pipeline=pipeline_id, measure=measure.name)
    begun = None if measure.on_first else begun_month(asked.since, asked.until, marked)
    rows = stored(every.filter(dimension=kept), months, days, begun)
    if asked.line:
        lines = every.filter(dimension=line_dimension(kept), cells__has_key=asked.line)
        rows = by_line(rows, lines.filter(start__in=[*months, *([begun] if begun else [])]))
    if measure.on_first:
        marked |= uncounted_firsts(pipeline_id, measure, asked.since, asked.until)
    return rows, months, marked


def marked_days(pipeline_id: int, since: date, until: date) -> set[date]:
    """The days with a mark; while one page is made, read once for each period."""
    key = ("marked days", pipeline_id, since, until)
    return set(remembered(key, lambda: read_marked_days(pipeline_id, since, until)))


def read_marked_days(pipeline_id: int, since: date, until: date) -> list[date]:
    marks = TallyMark.objects.filter(pipeline=pipeline_id, day__gte=since, day__lte=until)
    return list(marks.values_list("day", flat=True).distinct())


def stored(
    rows: QuerySet[Tally], months: list[date], days: list[tuple[date, date]], begun: date | None
) -> QuerySet[Tally]:
    """The rows of these months and days.

    A month that has begun is the sum of its first days as long as no later one has anything.
    """
    asked = Q(grain=MONTHS, start__in=months)
    if len(days) > MOST_SPANS:
        days = [(days[0][0], days[-1][1])]
    for first, last in days:
        found = Q(grain=DAYS, start__gte=first, start__lte=last)
        if begun and last >= begun:
            later = Exists(rows.filter(grain=DAYS, start__gt=last, start__lte=end_of(begun)))
            asked |= Q(~later, grain=MONTHS, start=begun)
            found &= Q(start__lt=begun) | Q(later)
        asked |= found
    return rows.filter(asked)


def by_line(rows: QuerySet[Tally], lines: QuerySet[Tally]) -> QuerySet[Tally]:
    """Rows by owner; in place of a month the one in which the line is added up, if there is."""
    added = lines.filter(start__in=rows.filter(grain=MONTHS).values("start"))
    return rows.exclude(grain=MONTHS, start__in=lines.values("start")).union(added, all=True)


def uncounted_firsts(pipeline_id: int, measure: Measure, since: date, until: date) -> set[date]:
    """First days of months that nobody has counted yet, as at the turn of a month."""
    firsts = {day for day in months_between(since, until) if since <= day}
    rows = Tally.objects.filter(
        pipeline=pipeline_id, measure=measure.name, dimension="", grain=DAYS, start__in=firsts
    )
    return firsts - set(rows.values_list("start", flat=True))


def counted_now(
    asked: Reading, dimension: str, spans: tuple[tuple[date, date], ...]
) -> Iterator[Cell]:
    """Cells of marked days: while one page is made, counted once for all that it tells apart."""
    scope, measure = asked.scope, asked.measure
    key = ("tallied", scope.pipeline.pk, measure.name, spans)
    if kept_for(key) is None:
        yield from live(asked, dimension, spans, everybody=True)
        return
    rows = Asked(scope.pipeline.pk, spans, scope.company.zone_info)
    days = frozenset(day for span in spans for day in days_between(*span))
    found = remembered(key, lambda: count_days(measure, rows, days))
    for (told, day), cells in found.items():
        if told == dimension:
            yield from cells_of(day, cells)


def live(
    asked: Reading, dimension: str, spans: tuple[tuple[date, date], ...], *, everybody: bool = False
) -> Iterator[Cell]:
    """Cells of each day of these spans, counted from the base rows now."""
    scope, measure = asked.scope, asked.measure
    owners, team = (None, None) if everybody else (scope.owners, scope.team)
    if team is not None and not measure.stamps_team:
        owners, team = scope.members, None
    rows = Asked(scope.pipeline.pk, spans, scope.company.zone_info, owners)

    # While one page is made, the rows are read once for all that it tells apart.
    key = ("facts", scope.pipeline.pk, measure.name, spans, owners)
    facts = remembered(key, lambda: list(measure.facts(rows)))

    def counts(fact: Fact) -> bool:
        if owners is not None and fact.owner not in owners:
            return False
        return team is None or team_key(scope, measure.key(fact, "team")) == str(team.pk)

    for day, cells in count_by_day(measure, dimension, rows, facts, counts).items():
        for cell in cells_of(day, cells):
            if not everybody and dimension in ("owner", "team"):
                told = cell.owner if dimension == "owner" else team_key(scope, cell.key)
                cell.key = told
            yield cell


def cells_of(day: date, cells: Cells) -> Iterator[Cell]:
    for (owner, kind, key, currency), held in cells.items():
        yield Cell(day, kind, key, currency, held.count, held.amount, held.days, owner)
