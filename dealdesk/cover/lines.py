"""Changes of the lines of a quote and of their contract years."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from dealdesk.canonical import decimal_text
from dealdesk.cover.changes import Direction, FieldChange, money_change, percent_change
from dealdesk.policy import Topic
from dealdesk.pricing import PricedLine, PricedYear
from dealdesk.terms import Terms
from dealdesk.wording import money_text, percent_text, quantity_text


def paired(
    was: Iterable[PricedLine], now: Iterable[PricedLine]
) -> Iterator[tuple[PricedLine | None, PricedLine | None]]:
    """Pair lines by key, then those left by product; the rest were added or removed."""
    before = {line.key: line for line in was}
    after = {line.key: line for line in now}
    for key in [key for key in before if key in after and _same_product(before[key], after[key])]:
        yield before.pop(key), after.pop(key)
    for line in list(before.values()):
        match = next((other for other in after.values() if _same_product(line, other)), None)
        if match is not None:
            yield before.pop(line.key), after.pop(match.key)
    for line in before.values():
        yield line, None
    for line in after.values():
        yield None, line


def _same_product(one: PricedLine, other: PricedLine) -> bool:
    return one.product == other.product and one.period is other.period


def line_added(line: PricedLine) -> FieldChange:
    """A product more is better at standard price, worse when it is discounted or given away."""
    percent = line.percent
    given = percent is None or percent > 0
    how = "included at no charge" if percent is None else f"at {percent_text(percent)} off"
    said = how if given else "at standard price"
    return FieldChange(
        Topic.PRICE,
        f"line.{line.key}",
        "",
        line.name,
        f"{line.name} was added, {said}.",
        Direction.WORSE if given else Direction.BETTER,
    )


def line_changes(
    was: PricedLine, now: PricedLine, terms: Terms, tolerance: Fraction
) -> Iterator[FieldChange]:
    if was.list_price != now.list_price:
        yield FieldChange(
            Topic.PRICE,
            f"line.{now.key}.list",
            decimal_text(was.list_price),
            decimal_text(now.list_price),
            f"The list price of {now.name} changed from"
            f" {money_text(was.list_price, terms.currency, terms.price.minor_digits)}"
            f" to {money_text(now.list_price, terms.currency, terms.price.minor_digits)}.",
            Direction.SAME,
        )
    yield from percent_change(
        f"line.{now.key}.discount",
        f"The discount on {now.name}",
        was.percent,
        now.percent,
        tolerance,
    )
    for before, after in _paired_years(was, now):
        yield from _year_changes(now, before, after, terms, tolerance)
    yield from money_change(
        f"line.{now.key}.net",
        f"The net of {now.name}",
        was.net,
        now.net,
        terms,
        slack=was.standard * tolerance / 100,
    )


def _paired_years(
    was: PricedLine, now: PricedLine
) -> Iterator[tuple[PricedYear | None, PricedYear | None]]:
    before = {year.year: year for year in was.years}
    after = {year.year: year for year in now.years}
    for number in sorted(before.keys() | after.keys()):
        yield before.get(number), after.get(number)


def _year_changes(
    line: PricedLine,
    was: PricedYear | None,
    now: PricedYear | None,
    terms: Terms,
    tolerance: Fraction,
) -> Iterator[FieldChange]:
    """Compare one contract year; years that came or went are the term's affair."""
    if was is None or now is None:
        return
    where, field = f"{line.name}, year {now.year}", f"line.{line.key}.year{now.year}"
    if was.quantity != now.quantity:
        less = now.quantity < was.quantity
        before, after = quantity_text(was.quantity), quantity_text(now.quantity)
        yield FieldChange(
            Topic.PRICE,
            f"{field}.quantity",
            before,
            after,
            f"{where}: the quantity {'fell' if less else 'rose'} from {before} to {after}.",
            Direction.REDUCED if less else Direction.BETTER,
        )
        if less and now.earned_percent < was.earned_percent:
            yield FieldChange(
                Topic.PRICE,
                f"{field}.volume_step",
                percent_text(was.earned_percent),
                percent_text(now.earned_percent),
                f"{where}: the quantity no longer earns the volume step of"
                f" {percent_text(was.earned_percent)}.",
                Direction.REDUCED,
            )
    yield from _claim_change(where, field, was, now)
    if len(line.years) > 1:
        yield from percent_change(
            f"{field}.discount", f"The discount on {where}", was.percent, now.percent, tolerance
        )


def _claim_change(
    where: str, field: str, was: PricedYear, now: PricedYear
) -> Iterator[FieldChange]:
    before = _excess(was)
    after = _excess(now)
    if before == after:
        return
    yield FieldChange(
        Topic.PRICE,
        f"{field}.claim",
        percent_text(before),
        percent_text(after),
        f"{where}: the volume claim beyond the earned tier went from"
        f" {percent_text(before)} to {percent_text(after)}.",
        Direction.WORSE if after > before else Direction.BETTER,
    )


def _excess(year: PricedYear) -> Decimal:
    """Points that a claimed volume tier is beyond the one earned."""
    claimed = year.claimed_percent
    return max(claimed - year.earned_percent, Decimal(0)) if claimed is not None else Decimal(0)
