"""Plain factories of what is priced and judged; a test names only what its outcome depends on."""

from __future__ import annotations

from decimal import Decimal

from dealdesk.policy import TermCategory, billing_rank
from dealdesk.pricing import (
    Ask,
    Concession,
    ConcessionKind,
    DiscountKind,
    LineInput,
    Period,
    PeriodInput,
    QuoteInput,
    Typed,
    price_quote,
)
from dealdesk.terms import (
    Billing,
    CompanyMoney,
    NonStandardTerm,
    PaymentTerms,
    Segment,
    SegmentSource,
    freeze,
)

NET_30 = PaymentTerms("net_30", "net 30", 30)
NET_90 = PaymentTerms("net_90", "net 90", 90)
ANNUAL = Billing("annual", "annual", billing_rank(12))
QUARTERLY = Billing("quarterly", "quarterly", billing_rank(3))

CUSTOM_SLA = NonStandardTerm(
    "custom_sla", "Custom SLA", TermCategory.SLA, requested_value="99.99 %"
)
CUSTOM_LEGAL = NonStandardTerm(
    "liability", "Liability cap", TermCategory.LEGAL, requested_text="Twice the fees."
)


def percent_off(value):
    return Ask(typed=Typed.PERCENT, value=Decimal(str(value)))


def net_of(value):
    return Ask(typed=Typed.NET_AMOUNT, value=Decimal(str(value)))


def unit_price(value):
    return Ask(typed=Typed.UNIT_PRICE, value=Decimal(str(value)))


def tier_claim(value):
    return Ask(DiscountKind.VOLUME, Typed.PERCENT, Decimal(str(value)))


def make_line(
    list_price=10000,
    *,
    key="platform",
    off=None,
    ask=None,
    quantity=1,
    earned=0,
    term_percent=0,
    period=Period.YEAR,
    included=False,
    periods=None,
):
    """One line; `off` is a typed percent, `periods` are (quantity, ask) of each contract year."""
    wish = ask or (percent_off(off) if off is not None else Ask())
    years = periods or [(quantity, wish)]
    return LineInput(
        key=key,
        product=key,
        name=key.capitalize(),
        list_price=Decimal(str(list_price)),
        periods=tuple(PeriodInput(Decimal(q), a, Decimal(str(earned))) for q, a in years),
        period=period,
        term_percent=Decimal(str(term_percent)),
        included=included,
    )


def make_concession(kind, value, line_key=""):
    return Concession(ConcessionKind(kind), Decimal(str(value)), line_key)


def make_price(*lines, months=12, concessions=(), currency="USD", digits=2):
    return price_quote(
        QuoteInput(currency, lines or (make_line(),), months, tuple(concessions), digits)
    )


def make_terms(
    *lines,
    months=12,
    concessions=(),
    segment="mid_market",
    payment=NET_30,
    billing=ANNUAL,
    nonstandard=(),
    currency="USD",
    rate=1,
    price=None,
    kind="new",
):
    return freeze(
        price or make_price(*lines, months=months, concessions=concessions, currency=currency),
        payment=payment,
        billing=billing,
        segment=Segment(segment, SegmentSource.HEAD_COUNT, 100),
        company=CompanyMoney("USD", Decimal(str(rate)) if rate is not None else None),
        nonstandard=tuple(nonstandard),
        kind=kind,
    )
