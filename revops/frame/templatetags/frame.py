"""Filters and small tags of every page: `{% load frame %}`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zlib import crc32

import lucide
from django import template
from django.forms.utils import flatatt
from django.template.defaultfilters import stringfilter
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from revops.frame import formats

register = template.Library()
NOTHING = mark_safe('<span class="nothing" title="Not known">–</span>')


@register.filter
def money(amount: Any, currency: Any = "") -> SafeString:
    """`{{ deal.amount|money:deal.currency }}`: €80,000.01, the raw value on hover."""
    return _figure(amount, currency, formats.money_text)


@register.filter
def amount(value: Any, currency: Any = "") -> SafeString:
    """As `money` without the currency, for a column whose head names it."""
    return _figure(value, currency, formats.amount_text)


@register.filter
def compact(amount: Any, currency: Any = "") -> SafeString:
    """`€1.25M`, for cards and column sums."""
    return _figure(amount, currency, formats.compact_money_text)


@register.filter
def percent(value: Any) -> SafeString:
    """A number counted in hundredths: 12.5 reads 12.5 %."""
    number = _decimal(value)
    if number is None:
        return NOTHING
    return format_html(
        '<span class="num" title="{} %">{}</span>', f"{number:f}", formats.percent_text(number)
    )


@register.filter
def number(value: Any, places: int = 0) -> SafeString:
    figure = _decimal(value)
    if figure is None:
        return NOTHING
    return format_html('<span class="num">{}</span>', formats.number_text(figure, int(places)))


@register.filter
def ago(at: datetime | None) -> SafeString:
    """How long since or until, the exact moment on hover."""
    return _moment(at, formats.ago_text)


@register.filter
def when(at: datetime | None) -> SafeString:
    """A moment as one says it: today 16:00, Tuesday 09:30."""
    return _moment(at, formats.when_text)


@register.filter
def day(value: date | datetime | None) -> SafeString:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return _day(value, get_language())


@register.filter
def duration(length: timedelta | None) -> str | SafeString:
    return NOTHING if length is None else formats.duration_text(length)


@register.filter
def person(user: Any) -> SafeString:
    """A name with its e-mail on hover; nobody is a dash."""
    if not user:
        return NOTHING
    return format_html(
        '<span class="person" title="{}">{}</span>', getattr(user, "email", ""), name_of(user)
    )


@register.filter
def initials(user: Any) -> str:
    words = [word for word in name_of(user).split() if word[0].isalnum()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


@register.filter
def hue(user: Any) -> int:
    """One of eight steady colours for a person's initials."""
    return crc32(name_of(user).encode()) % 8


@register.filter
@stringfilter
def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


@register.filter
def split(text: str) -> list[str]:
    return text.split()


@register.simple_tag
def script(name: str) -> str:
    """The address of one of our scripts."""
    return static(f"js/{name}.js")


@register.filter
def get(mapping: Any, key: Any) -> Any:
    return mapping.get(key) if mapping else None


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "") -> SafeString:
    """A lucide icon, silent to screen readers unless it has a label."""
    return _icon(str(name), int(size), str(label))


@register.simple_tag
def options(widget: Mapping[str, Any]) -> SafeString:
    """The options of a select, which may be some hundred people, without a template for each."""
    return format_html_join("", "{}", ((_group(*group),) for group in widget["optgroups"]))


def _group(name: str | None, entries: Sequence[Mapping[str, Any]], index: int) -> SafeString:
    written = format_html_join(
        "\n",
        '<option value="{}"{}>{}</option>',
        ((entry["value"], flatatt(entry["attrs"]), entry["label"]) for entry in entries),
    )
    return format_html('<optgroup label="{}">{}</optgroup>', name, written) if name else written


@register.simple_tag(takes_context=True)
def url_with(context: template.Context, **changes: Any) -> str:
    """This page's address with some query values replaced; None takes one out."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}" if query else context["request"].path


def name_of(user: Any) -> str:
    if isinstance(user, Mapping):
        return str(user.get("name") or "")
    return str(getattr(user, "name", "") or user or "")


def _figure(value: Any, currency: Any, text: Any) -> SafeString:
    figure = _decimal(value)
    if figure is None:
        return NOTHING
    currency = str(currency or "")
    raw = f"{figure:f} {currency}".strip()
    return format_html('<span class="num" title="{}">{}</span>', raw, text(figure, currency))


@lru_cache(maxsize=4096)
def _day(value: date, language: str | None) -> SafeString:
    """The same days stand in many rows of a list."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        f"{value:%A}",
        formats.day_text(value),
    )


def _moment(at: datetime | None, text: Any) -> SafeString:
    if not at:
        return NOTHING
    zone = timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        formats.exact_text(at, zone),
        text(at, timezone.now(), zone),
    )


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None


@lru_cache(maxsize=512)
def _icon(name: str, size: int, label: str) -> SafeString:
    naming = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return mark_safe(
        lucide._render_icon(name, size, **{"class": "icon", "focusable": "false", **naming})
    )
