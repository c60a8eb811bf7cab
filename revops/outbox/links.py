"""Personal links: stored bodies hold a placeholder, and the address is derived at delivery."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from revops.outbox.models import Notification

PLACEHOLDER = "__PERSONAL_LINK__"

Derive = Callable[[int], str]

_derivers: dict[str, Derive] = {}


def register_link(kind: str, derive: Derive) -> None:
    """Let links "kind:number" be derived: `derive(number)` returns an address or a path."""
    _derivers[kind] = derive


_replies: dict[str, Derive] = {}


def register_reply(kind: str, derive: Derive) -> None:
    """Let mails with links "kind:number" be answered: `derive(number)` is the address, or ""."""
    _replies[kind] = derive


def derive_reply(notification: Notification) -> str:
    """Where an answer to this notification's mail goes; "" when nobody reads it."""
    kind, _, number = notification.link.partition(":")
    return _replies[kind](int(number)) if kind in _replies else ""


def base_url() -> str:
    return str(settings.BASE_URL).rstrip("/")


def derive_link(notification: Notification) -> str:
    """Return the address behind the notification's link; without one, the site's own."""
    if not notification.link:
        return f"{base_url()}/"
    kind, _, number = notification.link.partition(":")
    address = _derivers[kind](int(number))
    return f"{base_url()}{address}" if address.startswith("/") else address
