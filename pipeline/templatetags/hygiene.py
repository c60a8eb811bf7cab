"""The cells of the table of findings: some hundreds on a page, so each is written in one go."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pipeline.findings import kinds
from pipeline.findings.counting import Row
from revops.frame import formats

register = template.Library()
NOTHING = SafeString('<td class="num"><span class="muted">–</span></td>')
CELL = '<td class="num"><a href="{}&amp;kind={}">{}<span class="sr-only"> {}, {}</span></a></td>'


@register.simple_tag
def finding_cells(row: Row, url: str) -> SafeString:
    """How many deals of one owner have each kind of finding, each leading to them."""
    cells = [
        format_html(CELL, url, kind.key, figure(count), kind.label, row.name)
        if (count := row.counts[kind.key])
        else NOTHING
        for kind in kinds()
    ]
    return SafeString("".join(cells))


def figure(count: int) -> str:
    """Most need no grouping, which asks for the reader's locale."""
    return str(count) if count < 1000 else formats.number_text(Decimal(count), 0)
