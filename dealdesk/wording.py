"""How numbers and lists read in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from dealdesk.policy import Role
from dealdesk.pricing import rounded


def percent_text(value: Fraction | Decimal) -> str:
    """Return a percentage with at most two decimals, cut and never rounded up: 19.999 is "19.99 %".

    So a figure on a page never stands in a band that its discount is not in.
    """
    above, below = value.as_integer_ratio()
    hundredths = abs(above) * 100 // below
    if not hundredths and above:
        return "less than 0.01 %"
    text = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
    return f"{'-' if above < 0 else ''}{text} %"


def money_text(value: Fraction | Decimal, currency: str, digits: int = 2) -> str:
    """Return an amount as printed, such as "80,000.01 EUR"."""
    amount = rounded(Fraction(value), digits)
    return f"{amount:,.{digits}f} {currency}".strip()


def quantity_text(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def months_text(months: int | None) -> str:
    if months is None:
        return "no term"
    return "1 month" if months == 1 else f"{months} months"


def listed(items: Iterable[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


@lru_cache(maxsize=256)
def roles_text(roles: tuple[Role, ...]) -> str:
    return listed(role.label for role in roles) or "nobody"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
