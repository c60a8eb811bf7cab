"""Exact ratios, the money that is rounded from them, and the discount between two."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

ZERO = Fraction(0)
ONE = Fraction(1)
NOUGHT = Decimal(0)


@dataclass(frozen=True, slots=True)
class Basis:
    """What one discount is measured on: exact standard and exact net, in the quote's currency."""

    standard: Fraction
    net: Fraction

    @property
    def percent(self) -> Fraction | None:
        """The exact discount in percent; negative above standard; None without a standard."""
        return discount_percent(self.standard, self.net)


def discount_percent(standard: Fraction, net: Fraction) -> Fraction | None:
    """Return 100 × (1 − net / standard), exact; None without a standard.

    In whole numbers, since a replay of years of quotes asks this a million times.
    """
    if not standard:
        return None
    above, below = standard.numerator, standard.denominator
    paid, part = net.numerator, net.denominator
    return Fraction((above * part - paid * below) * 100, above * part)


@lru_cache(maxsize=4096)
def exact(value: Decimal) -> Fraction:
    """Return the ratio a Decimal is."""
    return Fraction(value)


def rounded(value: Fraction, digits: int) -> Decimal:
    """Return an amount of money half-up (away from zero) to its minor unit."""
    above, below = abs(value.numerator) * 10**digits, value.denominator
    units = (2 * above + below) // (2 * below)
    return Decimal(-units if value < 0 else units).scaleb(-digits)
