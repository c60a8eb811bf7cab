"""Counting marked days anew, and whatever is kept against what is true."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from pipeline import marks
from pipeline.marks import UNKNOWN_DAY
from pipeline.models import (
    ClosePullIn,
    ClosePush,
    Deal,
    DealStanding,
    Pipeline,
    StageVisit,
    Tally,
    TallyMark,
)
from pipeline.tallies.cells import Packed, add_up, pack
from pipeline.tallies.counting import count_days
from pipeline.tallies.lines import EVERY, line_dimension, of_lines, present_lines
from pipeline.tallies.measures import Asked, Measure, measures, spans_of
from pipeline.tallies.reading import DAYS, MONTHS
from pipeline.tallies.spans import end_of, month_of, months_between
from revops.company.models import Company
from revops.locks import Lock, lock_exclusively

MARKS = 5000
"""Marks that one transaction takes on, so that it stays short."""

BATCH = 1000
FEW = 50
AT_ONCE = 3
"""Months counted together: deals that live through several are read once for all."""

A_YEAR = timedelta(days=365)


def fold(*, at: datetime, most: int = MARKS) -> int:
    """Count the marked days anew and take their marks away; return how many marks went.

    In one transaction, alone. It takes away exactly the marks it saw before it counted: a change
    that commits meanwhile leaves a mark of its own, and its day is counted once more.
    """
    with transaction.atomic(durable=True):
        lock_exclusively(Lock.TALLIES)
        seen = list(TallyMark.objects.order_by("pk").values_list("pk", "pipeline", "day")[:most])
        days: defaultdict[int, set[date]] = defaultdict(set)
        for _, pipeline_id, day in seen:
            days[pipeline_id].add(day)
        for pipeline_id in sorted(days):
            recount(pipeline_id, days[pipeline_id], at=at)
        take_away([mark[0] for mark in seen])
    return len(seen)


def turn_of_month(at: datetime) -> None:
    """Mark the first days of the last months that were not counted yet."""
    today = Company.get().local_day(at)
    firsts = set(months_between(today - A_YEAR, today))
    for measure in measures():
        if measure.on_first:
            for pipeline in Pipeline.objects.order_by("pk"):
                rows = Tally.objects.filter(pipeline=pipeline, measure=measure.name, dimension="")
                counted = rows.filter(grain=DAYS, start__in=firsts).values_list("start", flat=True)
                marks.mark_days([pipeline.pk], firsts - set(counted))


def follow_zone(names: frozenset[str], *, at: datetime) -> None:
    """Mark every day when the company moves to another zone: midnight is elsewhere now."""
    if "zone" in names:
        for pipeline in Pipeline.objects.order_by("pk"):
            marks.mark_days(
                [pipeline.pk], frozenset[date]().union(*every_month(pipeline.pk, at=at))
            )


def waiting() -> int:
    """How many days are marked."""
    return TallyMark.objects.values("pipeline", "day").distinct().count()


def take_away(seen: Sequence[int]) -> None:
    for start in range(0, len(seen), BATCH):
        TallyMark.objects.filter(pk__in=seen[start : start + BATCH]).delete()


def recount(pipeline_id: int, days: Iterable[date], *, at: datetime) -> None:
    """Count these days of a pipeline anew, and add up the months they lie in."""
    for measure in measures():
        altered = write_days(pipeline_id, measure, countable(measure, days, at=at))
        add_up_months(pipeline_id, measure, altered)


def countable(measure: Measure, days: Iterable[date], *, at: datetime) -> frozenset[date]:
    """Those of the days that have come, where a measure tells how things stood on a day."""
    today = Company.get().local_day(at) if measure.on_first else date.max
    return frozenset(day for day in days if day <= today)


def true_days(
    pipeline_id: int, measure: Measure, wanted: frozenset[date]
) -> dict[tuple[str, date], Packed]:
    """The packed cells of these days as the base rows have them, by dimension and day."""
    spans = spans_of(wanted)
    asked = Asked(pipeline_id, spans, Company.get().zone_info)
    found = {slot: pack(cells) for slot, cells in count_days(measure, asked, wanted).items()}
    if measure.on_first:
        found |= {("", day): [] for day in wanted if day.day == 1 and ("", day) not in found}
    return found


def write_days(
    pipeline_id: int, measure: Measure, wanted: frozenset[date]
) -> set[tuple[str, date]]:
    """Write what is not kept as it is; return the dimensions and months this alters."""
    true = true_days(pipeline_id, measure, wanted)
    rows = Tally.objects.filter(pipeline=pipeline_id, measure=measure.name, grain=DAYS)
    kept = {(row.dimension, row.start): row for row in rows.filter(start__in=wanted).iterator()}
    altered = [
        slot
        for slot in {*true, *kept}
        if slot not in kept or slot not in true or kept[slot].cells != true[slot]
    ]
    store(pipeline_id, measure, DAYS, {slot: true.get(slot) for slot in altered}, kept)
    if measure.on_first:
        return set()
    return {(dimension, month_of(day)) for dimension, day in altered if day != UNKNOWN_DAY}


def add_up_months(pipeline_id: int, measure: Measure, altered: Iterable[tuple[str, date]]) -> None:
    """Let the months be the sums of their days, for lines too."""
    dimensions: defaultdict[date, set[str]] = defaultdict(set)
    for dimension, month in altered:
        dimensions[month].add(dimension)
    lines = present_lines() if dimensions else set()
    for month, names in sorted(dimensions.items()):
        rows = Tally.objects.filter(pipeline=pipeline_id, measure=measure.name)
        of_days = rows.filter(
            grain=DAYS, start__gte=month, start__lte=end_of(month), dimension__in=names
        )
        days: defaultdict[str, list[Packed]] = defaultdict(list)
        for dimension, cells in of_days.values_list("dimension", "cells"):
            days[dimension].append(cells)
        sums = {name: add_up(days[name]) for name in names}
        for name in names:
            if name.endswith(EVERY):
                sums[line_dimension(name)] = of_lines(sums[name], lines)
        kept = rows.filter(grain=MONTHS, start=month, dimension__in=sums)
        true = {(name, month): pack(cells) or None for name, cells in sums.items()}
        store(pipeline_id, measure, MONTHS, true, {(row.dimension, month): row for row in kept})


def store(
    pipeline_id: int,
    measure: Measure,
    grain: str,
    true: dict[tuple[str, date], Packed | None],
    kept: dict[tuple[str, date], Tally],
) -> None:
    """Write these cells over what is kept; None takes a row away."""
    gone = [kept[slot].pk for slot, cells in true.items() if cells is None and slot in kept]
    if gone:
        for start in range(0, len(gone), BATCH):
            Tally.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    changed: list[Tally] = []
    new: list[tuple[str, date, Packed]] = []
    for slot in sorted(slot for slot, cells in true.items() if cells is not None):
        if row := kept.get(slot):
            if row.cells != true[slot]:
                row.cells = true[slot]
                changed.append(row)
        else:
            new.append((*slot, true[slot] or []))
    Tally.objects.bulk_update(changed, ["cells"], batch_size=BATCH // 4)
    add_rows(pipeline_id, measure, grain, new)


COLUMNS = ("pipeline_id", "grain", "start", "measure", "dimension", "cells")


def add_rows(
    pipeline_id: int, measure: Measure, grain: str, rows: list[tuple[str, date, Packed]]
) -> None:
    """Add tallies. PostgreSQL takes many long texts far sooner by COPY."""
    if connection.vendor == "postgresql" and len(rows) > FEW:
        told = f"COPY {Tally._meta.db_table} ({', '.join(COLUMNS)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(told) as copy:
            for dimension, start, cells in rows:
                facts = (pipeline_id, grain, start, measure.name, dimension, json.dumps(cells))
                copy.write_row(facts)
        return
    Tally.objects.bulk_create(
        [
            Tally(
                pipeline_id=pipeline_id,
                grain=grain,
                start=start,
                measure=measure.name,
                dimension=dimension,
                cells=cells,
            )
            for dimension, start, cells in rows
        ],
        batch_size=BATCH,
    )


# From the beginning


def rebuild(*, at: datetime) -> int:
    """Count every day of every pipeline anew; return the number of tallies then kept.

    In one transaction, alone, month by month so that it needs little memory.
    """
    with transaction.atomic(durable=True):
        return rebuild_within(at=at)


def rebuild_within(*, at: datetime) -> int:
    """As `rebuild`, within the caller's transaction: for loaders of many deals."""
    lock_exclusively(Lock.TALLIES)
    seen = list(TallyMark.objects.values_list("pk", flat=True))
    Tally.objects.all().delete()
    for pipeline in Pipeline.objects.order_by("pk"):
        for months in batched(every_month(pipeline.pk, at=at), AT_ONCE):
            recount(pipeline.pk, frozenset[date]().union(*months), at=at)
    take_away(seen)
    return Tally.objects.count()


