"""What the demo company offers its customers: shapes of quotes, priced and judged for real.

A few hundred shapes for each segment serve any number of deals. Price, digests and route of a
shape are computed once, by the same functions that the quote editor and submission use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from dealdesk import pricing, terms
from dealdesk.defaults import (
    BILLING_FREQUENCIES,
    CATALOGUE,
    PAPER,
    PAYMENT_TERMS,
    STANDARD_BILLING,
    STANDARD_PAYMENT_TERMS,
)
from dealdesk.demo.cast import CURRENCY, PRODUCTS, RATES, TERM_DISCOUNTS, ProductFacts, product
from dealdesk.demo.rows import Json
from dealdesk.policy import Policy, TermCategory, billing_rank
from dealdesk.policy import Role as Asked
from dealdesk.routing import Route, evaluate, route_plain
from revops.canonical import canonical_json

SHAPES = 700
NOTHING = Decimal(0)
ONE_WEEK = timedelta(days=7)

PAYMENTS = {key: (name, days) for key, name, days in PAYMENT_TERMS}
BILLINGS = {
    key: (name, billing_rank(months, in_arrears=arrears))
    for key, name, months, arrears in BILLING_FREQUENCIES
}
TERMS = {row[0]: row for row in CATALOGUE}

# What customers ask for, how often, and in which words.
WISHES = {
    "custom-sla": (30, "99.9 %", "Availability of 99.9 % a month, measured at the interface."),
    "liability-cap": (18, "24 months of fees", "Liability is capped at the fees of 24 months."),
    "custom-dpa": (14, "", "The customer's own data processing agreement applies."),
    "customer-paper": (9, "", "The customer's purchasing conditions govern."),
    "termination-for-convenience": (9, "After 12 months", "Notice of 90 days after month 12."),
    "price-protection": (12, "5", "Renewals rise by no more than 5 %."),
    "data-residency": (10, "Germany", "All data, backups too, stay in Germany."),
    "payment-milestones": (6, "50 / 50", "Half on signature, half on acceptance."),
    "premium-support": (8, "7 to 22", "Support answers from 7 to 22 on every day."),
    "annual-opt-out": (6, "Yearly", "The customer may leave at the end of each year."),
    "publicity": (5, "", "The customer is not named as a reference."),
}


@dataclass(frozen=True)
class OfferLine:
    product: str
    quantity: Decimal
    kind: str = "discretionary"
    typed: str = "nothing"
    value: Decimal | None = None


@dataclass(frozen=True)
class Offer:
    """One shape of a quote, before it belongs to a deal."""

    lines: tuple[OfferLine, ...]
    months: int | None = 12
    currency: str = CURRENCY
    payment: str = STANDARD_PAYMENT_TERMS
    billing: str = STANDARD_BILLING
    terms: tuple[str, ...] = ()
    free_months: int = 0


@lru_cache(maxsize=1024)
def list_price(key: str, currency: str) -> Decimal:
    """The list price: round numbers near the euro's, in every currency."""
    euros = Decimal(product(key).price)
    if currency == CURRENCY:
        return euros
    step = Decimal(10) if euros >= 1000 else Decimal(1)
    return (euros * Decimal(RATES[currency]) / step).quantize(Decimal(1)) * step


@lru_cache(maxsize=4096)
def tier_percent(key: str, quantity: Decimal) -> Decimal:
    rows = [pricing.VolumeTier(Decimal(low), Decimal(off)) for low, off in product(key).tiers]
    return pricing.earned_tier(rows, quantity)


@lru_cache(maxsize=1024)
def term_percent(key: str, months: int | None) -> Decimal:
    if not product(key).is_recurring:
        return NOTHING
    rows = [pricing.TermDiscount(low, Decimal(off)) for low, off in TERM_DISCOUNTS]
    return pricing.published_term_discount(rows, months)


