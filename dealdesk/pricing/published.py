"""Discounts that everybody gets: by quantity and by committed term."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from dealdesk.pricing.amounts import NOUGHT


@dataclass(frozen=True, slots=True)
class VolumeTier:
    """A published discount that a quantity earns."""

    from_quantity: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TermDiscount:
    """A published discount that a committed term earns."""

    from_months: int
    percent: Decimal


def earned_tier(tiers: Iterable[VolumeTier], quantity: Decimal) -> Decimal:
    """Return the published volume discount a quantity earns, in percent; 0 below every tier."""
    earned = [tier for tier in tiers if tier.from_quantity <= quantity]
    return max(earned, key=lambda tier: tier.from_quantity).percent if earned else NOUGHT


def published_term_discount(discounts: Iterable[TermDiscount], months: int | None) -> Decimal:
    """Return the published discount of a term of `months` paid months, in percent."""
    earned = [row for row in discounts if row.from_months <= (months or 0)]
    return max(earned, key=lambda row: row.from_months).percent if earned else NOUGHT
