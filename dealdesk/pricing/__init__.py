"""What a quote costs, at list, at standard and net, and how far below standard each part of it is.

Standard = list × published volume tier × published term discount, in that order. The judged
discount is d = 1 − net / standard, so published discounts are never exceptions. Amounts that are
judged are exact ratios (`Fraction`); only the Decimals named `_amount` are rounded, half-up to
the currency's minor unit per line and contract year, and then summed.
"""

from dealdesk.pricing.amounts import NOUGHT, ZERO, Basis, exact, rounded
from dealdesk.pricing.inputs import (
    Ask,
    Concession,
    ConcessionKind,
    DiscountKind,
    LineInput,
    Period,
    PeriodInput,
    QuoteInput,
    Typed,
)
from dealdesk.pricing.lines import contract_years
from dealdesk.pricing.priced import PricedLine, PricedQuote, PricedYear, Problem, YearTotal
from dealdesk.pricing.published import (
    TermDiscount,
    VolumeTier,
    earned_tier,
    published_term_discount,
)
from dealdesk.pricing.quotes import price_quote
from dealdesk.pricing.totals import assemble, of_families, with_nets
from dealdesk.pricing.worst import worst_line, worst_year

__all__ = [
    "NOUGHT",
    "ZERO",
    "Ask",
    "Basis",
    "Concession",
    "ConcessionKind",
    "DiscountKind",
    "LineInput",
    "Period",
    "PeriodInput",
    "PricedLine",
    "PricedQuote",
    "PricedYear",
    "Problem",
    "QuoteInput",
    "TermDiscount",
    "Typed",
    "VolumeTier",
    "YearTotal",
    "assemble",
    "contract_years",
    "earned_tier",
    "exact",
    "of_families",
    "price_quote",
    "published_term_discount",
    "rounded",
    "with_nets",
    "worst_line",
    "worst_year",
]