@lru_cache(maxsize=20_000)
def priced(offer: Offer) -> pricing.PricedQuote:
    """Price an offer as the editor would."""
    concessions: tuple[pricing.Concession, ...] = ()
    if offer.free_months:
        kind = pricing.ConcessionKind.FREE_MONTHS
        concessions = (pricing.Concession(kind, Decimal(offer.free_months)),)
    return pricing.price_quote(
        pricing.QuoteInput(
            currency=offer.currency,
            term_months=offer.months,
            concessions=concessions,
            lines=tuple(
                line_input(offer, line, position) for position, line in enumerate(offer.lines, 1)
            ),
        )
    )


def line_input(offer: Offer, line: OfferLine, position: int) -> pricing.LineInput:
    sold = product(line.product)
    wish = pricing.Ask(pricing.DiscountKind(line.kind), pricing.Typed(line.typed), line.value)
    return pricing.LineInput(
        key=f"line-{position}",
        product=sold.key,
        name=sold.name,
        family=sold.family,
        list_price=list_price(sold.key, offer.currency),
        period=pricing.Period(sold.period),
        term_percent=term_percent(sold.key, offer.months),
        periods=(pricing.PeriodInput(line.quantity, wish, tier_percent(sold.key, line.quantity)),),
    )


@lru_cache(maxsize=20_000)
def shown_percent(offer: Offer) -> Decimal:
    """The discount of the whole as lists show it; no decision reads it."""
    return pricing.rounded(priced(offer).blended.percent or pricing.ZERO, 4)


@dataclass(frozen=True)
class Judged:
    """An offer as a policy judges it for one segment, at one rate."""

    route: Route
    route_json: Json
    digests: terms.Digests
    terms: terms.Terms


class Judge:
    """Judges offers under one policy, each once for a segment and a rate."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._known: dict[tuple[Offer, str, terms.CompanyMoney], Judged] = {}

    def judged(self, offer: Offer, segment: terms.Segment, money: terms.CompanyMoney) -> Judged:
        key = (offer, segment.key, money)
        if key not in self._known:
            frozen = freeze(offer, segment, money)
            route = evaluate(self.policy, frozen)
            text = Json(canonical_json(route_plain(route)))
            self._known[key] = Judged(route, text, terms.digests(frozen), frozen)
        return self._known[key]

    def body(self, judged: Judged, segment: terms.Segment) -> str:
        """What is stored with a submission: the terms with this account's own head count."""
        return terms.canonical(replace(judged.terms, segment=segment))


def freeze(offer: Offer, segment: terms.Segment, money: terms.CompanyMoney) -> terms.Terms:
    name, days = PAYMENTS[offer.payment]
    billing_name, rank = BILLINGS[offer.billing]
    return terms.freeze(
        priced(offer),
        payment=terms.PaymentTerms(offer.payment, name, days),
        billing=terms.Billing(offer.billing, billing_name, rank),
        segment=segment,
        company=money,
        nonstandard=tuple(nonstandard(key) for key in offer.terms),
    )


@lru_cache(maxsize=64)
def nonstandard(key: str) -> terms.NonStandardTerm:
    _, name, category, standard, _, owners, _ = TERMS[key]
    _, value, text = WISHES[key]
    return terms.NonStandardTerm(
        key=key,
        name=name,
        category=TermCategory(category.value),
        standard_value=standard,
        requested_value=value,
        requested_text=text,
        owner_roles=tuple(Asked(role) for role in owners),
        is_paper=key in PAPER,
    )


# Inventing


def shapes(segment: str, seed: int) -> list[Offer]:
    """The offers that accounts of one segment get."""
    rng = Random(f"{seed}:offers:{segment}")
    return [invent(rng, segment) for _ in range(SHAPES)]


SCALE = {"smb": 0.5, "mid_market": 1.0, "enterprise": 2.5, "strategic": 6.0}


