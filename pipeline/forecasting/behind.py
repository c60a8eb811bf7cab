"""The deals behind a bar of the waterfall, with how each stood before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from pipeline.forecasting.bars import Bar, Evening, View, pieces
from pipeline.forecasting.standing import DealDay, changed_deals, deal_days, open_at
from pipeline.models import Deal, Pipeline
from revops.people.models import User

SOME = 4
"""So many times as many changed deals as a page shows are read first, then so many times more."""
ENDED_BY = {Bar.WON: Deal.Status.WON, Bar.LOST: Deal.Status.LOST}


@dataclass
class Behind:
    """One deal on one day: what it added to the bar, and how it stood on both evenings."""

    deal_id: int
    day: date | None
    amount: Decimal
    currency: str
    before: Evening | None
    after: Evening | None
    deal: Deal | None = None
    """None where the reader may not see it any more."""


def deals_behind(
    pipeline: Pipeline,
    since: date,
    until: date,
    view: View,
    bar: Bar,
    reader: User,
    *,
    after: int = 0,
    size: int = 50,
) -> tuple[list[Behind], int]:
    """A page of what a bar is made of, by the deal's number, and the mark of the next page."""
    found: list[Behind] = []
    deals, at_once, status = 0, SOME * size, ENDED_BY.get(bar, "")
    while numbers := changed_deals(
        pipeline.pk, (since, until), view.owners, after=after, size=at_once, status=status
    ):
        days = deal_days(pipeline.pk, [(since, until)], owners=view.owners, deals=numbers)
        for _, group in groupby(days, key=lambda day: day.deal_id):
            own = list(of_bar(group, view, bar))
            if own and deals == size:
                return named(found, reader), found[-1].deal_id
            found += own
            deals += bool(own)
        if len(numbers) < at_once:
            break
        after, at_once = numbers[-1], at_once * SOME
    return named(found, reader), 0


def of_bar(days: Iterable[DealDay], view: View, bar: Bar) -> Iterator[Behind]:
    for day in days:
        for piece in pieces(day.before, day.after, day.day, view):
            if piece.bar is bar:
                yield Behind(
                    day.deal_id, day.day, piece.amount, piece.currency, day.before, day.after
                )


def deals_standing(
    pipeline: Pipeline, day: date, view: View, reader: User, *, after: int = 0, size: int = 50
) -> tuple[list[Behind], int]:
    """A page of the deals that counted at the end of a day."""
    rows = open_at(pipeline.pk, day, view).filter(deal__gt=after).order_by("deal", "pk")
    fields = ("deal_id", "status", "owner_id", "amount", "currency", "close_date")
    found = [
        Behind(row[0], None, row[3], row[4], None, Evening(*row[1:]))
        for row in rows.values_list(*fields)[: size + 1]
    ]
    return named(found[:size], reader), found[size - 1].deal_id if len(found) > size else 0


def named(rows: list[Behind], reader: User) -> list[Behind]:
    """The rows with their deals, those that the reader may see, in one query."""
    numbers = {row.deal_id for row in rows}
    deals = Deal.objects.visible_to(reader).filter(pk__in=numbers)
    by_number = {deal.pk: deal for deal in deals.select_related("account", "owner", "stage")}
    for row in rows:
        row.deal = by_number.get(row.deal_id)
    return rows
