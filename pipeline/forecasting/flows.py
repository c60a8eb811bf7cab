"""The waterfall's flows as tallies: what all the deals of a day share, counted day by day.

A fact is a deal's day without the deal: from which month (or place) to which, and whether its
amount rose. It is told twice, with the amount of the evening before and with that of the evening,
so that any window of whole months is answered without reading a deal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Min

from pipeline.forecasting.bars import (
    NOBODY,
    NOTHING,
    Bar,
    Evening,
    Piece,
    Place,
    View,
    evening_of,
    pieces,
    place_of,
    shape_of,
)
from pipeline.forecasting.periods import whole_months
from pipeline.forecasting.standing import DealDay, deal_days
from pipeline.marks import UNKNOWN_DAY
from pipeline.models import DealStanding, Pipeline
from pipeline.reports.scope import Scope
from pipeline.tallies import Asked, Cell, Fact, Measure, read_tallies, register_measure
from revops.company.models import Company

FLOW, HANDED = "flow", "handed"
BEFORE, AFTER = "b", "a"


def facts(asked: Asked) -> Iterator[Fact]:
    """Two facts for every deal's day of change in the days asked.

    Where the deal went to another owner their sides are in capitals: for a line such a day is
    read from the measure of what was handed over, which names both owners.
    """
    for day in days_asked(asked):
        handed = was_handed(day)
        for side, evening in sides_of(day):
            kind = f"{side.upper() if handed else side}|{route_of(day)}"
            owner = day.after.owner_id
            yield Fact(day.day, kind, owner, (), evening.currency, evening.amount)


def handed_facts(asked: Asked) -> Iterator[Fact]:
    """The same of the days on which a deal went to another owner, by the two owners."""
    for day in days_asked(asked):
        if was_handed(day) and day.before is not None:
            owners = f"{day.before.owner_id}>{day.after.owner_id}"
            for side, evening in sides_of(day):
                kind, owner = f"{side}|{route_of(day)}", day.after.owner_id
                yield Fact(day.day, kind, owner, (owners,), evening.currency, evening.amount)


def days_asked(asked: Asked) -> Iterator[DealDay]:
    spans = tuple(span for span in asked.spans if span[1] != UNKNOWN_DAY)
    return deal_days(asked.pipeline_id, spans, owners=asked.owners) if spans else iter(())


def was_handed(day: DealDay) -> bool:
    return day.before is not None and day.before.owner_id != day.after.owner_id


def sides_of(day: DealDay) -> Iterator[tuple[str, Evening]]:
    if day.before is not None:
        yield BEFORE, day.before
    yield AFTER, day.after


def route_of(day: DealDay) -> str:
    """From where to where, and which way the amount went."""
    return f"{shape_of(day.before)}>{shape_of(day.after)}|{way_of(day.before, day.after)}"


def way_of(before: Evening | None, after: Evening) -> str:
    if before is None:
        return "="
    if before.currency != after.currency:
        return f"{before.currency}{after.currency}"
    if before.amount == after.amount:
        return "="
    return "+" if after.amount > before.amount else "-"


def register() -> None:
    register_measure(Measure(FLOW, facts))
    register_measure(Measure(HANDED, handed_facts, ("owners",), plain=False))


# Reading


def can_answer(view: View) -> bool:
    """Whether tallies tell everything: a window of whole months."""
    return whole_months(view.window.first, view.window.last)


def read(pipeline: Pipeline, since: date, until: date, *, at: datetime) -> list[Cell]:
    """The cells of everybody's flows in these days."""
    return read_tallies(Scope(pipeline, since, until, at), FLOW)


def read_until(pipeline: Pipeline, until: date, *, at: datetime) -> list[Cell]:
    """The cells of everybody's flows from the first to that day, whenever they were."""
    scope = Scope(pipeline, first_day(pipeline, at=at), until, at)
    return read_tallies(scope, FLOW, by_month=False)


def read_line(
    pipeline: Pipeline, since: date, until: date, owners: frozenset[int], *, at: datetime
) -> list[Cell]:
    """The cells of the flows of a line in these days; what was handed over names its owners."""
    own = read_tallies(Scope(pipeline, since, until, at, only=owners), FLOW)
    handed = read_tallies(Scope(pipeline, since, until, at), HANDED, "owners")
    known = {str(owner) for owner in owners}
    return [cell for cell in own if cell.kind[0] in (BEFORE, AFTER)] + [
        cell for cell in handed if not known.isdisjoint(cell.key.split(">"))
    ]


def first_day(pipeline: Pipeline, *, at: datetime) -> date:
    """The day of the first standing; the present one where there is none."""
    first = DealStanding.objects.filter(pipeline=pipeline).aggregate(first=Min("since"))["first"]
    return Company.get().local_day(first or at)


def grouped(cells: list[Cell]) -> Iterator[tuple[date, int, Evening | None, Evening]]:
    """The days (or months) of deals that went the same way, as if they were one deal."""
    sums: defaultdict[tuple[date, str, str, str], list[Decimal]]
    sums = defaultdict(lambda: [NOTHING, NOTHING])
    counts: defaultdict[tuple[date, str, str, str], int] = defaultdict(int)
    for cell in cells:
        side, route = cell.kind.split("|", 1)
        way = route.rpartition("|")[2]
        currency = way[3:] if len(way) == 6 else cell.currency
        key = (cell.start, cell.key, route, currency)
        if side.lower() == BEFORE:
            sums[key][0] += cell.amount
        else:
            sums[key][1] += cell.amount
            counts[key] += cell.count
    for key, (before, after) in sums.items():
        start, owners, route, currency = key
        shapes, _, way = route.rpartition("|")
        was, _, now = shapes.partition(">")
        giver, taker = (int(owner) for owner in (owners or f"{NOBODY}>{NOBODY}").split(">"))
        first = way[:3] if len(way) == 6 else currency
        evening = evening_of(now, after, currency, taker)
        assert evening is not None
        yield start, counts[key], evening_of(was, before, first, giver), evening


def pieces_of(cells: list[Cell], view: View) -> Iterator[tuple[Piece, int]]:
    """The pieces of the flows, each for so many deals."""
    if view.owners is not None:
        # What names no owner lies within the line on both evenings.
        view = replace(view, owners=view.owners | {NOBODY})
    for start, count, before, after in grouped(cells):
        for number, piece in enumerate(pieces(before, after, start, view)):
            yield piece, 0 if piece.bar is Bar.CURRENCY and number else count


def level_of(cells: list[Cell], view: View) -> tuple[int, dict[str, Decimal]]:
    """What all flows until now left standing: how many deals, and how much by currency."""
    count, sums = 0, defaultdict[str, Decimal](Decimal)
    for _, number, before, after in grouped(cells):
        if before is not None and place_of(before, view) is Place.HERE:
            count -= number
            sums[before.currency] -= before.amount
        if place_of(after, view) is Place.HERE:
            count += number
            sums[after.currency] += after.amount
    return count, {currency: amount for currency, amount in sums.items() if amount}