def every_month(pipeline_id: int, *, at: datetime) -> Iterator[frozenset[date]]:
    """The days of each month in which something may have happened, the unknown day first."""
    yield frozenset({UNKNOWN_DAY})
    reach = reach_of(pipeline_id)
    if reach:
        first, last = reach
        for month in months_between(first, max(last, Company.get().local_day(at))):
            yield frozenset(days_of(month))


def days_of(month: date) -> list[date]:
    return [month + timedelta(days=n) for n in range(end_of(month).day)]


def reach_of(pipeline_id: int) -> tuple[date, date] | None:
    """The first and the last day of which base rows speak."""
    zone = Company.get().zone_info
    days: list[date] = list(
        Tally.objects.filter(pipeline=pipeline_id, grain=DAYS)
        .exclude(start=UNKNOWN_DAY)
        .aggregate(Min("start"), Max("start"))
        .values()
    )
    deals = Deal.objects.filter(pipeline=pipeline_id)
    for field in ("opened_on", "closed_on", "close_date"):
        days += deals.aggregate(Min(field), Max(field)).values()
    moments: list[Any] = []
    visits = StageVisit.objects.filter(stage__pipeline=pipeline_id)
    for rows, field in (
        (visits, "entered_at"),
        (visits, "left_at"),
        (ClosePush.objects.filter(deal__pipeline=pipeline_id), "pushed_at"),
        (ClosePullIn.objects.filter(deal__pipeline=pipeline_id), "pulled_at"),
        (DealStanding.objects.filter(pipeline=pipeline_id), "since"),
    ):
        moments += rows.aggregate(Min(field), Max(field)).values()
    days += [moment.astimezone(zone).date() for moment in moments if moment]
    known = [day for day in days if day]
    return (min(known), max(known)) if known else None


