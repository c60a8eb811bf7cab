"""The change waterfall: what was expected, what came and went, and what is expected now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Sum

from pipeline.forecasting.bars import LABELS, MEANINGS, Bar, Piece, View, pieces
from pipeline.forecasting.flows import can_answer, level_of, pieces_of, read, read_line, read_until
from pipeline.forecasting.money import Conversion, Sums, added, conversion_of, exact, rounded
from pipeline.forecasting.standing import ONE_DAY, deal_days, open_at
from pipeline.models import Pipeline


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


def waterfall(
    pipeline: Pipeline, since: date, until: date, view: View, *, at: datetime
) -> Waterfall:
    """The change from the morning of `since` to the evening of `until`, both days included."""
    starting = level_at(pipeline, since - ONE_DAY, view, at=at)
    counted = total_of(flows(pipeline, since, until, view, at=at))
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
    missing = conversion.missing(*parts)
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


def flows(
    pipeline: Pipeline, since: date, until: date, view: View, *, at: datetime
) -> Iterable[tuple[Piece, int]]:
    """The pieces of all the deals' days from `since` to `until`, each for so many deals."""
    if can_answer(view) and view.owners is not None:
        return pieces_of(read_line(pipeline, since, until, view.owners, at=at), view)
    if can_answer(view):
        return pieces_of(read(pipeline, since, until, at=at), view)
    return counted_flows(pipeline, since, until, view)


def counted_flows(
    pipeline: Pipeline, since: date, until: date, view: View
) -> Iterator[tuple[Piece, int]]:
    """The same, counted from the deals."""
    for day in deal_days(pipeline.pk, [(since, until)], owners=view.owners):
        for number, piece in enumerate(pieces(day.before, day.after, day.day, view)):
            # The two halves of a change of currency are one change of one deal.
            yield piece, 0 if piece.bar is Bar.CURRENCY and number else 1


def level_at(pipeline: Pipeline, day: date, view: View, *, at: datetime) -> Level:
    """The open deals that counted at the end of `day`.

    Of a line they are read as they stood then: they are fewer than all that ever moved.
    """
    if can_answer(view) and view.owners is None:
        return Level(*level_of(read_until(pipeline, day, at=at), view))
    return standing_at(pipeline, day, view)


def standing_at(pipeline: Pipeline, day: date, view: View) -> Level:
    """The same, counted from the deals."""
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
