"""Pricing a whole quote."""

from __future__ import annotations

from fractions import Fraction

from dealdesk.pricing.amounts import ONE
from dealdesk.pricing.concessions import less_credits, waived_fees
from dealdesk.pricing.inputs import ConcessionKind, QuoteInput
from dealdesk.pricing.lines import contract_years, priced_line
from dealdesk.pricing.priced import PricedQuote
from dealdesk.pricing.problems import typing_problems
from dealdesk.pricing.totals import assemble


def price_quote(quote: QuoteInput) -> PricedQuote:
    """Price a quote exactly. What makes it impossible to judge is listed in `problems`.

    Free months are spread evenly over the service, whatever month they fall in; a credit is
    spread over the lines by their net; a waived fee is a line of its own with net zero.
    """
    paid = quote.term_months or None
    free = sum(int(c.value) for c in quote.concessions if c.kind is ConcessionKind.FREE_MONTHS)
    service = paid + free if paid else None
    share = Fraction(paid, service) if paid and service else ONE
    lengths = contract_years(service)

    lines = [priced_line(line, quote, lengths, share) for line in quote.lines]
    lines += waived_fees(quote)
    lines = less_credits(lines, quote)
    return assemble(
        lines,
        currency=quote.currency,
        minor_digits=quote.minor_digits,
        paid_months=paid,
        term_months=service,
        concessions=quote.concessions,
        problems=typing_problems(quote, lengths),
    )
