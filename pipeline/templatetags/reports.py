"""`{% load reports %}`: how the cells of a report read."""

from datetime import date
from fractions import Fraction
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from pipeline.metrics import Rate
from pipeline.reports.shapes import Money
from pipeline.views.reports.parts import (
    Cell,
    Column,
    basis_text,
    count_text,
    days_text,
    decimal,
    rate_text,
    share_text,
    times_text,
)
from revops.frame import formats

register = template.Library()


@register.simple_tag
def report_cell(column: Column, cell: Cell) -> SafeString:
    """One cell: its value, the deals behind it, and what is said below."""
    shown: Any = text_of(column, cell.value)
    notes = [basis_text(cell.value) if column.kind == "rate" else "", cell.note]
    if cell.href:
        shown = format_html('<a href="{}">{}</a>', cell.href, shown)
    if cell.tone:
        shown = format_html('<span class="{}">{}</span>', cell.tone, shown)
    said = ((note,) for note in notes if note)
    return format_html(
        "{}{}", shown, format_html_join("", '<span class="cell-sub">{}</span>', said)
    )


def text_of(column: Column, value: Any) -> Any:
    """How a value of this kind of column reads."""
    if column.kind == "rate":
        return rate_text(value if isinstance(value, Rate) else None)
    if isinstance(value, Rate):
        return share_text(value.value)
    if value is None:
        return mark_safe('<span class="nothing">–</span>')
    if isinstance(value, Money):
        exact = formats.money_text(formats.rounded(value.amount, value.currency), value.currency)
        return format_html(
            '<span title="{}">{}</span>', exact, formats.number_text(value.amount, 0)
        )
    kinds = {"count": count_text, "days": days_text, "times": times_text}
    if column.kind in kinds:
        return kinds[column.kind](value)
    if isinstance(value, Fraction):
        return formats.number_text(decimal(value), 2)
    return formats.day_text(value) if isinstance(value, date) else value