def invent(rng: Random, segment: str) -> Offer:
    months = rng.choices((12, 24, 36, 6, None), (66, 13, 14, 4, 3))[0]
    recurring = [item for item in PRODUCTS if item.is_recurring]
    one_off = [item for item in PRODUCTS if not item.is_recurring]
    sold: list[ProductFacts] = []
    if months is not None:
        sold.append(rng.choices(recurring, (50, 20, 10, 15, 5))[0])
        if rng.random() < 0.3:
            sold.append(rng.choice([item for item in recurring if item not in sold]))
    if months is None or rng.random() < 0.3:
        sold.append(rng.choice(one_off))
    off = discount(rng)
    lines = tuple(invented_lines(rng, sold, SCALE[segment], off))
    payment = rng.choices(("net-30", "net-45", "net-60", "net-90", "prepaid"), (78, 6, 8, 4, 4))[0]
    billing = rng.choices(
        ("annual-prepaid", "quarterly", "monthly", "semi-annual", "full-prepay"),
        (78, 11, 6, 3, 2),
    )[0]
    wishes = rng.choices((0, 1, 2), (80, 16, 4))[0]
    asked: set[str] = set()
    while len(asked) < wishes:
        asked.add(rng.choices(list(WISHES), [wish[0] for wish in WISHES.values()])[0])
    currency = rng.choices((CURRENCY, "USD", "GBP"), (84, 10, 6))[0]
    free = rng.choice((1, 2, 3)) if months and rng.random() < 0.04 else 0
    return Offer(lines, months, currency, payment, billing, tuple(sorted(asked)), free)


def discount(rng: Random) -> Decimal:
    """What a rep gives away: mostly little, mostly round, now and then far too much."""
    band = rng.choices(("none", "own", "manager", "vp", "desk"), (30, 26, 24, 16, 4))[0]
    low, high = {
        "none": (0, 0),
        "own": (1, 9),
        "manager": (10, 19),
        "vp": (20, 38),
        "desk": (40, 52),
    }[band]
    percent = Decimal(rng.randint(low, high))
    if percent and rng.random() < 0.15:
        percent += rng.choice((Decimal("0.5"), Decimal("0.25"), Decimal("0.9")))
    return percent


def invented_lines(
    rng: Random, sold: list[ProductFacts], scale: float, off: Decimal
) -> Iterator[OfferLine]:
    for number, item in enumerate(sold):
        quantity = Decimal(max(1, round(rng.choice(item.usual) * (scale if item.tiers else 1))))
        typed, value = ("percent", off) if off else ("nothing", None)
        if number and off and rng.random() < 0.5:
            typed, value = "nothing", None
        if item.tiers and not off and rng.random() < 0.08:
            # A tier that the quantity does not earn.
            claimed = tier_percent(item.key, quantity) + rng.choice((2, 3, 5))
            yield OfferLine(item.key, quantity, "volume", "percent", claimed)
            continue
        yield OfferLine(item.key, quantity, "discretionary", typed, value)


def bettered(offer: Offer, points: int = 6) -> Offer:
    """The same offer with less given away, as after a rejection."""

    def less(line: OfferLine) -> OfferLine:
        if line.typed != "percent" or line.value is None or line.kind == "volume":
            return line
        value = max(line.value - points, NOTHING)
        return replace(line, typed="percent", value=value)

    return replace(offer, lines=tuple(map(less, offer.lines)), terms=offer.terms[:1])


@lru_cache(maxsize=20_000)
def at_standard(offer: Offer) -> Offer:
    """The same offer before anything was asked for: standard price, standard terms."""
    lines = tuple(OfferLine(line.product, line.quantity) for line in offer.lines)
    return Offer(lines, offer.months, offer.currency)


def rate_days(first: date, last: date) -> Iterator[date]:
    """The first of every month, from the one before `first` on."""
    day = first.replace(day=1)
    while day <= last:
        yield day
        day = (day.replace(day=28) + ONE_WEEK).replace(day=1)