def batched(months: Iterator[frozenset[date]], size: int) -> Iterator[list[frozenset[date]]]:
    while some := list(islice(months, size)):
        yield some


# Verification


def differences(*, at: datetime) -> Iterator[str]:
    """A sentence for each kept tally that is not what base rows say; marked days are left out."""
    for pipeline in Pipeline.objects.order_by("pk"):
        marked = set(TallyMark.objects.filter(pipeline=pipeline).values_list("day", flat=True))
        for days in every_month(pipeline.pk, at=at):
            for measure in measures():
                wanted = countable(measure, days, at=at)
                if wanted:
                    yield from differences_of(pipeline, measure, wanted, frozenset(marked))


def differences_of(
    pipeline: Pipeline, measure: Measure, days: frozenset[date], marked: frozenset[date]
) -> Iterator[str]:
    true = true_days(pipeline.pk, measure, days)
    rows = Tally.objects.filter(pipeline=pipeline, measure=measure.name)
    first, last = min(days), max(days)
    kept = rows.filter(grain=DAYS, start__gte=first, start__lte=last)
    stored = {(row.dimension, row.start): row.cells for row in kept}
    if measure.on_first:
        marked |= frozenset(day for day in days if day.day == 1 and ("", day) not in stored)
    for dimension, day in sorted({*true, *stored}):
        if day not in marked and true.get((dimension, day), []) != stored.get((dimension, day), []):
            yield told(pipeline, measure, dimension, f"on {day}")
    if first != UNKNOWN_DAY and not measure.on_first and not marked & days:
        yield from differences_of_month(pipeline, measure, month_of(first), stored)


def differences_of_month(
    pipeline: Pipeline,
    measure: Measure,
    month: date,
    days: dict[tuple[str, date], Packed],
) -> Iterator[str]:
    rows = Tally.objects.filter(pipeline=pipeline, measure=measure.name, grain=MONTHS, start=month)
    kept = dict(rows.values_list("dimension", "cells"))
    of_days: defaultdict[str, list[Packed]] = defaultdict(list)
    for (dimension, _), cells in days.items():
        of_days[dimension].append(cells)
    true = {dimension: add_up(cells) for dimension, cells in of_days.items()}
    for dimension in [name for name in true if name.endswith(EVERY)]:
        lines = line_dimension(dimension)
        true[lines] = of_lines(true[dimension], kept.get(lines, ()))
    for dimension in sorted({*kept, *true}):
        if pack(true.get(dimension, {})) != kept.get(dimension, []):
            yield told(pipeline, measure, dimension, f"in {month:%Y-%m}")


def told(pipeline: Pipeline, measure: Measure, dimension: str, when: str) -> str:
    of = f" by {dimension}" if dimension else ""
    return f"The tally “{measure.name}”{of} of {pipeline} {when} is not what the deals say."
