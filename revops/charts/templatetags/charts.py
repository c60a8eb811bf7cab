"""`{% load charts %}`: rows come from the view, in the order in which they are drawn."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from revops.charts import draw, rates

register = template.Library()

register.simple_tag(draw.bar, name="bar_chart")
register.simple_tag(draw.stacked_bar, name="stacked_bar_chart")
register.simple_tag(draw.line, name="line_chart")
register.simple_tag(draw.funnel, name="funnel_chart")
register.simple_tag(draw.waterfall, name="waterfall_chart")
register.simple_tag(draw.sparkline, name="sparkline")
register.simple_tag(rates.rates, name="rate_chart")
register.simple_tag(rates.spans, name="span_chart")
register.simple_tag(rates.grouped_bar, name="grouped_bar_chart")
register.simple_tag(rates.columns, name="column_chart")


@register.simple_tag
def histogram(values: Any, *, title: str, bins: int = 10, **how: Any) -> SafeString:
    return draw.histogram(values, title=title, count=bins, **how)
