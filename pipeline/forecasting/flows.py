"""The waterfall's flows as tallies: what all the deals of a day share, counted day by day.

A fact is a deal's day without the deal: from which month (or place) to which, and whether its
amount rose. It is told twice, with the amount of the evening before and with that of the evening,
so that any window of whole months is answered without reading a deal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Min

from pipeline.forecasting.bars import (
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

FLOW = "flow"
BEFORE, AFTER = "b", "a"


def facts(asked: Asked) -> Iterator[Fact]:
    """Two facts for every deal's day of change in the days asked."""
    spans = tuple(span for span in asked.spans if span[1] != UNKNOWN_DAY)
    if not spans:
        return
    for day in deal_days(asked.pipeline_id, spans, owners=asked.owners):
        route = route_of(day)
        owner = day.after.owner_id
        if day.before is not None:
            before = day.before
            yield Fact(day.day, f"{BEFORE}|{route}", owner, (), before.currency, before.amount)
        yield Fact(day.day, f"{AFTER}|{route}", owner, (), day.after.currency, day.after.amount)


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


MEASURE = Measure(FLOW, facts)


def register() -> None:
    register_measure(MEASURE)


# Reading


def can_answer(view: View) -> bool:
    """Whether tallies tell everything: everybody's deals, and a window of whole months."""
    return view.owners is None and whole_months(view.window.first, view.window.last)


def read(pipeline: Pipeline, since: date, until: date, *, at: datetime) -> list[Cell]:
    """The cells of the flows in these days."""
    return read_tallies(Scope(pipeline, since, until, at), FLOW)


def first_day(pipeline: Pipeline, *, at: datetime) -> date:
    """The day of the first standing; the present one where there is none."""
    first = DealStanding.objects.filter(pipeline=pipeline).aggregate(first=Min("since"))["first"]
    return Company.get().local_day(first or at)


def grouped(cells: list[Cell]) -> Iterator[tuple[date, int, Evening | None, Evening]]:
    """The days (or months) of deals that went the same way, as if they were one deal."""
    sums: defaultdict[tuple[date, str, str], list[Decimal]]
    sums = defaultdict(lambda: [NOTHING, NOTHING])
    counts: defaultdict[tuple[date, str, str], int] = defaultdict(int)
    for cell in cells:
        side, route = cell.kind.split("|", 1)
        way = route.rpartition("|")[2]
        currency = way[3:] if len(way) == 6 else cell.currency
        key = (cell.start, route, currency)
        if side == BEFORE:
            sums[key][0] += cell.amount
        else:
            sums[key][1] += cell.amount
            counts[key] += cell.count
    for (start, route, currency), (before, after) in sums.items():
        shapes, _, way = route.rpartition("|")
        was, _, now = shapes.partition(">")
        evening = evening_of(now, after, currency)
        assert evening is not None
        first = way[:3] if len(way) == 6 else currency
        yield start, counts[start, route, currency], evening_of(was, before, first), evening


def pieces_of(cells: list[Cell], view: View) -> Iterator[tuple[Piece, int]]:
    """The pieces of the flows, each for so many deals."""
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
