"""The change waterfall: what was expected, what came and went, and what is expected now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from pipeline.forecasting.bars import LABELS, MEANINGS, Bar, Evening, Piece, View, pieces
from pipeline.forecasting.money import Conversion, Sums, added, conversion_of, exact, rounded
from pipeline.models import Deal, DealStanding, Pipeline
from revops.company.models import Company

ONE_DAY = timedelta(days=1)
STANDING = (
    "deal_id", "since", "pipeline_id", "status", "owner_id", "amount", "currency", "close_date",
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """How many deals and how much at the end of a day: by currency, and in the company's."""

    count: int
    sums: Sums
    amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Step:
    """One bar: how often it happened, how much by currency, and in the company's."""

    bar: Bar
    count: int
    sums: Sums
    amount: Decimal = Decimal(0)

    @property
    def label(self) -> str:
        return LABELS[self.bar]

    @property
    def meaning(self) -> str:
        return MEANINGS[self.bar]


@dataclass(frozen=True)
class Waterfall:
    """Starting, the changes, ending: they add up by currency and in the company's."""

    since: date
    until: date
    view: View
    starting: Level
    steps: Sequence[Step]
    ending: Level
    conversion: Conversion
    missing: Sequence[str] = field(default_factory=tuple)

    @property
    def change(self) -> Decimal:
        return self.ending.amount - self.starting.amount


def waterfall(pipeline: Pipeline, since: date, until: date, view: View) -> Waterfall:
    """The change from the morning of `since` to the evening of `until`, both days included."""
    starting = standing_at(pipeline, since - ONE_DAY, view)
    counted = total_of(flows(pipeline, since, until, view))
    steps = [Step(bar, *counted[bar]) for bar in Bar if bar in counted]
    ending = Level(
        starting.count + sum(sign_of(step) for step in steps),
        added([starting.sums, *(step.sums for step in steps)]),
    )
    return converted(Waterfall(since, until, view, starting, steps, ending, conversion_of(until)))


IN_AND_OUT = {
    **dict.fromkeys((Bar.INCREASED, Bar.DECREASED, Bar.CURRENCY), 0),
    **dict.fromkeys(
        (
            Bar.PUSHED_OUT, Bar.MOVED_EARLIER, Bar.UNDATED, Bar.TRANSFERRED_OUT,
            Bar.REASSIGNED_OUT, Bar.WON, Bar.LOST,
        ),
        -1,
    ),
}  # fmt: skip


def sign_of(step: Step) -> int:
    """What a bar does to the number of deals."""
    return step.count * IN_AND_OUT.get(step.bar, 1)


def converted(found: Waterfall) -> Waterfall:
    """The same with amounts in the company's currency, which add up to the cent.

    Every bar is the difference of two levels, each of them rounded: rounding the bars one by one
    could leave a cent over.
    """
    conversion, sums = found.conversion, dict(found.starting.sums)
    exact_level = conversion.unrounded(sums)
    level = rounded(exact_level)
    starting = Level(found.starting.count, found.starting.sums, level)
    steps: list[Step] = []
    for step in found.steps:
        exact_level += conversion.unrounded(step.sums)
        steps.append(Step(step.bar, step.count, step.sums, rounded(exact_level) - level))
        level = rounded(exact_level)
    ending = Level(found.ending.count, found.ending.sums, level)
    parts = [found.starting.sums, *(step.sums for step in found.steps)]
    missing = sorted({currency for part in parts for currency in conversion.missing(part)})
    return Waterfall(
        found.since, found.until, found.view, starting, steps, ending, conversion, missing
    )


Counted = dict[Bar, tuple[int, dict[str, Decimal]]]


def total_of(found: Iterable[tuple[Piece, int]]) -> Counted:
    """Pieces, each for so many deals, counted together by bar and currency."""
    counts: defaultdict[Bar, int] = defaultdict(int)
    sums: defaultdict[Bar, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for piece, number in found:
        counts[piece.bar] += number
        sums[piece.bar][piece.currency] += piece.amount
    return {bar: (counts[bar], dict(sums[bar])) for bar in counts}


def flows(pipeline: Pipeline, since: date, until: date, view: View) -> Iterator[tuple[Piece, int]]:
    """The pieces of all the deals' days from `since` to `until`, counted from the deals."""
    for day in deal_days(pipeline.pk, since, until):
        for number, piece in enumerate(pieces(day.before, day.after, day.day, view)):
            # The two halves of a change of currency are one change of one deal.
            yield piece, 0 if piece.bar is Bar.CURRENCY and number else 1


# How deals stood


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


def standing_rows(
    pipeline_id: int, since: date, until: date, whose: Q | None = None
) -> QuerySet[DealStanding]:
    """Every standing that the deals changed in these days had then, and the one just before."""
    company = Company.get()
    start, end = end_of(since - ONE_DAY, company), end_of(until, company)
    here = DealStanding.objects.filter(whose or Q(), pipeline=pipeline_id)
    came = here.filter(since__gte=start, since__lt=end).values("deal")
    went = here.filter(until__gte=start, until__lt=end).values("deal")
    rows = DealStanding.objects.filter(Q(deal__in=came) | Q(deal__in=went), since__lt=end)
    return rows.filter(Q(until=None) | Q(until__gte=start)).order_by("deal", "since", "pk")


def deal_days(
    pipeline_id: int, since: date, until: date, whose: Q | None = None
) -> Iterator[DealDay]:
    """Each deal's days of change, in the order of deals; the cost is that of the deals changed."""
    company = Company.get()
    rows = standing_rows(pipeline_id, since, until, whose).values_list(*STANDING)
    found = rows.iterator(chunk_size=5000)
    for deal_id, group in groupby(found, key=lambda row: row[0]):
        yield from days_of_deal(deal_id, group, pipeline_id, company, since)


def days_of_deal(
    deal_id: int, rows: Iterable[tuple[Any, ...]], pipeline_id: int, company: Company, since: date
) -> Iterator[DealDay]:
    before: Evening | None = None
    for day, group in groupby(rows, key=lambda row: company.local_day(row[1])):
        after = before
        for row in group:
            after = Evening(row[3], row[4], row[5], row[6], row[7], row[2] == pipeline_id)
        if day >= since and after is not None:
            yield DealDay(deal_id, day, before, after)
        before = after


def standing_at(pipeline: Pipeline, day: date, view: View) -> Level:
    """The open deals that counted at the end of `day`."""
    rows = (
        open_at(pipeline.pk, day, view)
        .order_by()
        .values_list("currency")
        .annotate(number=Count("pk"), total=Sum("amount"))
    )
    found = {currency: (number, exact(total)) for currency, number, total in rows}
    return Level(
        sum(number for number, _ in found.values()),
        {currency: total for currency, (_, total) in found.items()},
    )


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
