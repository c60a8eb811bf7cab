"""How deals stood at the ends of days, read from the rows of their standings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet

from pipeline.forecasting.bars import Evening, View
from pipeline.models import Deal, DealStanding
from revops.company.models import Company

ONE_DAY = timedelta(days=1)
MOST_SPANS = 20
"""Beyond so many the deals changed anywhere between are read."""

STANDING = (
    "deal_id", "since", "pipeline_id", "status", "owner_id", "amount", "currency", "close_date",
)  # fmt: skip
Span = tuple[date, date]


@dataclass(frozen=True)
class DealDay:
    """One day on which a deal changed: how it stood the evening before, and that evening."""

    deal_id: int
    day: date
    before: Evening | None
    after: Evening


def end_of(day: date, company: Company) -> datetime:
    """The moment a day ends where the company is."""
    return datetime.combine(day + ONE_DAY, time(), company.zone_info)


def deal_days(
    pipeline_id: int,
    spans: Sequence[Span],
    *,
    owners: frozenset[int] | None = None,
    deals: Sequence[int] | None = None,
) -> Iterator[DealDay]:
    """Each deal's days of change, in the order of deals; the cost is that of the deals changed.

    `deals` are those changed in these days that are asked for; None are all of them.
    """
    company = Company.get()
    if deals is None:
        rows = standing_rows(pipeline_id, spans, owners, company)
    else:
        rows = rows_between(spans, company).filter(deal__in=deals)
    told: Iterator[tuple[Any, ...]] = rows.values_list(*STANDING).iterator(chunk_size=5000)
    for deal_id, group in groupby(told, key=lambda row: row[0]):
        for day in days_of_deal(deal_id, group, pipeline_id, company):
            if any(since <= day.day <= until for since, until in spans):
                yield day


def standing_rows(
    pipeline_id: int, spans: Sequence[Span], owners: frozenset[int] | None, company: Company
) -> QuerySet[DealStanding]:
    """Every standing that the deals changed in these days had then, and the one just before."""
    came, went = came_and_went(spans, company)
    here = standings_of(pipeline_id, owners)
    changed = Q(deal__in=here.filter(came).values("deal"))
    changed |= Q(deal__in=here.filter(went).values("deal"))
    return rows_between(spans, company).filter(changed)


def rows_between(spans: Sequence[Span], company: Company) -> QuerySet[DealStanding]:
    """The standings from the evening before these days to their end, by deal."""
    first = end_of(min(span[0] for span in spans) - ONE_DAY, company)
    last = end_of(max(span[1] for span in spans), company)
    rows = DealStanding.objects.filter(Q(until=None) | Q(until__gte=first), since__lt=last)
    return rows.order_by("deal", "since", "pk")


def standings_of(pipeline_id: int, owners: frozenset[int] | None) -> QuerySet[DealStanding]:
    found = DealStanding.objects.filter(pipeline=pipeline_id)
    return found if owners is None else found.filter(owner__in=owners)


def came_and_went(spans: Sequence[Span], company: Company) -> tuple[Q, Q]:
    """Standings that began in these days, and those that ended in them."""
    came, went = Q(), Q()
    for start, end in moments(spans, company):
        came |= Q(since__gte=start, since__lt=end)
        went |= Q(until__gte=start, until__lt=end)
    return came, went


def changed_deals(
    pipeline_id: int,
    span: Span,
    owners: frozenset[int] | None,
    *,
    after: int,
    size: int,
    status: str = "",
) -> list[int]:
    """The next deals after a number that changed in these days, or came to this status in them."""
    came, went = came_and_went([span], Company.get())
    rows = standings_of(pipeline_id, owners).filter(deal__gt=after)
    rows = rows.filter(came, status=status) if status else rows.filter(came | went)
    return list(rows.order_by("deal").values_list("deal", flat=True).distinct()[:size])


def moments(spans: Sequence[Span], company: Company) -> list[tuple[datetime, datetime]]:
    if len(spans) > MOST_SPANS:
        spans = [(min(span[0] for span in spans), max(span[1] for span in spans))]
    return [(end_of(since - ONE_DAY, company), end_of(until, company)) for since, until in spans]


def days_of_deal(
    deal_id: int, rows: Iterable[tuple[Any, ...]], pipeline_id: int, company: Company
) -> Iterator[DealDay]:
    """The days of one deal; the first row only says how it stood before."""
    before: Evening | None = None
    for day, group in groupby(rows, key=lambda row: company.local_day(row[1])):
        after = before
        for row in group:
            after = Evening(row[3], row[4], row[5], row[6], row[7], row[2] == pipeline_id)
        assert after is not None
        yield DealDay(deal_id, day, before, after)
        before = after


def open_at(pipeline_id: int, day: date, view: View) -> QuerySet[DealStanding]:
    """The standings at the end of `day` of the deals that counted then."""
    moment = end_of(day, Company.get())
    rows = DealStanding.objects.filter(
        Q(until=None) | Q(until__gte=moment),
        pipeline=pipeline_id,
        status=Deal.Status.OPEN,
        since__lt=moment,
    )
    if view.owners is not None:
        rows = rows.filter(owner__in=view.owners)
    if view.window.first:
        rows = rows.filter(close_date__gte=view.window.first)
    if view.window.last:
        rows = rows.filter(close_date__lte=view.window.last)
    return rows
