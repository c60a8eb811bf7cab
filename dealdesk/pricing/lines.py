"""Pricing one line, contract year by contract year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from dealdesk.pricing.amounts import NOUGHT, ONE, ZERO, exact, rounded
from dealdesk.pricing.inputs import (
    Ask,
    ConcessionKind,
    DiscountKind,
    LineInput,
    Period,
    PeriodInput,
    QuoteInput,
    Typed,
)
from dealdesk.pricing.priced import PricedLine, PricedYear


def contract_years(months: int | None) -> tuple[int, ...]:
    """Return the months of each contract year; a last year may be a stub: 15 is (12, 3)."""
    if not months:
        return ()
    full, stub = divmod(months, 12)
    return (12,) * full + ((stub,) if stub else ())


_WHOLE_LINE = -1


@dataclass(slots=True)
class _Draft:
    """One contract year of a line while it is being priced.

    `position` is that of the period whose wish counts, so that an amount is spread over the
    years it is meant for.
    """

    year: int
    months: int
    position: int
    period: PeriodInput
    ask: Ask
    free_quantity: Decimal
    listed: Fraction
    standard: Fraction
    net: Fraction


def priced_line(
    line: LineInput, quote: QuoteInput, lengths: tuple[int, ...], share: Fraction
) -> PricedLine:
    free = sum(
        (
            c.value
            for c in quote.concessions
            if c.kind is ConcessionKind.FREE_SEATS and c.line_key == line.key
        ),
        NOUGHT,
    )
    waived = any(
        c.kind is ConcessionKind.WAIVED_FEE and c.line_key == line.key for c in quote.concessions
    )
    drafts = [
        draft_year(line, year, months, position, free, share)
        for year, months, position in _line_years(line, lengths)
    ]
    _spread_amounts(drafts)
    if waived:
        for draft in drafts:
            draft.net = ZERO
    years = tuple(priced_year(draft, quote.minor_digits) for draft in drafts)
    return line_of(line, years)


def _line_years(line: LineInput, lengths: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """List (contract year, months, position of its period); the last period goes on to the end."""
    if not line.periods:
        return []
    last = len(line.periods) - 1
    if line.period is Period.ONCE:
        return [(position + 1, 0, position) for position in range(last + 1)]
    return [(index + 1, months, min(index, last)) for index, months in enumerate(lengths)]


def draft_year(
    line: LineInput, year: int, months: int, position: int, free: Decimal, share: Fraction
) -> _Draft:
    period = line.periods[position]
    times = _times(line.period, months)
    paid_share = ONE if line.period is Period.ONCE else share
    list_price = exact(line.list_price) * times
    quantity = exact(period.quantity)
    total = quantity + exact(free)
    published = _off(period.earned_percent) * _off(line.term_percent)
    standard_price = list_price * published
    own = period.ask.typed is not Typed.NOTHING
    ask = period.ask if own else line.ask
    value = exact(ask.value) if ask.value is not None else ZERO
    if ask.typed is Typed.NOTHING or ask.value is None:
        net_price = standard_price
    elif ask.kind is DiscountKind.VOLUME:
        net_price = list_price * (1 - value / 100) * _off(line.term_percent)
    elif ask.typed is Typed.PERCENT:
        net_price = standard_price * (1 - value / 100)
    else:  # a net unit price; a net amount replaces this when it is spread
        net_price = value * times
    return _Draft(
        year=year,
        months=months,
        position=position if own else _WHOLE_LINE,
        period=period,
        ask=ask,
        free_quantity=free,
        listed=list_price * total,
        standard=standard_price * total,
        net=net_price * quantity * paid_share,
    )


@lru_cache(maxsize=64)
def _times(period: Period, months: int) -> Fraction:
    """How often the list price is charged in a contract year of `months`."""
    if period is Period.ONCE:
        return ONE
    return Fraction(months) if period is Period.MONTH else Fraction(months, 12)


@lru_cache(maxsize=4096)
def _off(percent: Decimal) -> Fraction:
    return 1 - Fraction(percent) / 100


def _spread_amounts(drafts: list[_Draft]) -> None:
    """Spread a typed net amount over the contract years of its period, by their standard."""
    groups: dict[int, list[_Draft]] = {}
    for draft in drafts:
        ask = draft.ask
        if ask.typed is Typed.NET_AMOUNT and ask.kind is DiscountKind.DISCRETIONARY:
            groups.setdefault(draft.position, []).append(draft)
    for group in groups.values():
        value = group[0].ask.value
        amount = exact(value) if value is not None else ZERO
        total = sum((draft.standard for draft in group), ZERO)
        months = sum(draft.months for draft in group)
        for draft in group:
            if total:
                weight = draft.standard / total
            else:
                weight = Fraction(draft.months, months) if months else Fraction(1, len(group))
            draft.net = amount * weight


def priced_year(draft: _Draft, digits: int) -> PricedYear:
    return PricedYear(
        year=draft.year,
        months=draft.months,
        quantity=draft.period.quantity,
        free_quantity=draft.free_quantity,
        earned_percent=draft.period.earned_percent,
        ask=draft.ask,
        listed=draft.listed,
        standard=draft.standard,
        net=draft.net,
        list_amount=rounded(draft.listed, digits),
        standard_amount=rounded(draft.standard, digits),
        net_amount=rounded(draft.net, digits),
    )


def line_of(line: LineInput, years: tuple[PricedYear, ...]) -> PricedLine:
    return totalled(
        PricedLine(
            key=line.key,
            product=line.product,
            name=line.name,
            family=line.family,
            period=line.period,
            list_price=line.list_price,
            term_percent=line.term_percent,
            included=line.included,
            years=years,
            listed=ZERO,
            standard=ZERO,
            net=ZERO,
            list_amount=NOUGHT,
            standard_amount=NOUGHT,
            net_amount=NOUGHT,
        )
    )


def totalled(line: PricedLine) -> PricedLine:
    """Return the line with its totals over the years; printed money is rounded, then summed."""
    years = line.years
    return replace(
        line,
        listed=sum((year.listed for year in years), ZERO),
        standard=sum((year.standard for year in years), ZERO),
        net=sum((year.net for year in years), ZERO),
        list_amount=sum((year.list_amount for year in years), NOUGHT),
        standard_amount=sum((year.standard_amount for year in years), NOUGHT),
        net_amount=sum((year.net_amount for year in years), NOUGHT),
    )
