"""Rows of a quote as pricing takes them."""

from __future__ import annotations

from decimal import Decimal

from dealdesk import pricing
from dealdesk.inputs.rows import LineRows, QuoteRows
from dealdesk.models import Concession, LineYear, QuoteLine
from revops.frame.formats import minor_unit


def quote_input(rows: QuoteRows) -> pricing.QuoteInput:
    """Return what was typed into the quote, as the pricing takes it."""
    return pricing.QuoteInput(
        currency=rows.quote.currency,
        minor_digits=minor_unit(rows.quote.currency),
        term_months=rows.quote.term_months,
        lines=tuple(line_input(line) for line in rows.lines),
        concessions=tuple(concession_input(row) for row in rows.concessions),
    )


def line_input(rows: LineRows) -> pricing.LineInput:
    line = rows.line
    return pricing.LineInput(
        key=line.stable_key,
        product=line.product.key,
        name=line.product.name,
        family=line.product.family,
        list_price=line.list_unit_price,
        period=pricing.Period(line.period),
        term_percent=line.term_percent,
        included=line.is_included,
        periods=tuple(year_input(line, year) for year in rows.years)
        or (
            pricing.PeriodInput(
                quantity=line.quantity,
                ask=ask(line, line.typed, line.typed_value),
                earned_percent=line.tier_percent,
            ),
        ),
    )


def year_input(line: QuoteLine, year: LineYear) -> pricing.PeriodInput:
    """One year of a ramp; where nothing was typed for the year, the line's wish holds."""
    own = year.typed != QuoteLine.Typed.NOTHING
    return pricing.PeriodInput(
        quantity=year.quantity,
        ask=ask(line, year.typed, year.typed_value)
        if own
        else ask(line, line.typed, line.typed_value),
        earned_percent=year.tier_percent,
    )


def ask(line: QuoteLine, typed: str, value: Decimal | None) -> pricing.Ask:
    return pricing.Ask(
        kind=pricing.DiscountKind(line.discount_kind), typed=pricing.Typed(typed), value=value
    )


def concession_input(row: Concession) -> pricing.Concession:
    value = row.months if row.months is not None else row.amount or row.quantity
    return pricing.Concession(
        kind=pricing.ConcessionKind(row.kind),
        value=Decimal(value or 0),
        line_key=row.line.stable_key if row.line else "",
        note=row.note,
    )
