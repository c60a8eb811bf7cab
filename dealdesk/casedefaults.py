"""The test cases that ship: the boundary table, as each shipped policy answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dealdesk.models import BillingFrequency, NonStandardTerm, PolicyCase
from dealdesk.policycases import Expected

SOURCES, RECOMMENDED = "as_in_the_sources", "recommended"
MANAGER, VP, DESK, FINANCE, LEGAL = "sales_manager", "vp_sales", "deal_desk", "finance", "legal"
NOBODY: tuple[str, ...] = ()
REFUSED = ("refused",)


@dataclass(frozen=True)
class Shipped:
    """One case, with whom each shipped policy asks; without `recommended` both ask the same."""

    key: str
    name: str
    asked: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    terms: tuple[str, ...] = ()
    billing: str = "annual-prepaid"
    recommended: tuple[str, ...] | None = None

    def expectation(self, preset: str) -> tuple[str, list[str]]:
        """What the case expects under a shipped policy: outcome, and roles."""
        own = preset == RECOMMENDED and self.recommended is not None
        roles = (self.recommended or NOBODY) if own else self.asked
        if roles == REFUSED:
            return Expected.REFUSED.value, []
        return (Expected.ASKED if roles else Expected.AUTOMATIC).value, list(roles)


def off(percent: str, **facts: Any) -> dict[str, Any]:
    return {"discount_percent": Decimal(percent), **facts}


def worth(amount: str, **facts: Any) -> dict[str, Any]:
    return {"annual_value": Decimal(amount), **facts}


SHIPPED = [
    Shipped("list", "At list price", NOBODY),
    Shipped("large", "25,000.00 a year at list price", NOBODY, worth("25000")),
    Shipped(
        "larger",
        "25,000.01 a year at list price",
        (DESK,),
        worth("25000.01"),
        recommended=NOBODY,
    ),
    Shipped("5", "5 %", NOBODY, off("5")),
    Shipped("below-10", "9.99 %", NOBODY, off("9.99")),
    Shipped("10", "10 %", (MANAGER,), off("10")),
    Shipped("15", "15 % on 20,000 a year", (MANAGER,), off("15", annual_value=Decimal(20000))),
    Shipped("below-20", "19.99 %", (MANAGER,), off("19.99")),
    Shipped("20", "20 %", (VP,), off("20")),
    Shipped("below-40", "39.99 %", (VP,), off("39.99")),
    Shipped("40", "40 %", (DESK,), off("40"), recommended=(VP, DESK)),
    Shipped("15-36", "15 % and 36 months", (MANAGER, DESK, FINANCE, LEGAL), off("15", months=36)),
    Shipped(
        "published-36",
        "15 % that is published for 36 months",
        (FINANCE, LEGAL),
        {"months": 36, "published_percent": Decimal(15)},
    ),
    Shipped("24", "24 months at list price", (FINANCE, LEGAL), worth("12000", months=24)),
    Shipped(
        "enterprise",
        "An enterprise at list price, 80,000 a year",
        (DESK, FINANCE, LEGAL),
        worth("80000", segment="enterprise"),
        recommended=NOBODY,
    ),
    Shipped("quarterly", "Quarterly billing", (DESK,), worth("5000"), billing="quarterly"),
    Shipped("net-90", "Net 90 on 30,000 a year", (DESK,), worth("30000", payment_days=90)),
    Shipped(
        "25-sla",
        "25 % and a custom SLA",
        (VP, DESK),
        off("25"),
        ("custom-sla",),
        recommended=(VP, DESK, LEGAL),
    ),
    Shipped(
        "45-legal-36",
        "45 %, another liability cap and 36 months",
        (DESK, FINANCE, LEGAL),
        off("45", months=36),
        ("liability-cap",),
        recommended=(VP, DESK, FINANCE, LEGAL),
    ),
    Shipped(
        "tier",
        "12 % inside the published volume tier",
        NOBODY,
        {"tier_claimed": Decimal(12), "tier_earned": Decimal(12)},
    ),
    Shipped(
        "beyond-tier",
        "A volume discount 2 points beyond its tier",
        (DESK,),
        {"tier_claimed": Decimal(12), "tier_earned": Decimal(10)},
    ),
    Shipped("paper", "A contract on the customer's paper", (DESK, LEGAL), {}, ("customer-paper",)),
    Shipped("negative", "More than everything off", REFUSED, off("110")),
]

BY_KEY = {shipped.key: shipped for shipped in SHIPPED}


def ensure_cases(preset: str) -> None:
    """Ship the cases that were never shipped, as the policy in force answers them."""
    there = set(PolicyCase.objects.exclude(shipped_key="").values_list("shipped_key", flat=True))
    billing = {row.key: row for row in BillingFrequency.objects.all()}
    terms = {row.key: row for row in NonStandardTerm.objects.all()}
    for position, shipped in enumerate(SHIPPED, 1):
        if shipped.key in there:
            continue
        expected, roles = shipped.expectation(preset)
        case = PolicyCase.objects.create(
            name=shipped.name,
            position=10 * position,
            billing=billing[shipped.billing],
            expected=expected,
            roles=roles,
            shipped_key=shipped.key,
            **shipped.facts,
        )
        case.terms.set(terms[key] for key in shipped.terms)


def untouched(case: PolicyCase) -> bool:
    """Whether a case is as it shipped, so that it follows the shipped policy in force."""
    return case.shipped_key in BY_KEY and case.version == 1


def follow_preset(preset: str) -> list[PolicyCase]:
    """Let the cases nobody has touched expect what a shipped policy answers; return the changed."""
    changed = []
    for case in PolicyCase.objects.standing():
        if not untouched(case):
            continue
        expected, roles = BY_KEY[case.shipped_key].expectation(preset)
        if (case.expected, case.roles) != (expected, roles):
            case.expected, case.roles = expected, roles
            changed.append(case)
    PolicyCase.objects.bulk_update(changed, ["expected", "roles"])
    return changed
