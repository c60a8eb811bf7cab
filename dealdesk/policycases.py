"""Named test cases of a policy: small facts, and who must be asked for them.

"15 % and 36 months → the sales manager, the deal desk, finance and legal." A case is judged by
the same `evaluate` as a quote, on a quote of one line that has exactly these facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from dealdesk.policy import Policy, Role, TermCategory, billing_rank
from dealdesk.pricing import (
    Ask,
    DiscountKind,
    LineInput,
    Period,
    PeriodInput,
    QuoteInput,
    Typed,
    price_quote,
)
from dealdesk.routing import Route, evaluate
from dealdesk.terms import (
    Billing,
    CompanyMoney,
    NonStandardTerm,
    PaymentTerms,
    Segment,
    SegmentSource,
    Terms,
    freeze,
)
from dealdesk.wording import roles_text

MONEY = "EUR"
"""Cases are in company currency, whichever that is: nothing is converted."""


class Expected(StrEnum):
    """What a case says must come of it."""

    AUTOMATIC = "automatic"
    ASKED = "asked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CaseTerm:
    """A catalogue term that a case asks for, in words of the customer's own."""

    key: str
    category: TermCategory
    name: str = ""
    owner_roles: tuple[Role, ...] = ()
    is_paper: bool = False


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The facts of one case; everything left out is standard.

    `discount_percent` is off standard, `annual_value` the net of the first year in company
    currency, `published_percent` a published discount of the term. `tier_claimed` and
    `tier_earned` are a volume discount as asked for and as the quantity earns it.
    """

    discount_percent: Decimal = Decimal(0)
    annual_value: Decimal = Decimal(10000)
    months: int = 12
    segment: str = "mid_market"
    region: str = ""
    payment_days: int = 30
    billing_months: int = 12
    in_arrears: bool = False
    published_percent: Decimal = Decimal(0)
    tier_claimed: Decimal | None = None
    tier_earned: Decimal = Decimal(0)
    family: str = ""
    terms: tuple[CaseTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One named case. `roles` count only where somebody is to be asked. `key` names its row."""

    name: str
    facts: CaseFacts
    expected: Expected
    roles: frozenset[Role] = frozenset()
    key: int | None = None

    @property
    def wanted(self) -> str:
        """What is expected, as words."""
        if self.expected is Expected.ASKED:
            return roles_text(ordered(self.roles))
        return OUTCOMES[self.expected]


OUTCOMES = {
    Expected.AUTOMATIC: "nobody: it is automatic",
    Expected.REFUSED: "nobody: it is refused",
}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Whether a case holds under a policy, and what happened, in a sentence."""

    case: Case
    ok: bool
    sentence: str
    route: Route


def run_cases(policy: Policy, cases: Iterable[Case]) -> list[CaseResult]:
    """Judge every case under the policy."""
    return [run_case(policy, case) for case in cases]


def run_case(policy: Policy, case: Case) -> CaseResult:
    route = evaluate(policy, terms_of_case(case.facts))
    got = outcome_of(route)
    ok = got is case.expected and (got is not Expected.ASKED or route.roles == case.roles)
    if ok:
        sentence = f"As expected: {case.wanted}."
    else:
        sentence = f"Expected {case.wanted}; the policy asks {asked_words(route)}."
    return CaseResult(case, ok, sentence, route)


def outcome_of(route: Route) -> Expected:
    if route.problems:
        return Expected.REFUSED
    return Expected.ASKED if route.steps else Expected.AUTOMATIC


def asked_words(route: Route) -> str:
    if route.problems:
        return f"nobody, and refuses it: {route.problems[0].sentence.rstrip('.')}"
    return roles_text(ordered(route.roles)) if route.steps else OUTCOMES[Expected.AUTOMATIC]


def ordered(roles: Iterable[Role]) -> tuple[Role, ...]:
    return tuple(sorted(roles, key=list(Role).index))


def terms_of_case(facts: CaseFacts) -> Terms:
    """The terms of a quote of one line that has exactly these facts."""
    claimed = facts.tier_claimed
    if claimed is not None:
        ask = Ask(DiscountKind.VOLUME, Typed.PERCENT, claimed)
    elif facts.discount_percent:
        ask = Ask(typed=Typed.PERCENT, value=facts.discount_percent)
    else:
        ask = Ask()
    line = LineInput(
        key="line-1",
        product="case",
        name="The product",
        list_price=list_price(facts),
        periods=(PeriodInput(Decimal(1), ask, facts.tier_earned),),
        period=Period.YEAR,
        family=facts.family,
        term_percent=facts.published_percent,
    )
    rank = billing_rank(facts.billing_months, in_arrears=facts.in_arrears)
    return freeze(
        price_quote(QuoteInput(MONEY, (line,), facts.months)),
        payment=PaymentTerms("case", f"net {facts.payment_days}", facts.payment_days),
        billing=Billing("case", billing_name(facts), rank),
        segment=Segment(facts.segment, SegmentSource.OVERRIDE, reason="a test case"),
        company=CompanyMoney(MONEY),
        nonstandard=tuple(
            NonStandardTerm(
                term.key,
                term.name or term.key,
                term.category,
                requested_value="as asked",
                owner_roles=term.owner_roles,
                is_paper=term.is_paper,
            )
            for term in facts.terms
        ),
        region=facts.region,
    )


def list_price(facts: CaseFacts) -> Decimal:
    """The list price of a year whose net is the annual value, never more than it."""
    off = facts.tier_claimed if facts.tier_claimed is not None else facts.tier_earned
    left = (1 - off / 100) * (1 - facts.published_percent / 100)
    left *= 1 - facts.discount_percent / 100
    months = min(facts.months, 12) or 12
    if left <= 0:
        return facts.annual_value
    return (facts.annual_value * 12 / months / left).quantize(Decimal("1e-12"), ROUND_FLOOR)


def billing_name(facts: CaseFacts) -> str:
    """How billing reads in a sentence, such as "every 3 months in arrears"."""
    if not facts.billing_months:
        return "all up front"
    every = "monthly" if facts.billing_months == 1 else f"every {facts.billing_months} months"
    return f"{every} in arrears" if facts.in_arrears else f"{every} ahead"
