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


def base_url() -> str:
    return str(settings.BASE_URL).rstrip("/")


def derive_link(notification: Notification) -> str:
    """Return the address behind the notification's link; without one, the site's own."""
    if not notification.link:
        return f"{base_url()}/"
    kind, _, number = notification.link.partition(":")
    address = _derivers[kind](int(number))
    return f"{base_url()}{address}" if address.startswith("/") else address
