"""Components with a body or many parameters: `{% load components %}`.

Each is one template under templates/components/; docs/components.md has a line of use for each.
Further keyword arguments become attributes, underscores as hyphens: hx_post=url → hx-post.
"""

from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from revops.frame import development
from revops.frame.shapes import BoardCard
from revops.frame.templatetags.frame import name_of

register = template.Library()


def attributes(given: dict[str, Any]) -> SafeString:
    """True stands alone, None and False are left out, the rest is escaped."""
    parts = []
    for name, value in given.items():
        name = name.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(f" {name}")
        elif value is not None and value is not False:
            parts.append(format_html(' {}="{}"', name, value))
    return mark_safe("".join(parts))


def component(name: str, **context: Any) -> SafeString:
    return mark_safe(render_to_string(f"components/{name}.html", context).strip())


@register.simple_tag
def button(
    label: Any,
    *,
    variant: str = "",
    icon: str = "",
    href: str = "",
    reason: str = "",
    size: str = "",
    type: str = "submit",
    dialog: str = "",
    menu: str = "",
    icon_only: bool = False,
    count: Any = None,
    key: str = "",
    **attrs: Any,
) -> SafeString:
    """variant: primary, danger, quiet. A reason makes it a button that says why it cannot."""
    if dialog:
        attrs["data_open_dialog"], type = dialog, "button"
    if menu:
        attrs["popovertarget"], type = menu, "button"
    extra_class = attrs.pop("class_", "")
    return component(
        "button",
        label=label,
        variant=variant,
        icon=icon,
        href="" if reason else href,
        reason=reason,
        size=size,
        type="button" if reason else type,
        icon_only=icon_only,
        count=count,
        key=key,
        extra_class=extra_class,
        attrs=attributes({} if reason else attrs),
    )


@register.simple_block_tag
def menu(
    content: str,
    id: str,
    label: Any,
    *,
    icon: str = "",
    variant: str = "",
    size: str = "",
    icon_only: bool = False,
    align: str = "start",
) -> SafeString:
    """A button with a list of acts under it; fill it with `menu_item`s."""
    return component(
        "menu",
        content=content,
        id=id,
        label=label,
        icon=icon,
        variant=variant,
        size=size,
        icon_only=icon_only,
        align=align,
    )


@register.simple_tag
def menu_item(
    label: Any,
    *,
    href: str = "",
    icon: str = "",
    hint: str = "",
    danger: bool = False,
    current: bool = False,
    reason: str = "",
    type: str = "submit",
    dialog: str = "",
    **attrs: Any,
) -> SafeString:
    if dialog:
        attrs["data_open_dialog"], type = dialog, "button"
    return component(
        "menu_item",
        label=label,
        href="" if reason else href,
        icon=icon,
        hint=hint,
        danger=danger,
        current=current,
        reason=reason,
        type="button" if reason else type,
        attrs=attributes({} if reason else attrs),
    )


@register.simple_block_tag
def dialog(
    content: str, id: str, title: Any, *, wide: bool = False, open: bool = False
) -> SafeString:
    """A native dialog, opened by any element with data-open-dialog="id"."""
    return component("dialog", content=content, id=id, title=title, wide=wide, open=open)


@register.simple_block_tag
def card(
    content: str,
    title: Any = "",
    *,
    id: str = "",
    hint: Any = "",
    level: int = 2,
    flush: bool = False,
    tone: str = "",
    href: str = "",
    link: str = "",
) -> SafeString:
    """A titled part of a page; flush for a table or list that meets its edges."""
    return component(
        "card",
        content=content,
        title=title,
        id=id,
        hint=hint,
        level=level,
        flush=flush,
        tone=tone,
        href=href,
        link=link,
    )


@register.simple_block_tag
def banner(
    content: str, tone: str = "info", *, title: Any = "", icon: str = "", role: str = ""
) -> SafeString:
    icons = {"good": "circle-check", "warn": "triangle-alert", "bad": "octagon-alert"}
    return component(
        "banner",
        content=content,
        tone=tone,
        title=title,
        icon=icon or icons.get(tone, "info"),
        role=role,
    )


@register.simple_block_tag
def empty_state(content: str, title: Any, *, text: Any = "", icon: str = "inbox") -> SafeString:
    """What a list says when it is empty, with the first useful act as its body."""
    return component("empty_state", content=content, title=title, text=text, icon=icon)


