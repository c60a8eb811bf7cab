"""`{% load dealdesk %}`: how discounts read, on every page as in mails and traces."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from dealdesk.wording import percent_text

register = template.Library()


@register.filter
def off(percent: Any) -> str:
    """A discount in words: "21.8 % off", "at standard", "5 % above standard"."""
    if percent is None or percent == "":
        return ""
    value = Decimal(str(percent))
    if not value:
        return "at standard"
    return f"{percent_text(value)} off" if value > 0 else f"{percent_text(-value)} above standard"
