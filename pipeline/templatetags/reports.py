"""`{% load reports %}`: how the cells of a report read."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from django import template
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from pipeline.metrics import Rate
from pipeline.reports.shapes import Money
from pipeline.views.reports.parts import (
    Cell,
    Column,
    Row,
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
def report_lines(columns: Sequence[Column], rows: Sequence[Row]) -> SafeString:
    """Rows of a table; the first cell of each names it. Many, so that no template is asked."""
    return mark_safe("".join(f"<tr>{line(columns, row)}</tr>" for row in rows))


def line(columns: Sequence[Column], row: Row) -> str:
    cells = zip(columns, row, strict=True)
    told = [f'<th scope="row">{report_cell(*next(cells))}</th>']
    for column, cell in cells:
        number = ' class="num"' if column.is_number else ""
        told.append(f"<td{number}>{report_cell(column, cell)}</td>")
    return "".join(told)


def report_cell(column: Column, cell: Cell) -> str:
    """One cell: its value, the deals behind it, and what is said below."""
    shown: str = conditional_escape(text_of(column, cell.value))
    if cell.href:
        shown = f'<a href="{escape(cell.href)}">{shown}</a>'
    if cell.tone:
        shown = f'<span class="{escape(cell.tone)}">{shown}</span>'
    for note in (basis_text(cell.value) if column.kind == "rate" else "", cell.note):
        if note:
            shown += f'<span class="cell-sub">{escape(note)}</span>'
    return shown


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
