"""How the pages of the forecast write shares and multiples; what there is none of is a dash."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from revops.frame import formats

register = template.Library()
NONE = SafeString('<span class="muted">n/a</span>')


def decimal_of(value: Fraction | Decimal | int) -> Decimal:
    exact = Fraction(value)
    return Decimal(exact.numerator) / Decimal(exact.denominator)


@register.filter
def share(value: Any) -> SafeString:
    """A fraction as a percentage with one place: 0.2345 is 23.5%."""
    if value is None or value == "":
        return NONE
    hundredths = decimal_of(value) * 100
    shown = formats.percent_text(hundredths.quantize(Decimal("0.1")))
    return format_html('<span title="{}">{}</span>', f"{hundredths:.4f}%", shown)


@register.filter
def signed_share(value: Any) -> SafeString:
    """The same with its sign: +4.0%."""
    if value is None or value == "":
        return NONE
    return format_html("{}{}", "+" if value > 0 else "", share(value))


@register.filter
def times(value: Any) -> SafeString:
    """A fraction as a multiple: 3.2×."""
    if value is None or value == "":
        return NONE
    exact = decimal_of(value)
    return format_html('<span title="{}">{}×</span>', f"{exact:.6f}", formats.number_text(exact, 1))


@register.filter
def days(value: Any) -> SafeString:
    """Seconds as days with one place."""
    if value is None or value == "":
        return NONE
    return format_html("{} d", formats.number_text(decimal_of(value) / 86400, 1))