@register.simple_block_tag
def status(content: str, tone: str = "", *, icon: str = "", id: str = "") -> SafeString:
    """Where something stands, in words: Waiting for Ana Ruiz since Tuesday."""
    icons = {"good": "circle-check", "warn": "clock", "bad": "circle-x", "info": "circle-dot"}
    return component(
        "status", content=content, tone=tone, icon=icon or icons.get(tone, "circle"), id=id
    )


@register.simple_block_tag
def table(
    content: str,
    caption: Any,
    *,
    id: str = "",
    dense: bool = False,
    sticky: bool = False,
    rows: bool = False,
    show_caption: bool = False,
) -> SafeString:
    """A table that scrolls inside itself; rows makes a whole row open its first link."""
    return component(
        "table",
        content=content,
        caption=caption,
        id=id,
        dense=dense,
        sticky=sticky,
        rows=rows,
        show_caption=show_caption,
    )


@register.simple_tag(takes_context=True)
def sort_head(
    context: template.Context,
    key: str,
    label: Any,
    *,
    num: bool = False,
    param: str = "sort",
    default: str = "",
    hint: str = "",
) -> SafeString:
    """A table head that sorts: ?sort=amount, then ?sort=-amount."""
    query = context["request"].GET.copy()
    current = query.get(param, default)
    query.pop("after", None)
    query.pop("before", None)
    query[param] = f"-{key}" if current == key else key
    state = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    return component(
        "sort_head",
        label=label,
        href=f"?{query.urlencode()}",
        state=state,
        num=num,
        hint=hint,
    )


@register.simple_tag
def tag(text: Any, tone: str = "", *, icon: str = "", title: str = "") -> SafeString:
    """A word about something; tone: good, warn, bad, info, accent or none."""
    return component("tag", text=text, tone=tone, icon=icon, title=title)


@register.simple_tag
def stat(
    label: Any,
    value: Any,
    *,
    hint: Any = "",
    trend: str = "",
    tone: str = "",
    href: str = "",
    spark: Any = "",
) -> SafeString:
    """One number; trend is words such as "+12% on last month"."""
    return component(
        "stat",
        label=label,
        value=value,
        hint=hint,
        trend=trend,
        tone=tone,
        href=href,
        spark=spark,
    )


@register.simple_tag
def avatar(user: Any, size: str = "") -> SafeString:
    return _avatar(name_of(user), size)


@lru_cache(maxsize=1024)
def _avatar(name: str, size: str) -> SafeString:
    """A list shows the same few people in all its rows."""
    return component("avatar", user={"name": name}, size=size)


@register.simple_block_tag
def board_column(
    content: str,
    key: str,
    title: Any,
    *,
    count: Any = "",
    total: Any = "",
    id: str = "",
    tone: str = "",
    reason: str = "",
) -> SafeString:
    """One stage of the board; a card dropped on it presses that card's "Move to" button."""
    return component(
        "board_column",
        content=content,
        key=key,
        title=title,
        count=count,
        total=total,
        id=id or f"column-{key}",
        tone=tone,
        reason=reason,
    )


@register.simple_tag(takes_context=True)
def board_card(context: template.Context, card: BoardCard | dict[str, Any]) -> SafeString:
    # The page's own token: a new one for each of a hundred cards takes time and does not compress.
    facts = {"card": card, "csrf_token": context.get("csrf_token")}
    return mark_safe(render_to_string("components/board_card.html", facts))


@register.simple_block_tag
def page_header(
    content: str,
    title: Any,
    *,
    subtitle: Any = "",
    back: str = "",
    back_label: str = "",
    back2: str = "",
    back2_label: str = "",
) -> SafeString:
    """The h1 with its crumb above and the page's acts as the body."""
    return component(
        "page_header",
        content=content,
        title=title,
        subtitle=subtitle,
        back=back,
        back_label=back_label,
        back2=back2,
        back2_label=back2_label,
    )


@register.simple_block_tag
def fact(content: str, label: Any, *, hint: str = "", wide: bool = False) -> SafeString:
    """One line of `<dl class="facts">`."""
    return format_html(
        '<div class="fact{}"><dt{}>{}</dt><dd>{}</dd></div>',
        " fact-wide" if wide else "",
        attributes({"title": hint or None}),
        conditional_escape(label),
        mark_safe(content),
    )


@register.simple_tag
def dev_people() -> list[development.DevPerson]:
    """The demo people one may sign in as; none outside development."""
    return development.dev_people()
