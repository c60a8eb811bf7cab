"""Concessions that change lines after they are priced: waived fees and credits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from dealdesk.pricing.amounts import NOUGHT, ONE, ZERO, exact, rounded
from dealdesk.pricing.inputs import (
    Ask,
    ConcessionKind,
    LineInput,
    Period,
    PeriodInput,
    QuoteInput,
    Typed,
)
from dealdesk.pricing.lines import draft_year, line_of, priced_year, totalled
from dealdesk.pricing.priced import PricedLine


def waived_fees(quote: QuoteInput) -> list[PricedLine]:
    """Fees waived that are no line of the quote: they count in standard, and nothing is paid."""
    fees = []
    for number, concession in enumerate(quote.concessions, 1):
        if concession.kind is not ConcessionKind.WAIVED_FEE or concession.line_key:
            continue
        name = concession.note or "Waived fee"
        period = PeriodInput(Decimal(1), Ask(typed=Typed.NET_AMOUNT, value=NOUGHT))
        line = LineInput(
            key=f"waived-fee-{number}",
            product="waived_fee",
            name=name,
            list_price=concession.value,
            periods=(period,),
            period=Period.ONCE,
        )
        draft = draft_year(line, 1, 0, 0, NOUGHT, ONE)
        draft.net = ZERO
        fees.append(line_of(line, (priced_year(draft, quote.minor_digits),)))
    return fees


def less_credits(lines: list[PricedLine], quote: QuoteInput) -> list[PricedLine]:
    """Take credits off the net of every line and year, by their share of the net."""
    credit = sum(
        (exact(c.value) for c in quote.concessions if c.kind is ConcessionKind.CREDIT), ZERO
    )
    if not credit:
        return lines
    net = sum((line.net for line in lines), ZERO)
    standard = sum((line.standard for line in lines), ZERO)
    kept = []
    for line in lines:
        years = []
        for year in line.years:
            part = year.net / net if net else (year.standard / standard if standard else ZERO)
            left = year.net - credit * part
            amount = rounded(left, quote.minor_digits)
            years.append(replace(year, net=left, net_amount=amount))
        kept.append(totalled(replace(line, years=tuple(years))))
    return kept
