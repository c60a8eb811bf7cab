"""The text of a mail, from the templates of its event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import css_inline
from django.template.loader import render_to_string
from django.utils import timezone

from revops.outbox.links import PLACEHOLDER, base_url
from revops.outbox.models import Notification

inliner = css_inline.CSSInliner(
    keep_style_tags=True, load_remote_stylesheets=False, keep_link_tags=False
)


@dataclass(frozen=True)
class Body:
    subject: str
    text: str
    html: str


def render(notification: Notification) -> Body:
    """Return subject, plain text and HTML, with a placeholder where the personal link goes."""
    facts: dict[str, Any] = {
        **notification.context,
        "person": notification.person,
        "notification": notification,
        "base_url": base_url(),
        "link": notification.link,
        "url": PLACEHOLDER if notification.link else f"{base_url()}/",
    }
    template = f"mail/{notification.event}"
    with timezone.override(notification.person.get_zone()):
        subject = " ".join(render_to_string(f"{template}.subject.txt", facts).split())
        text = render_to_string(f"{template}.txt", facts).strip() + "\n"
        html = inliner.inline(render_to_string(f"{template}.html", facts))
    return Body(subject, text, html)
