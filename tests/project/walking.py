"""Finds every address of the site by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """One entry of the urlconf: the whole route, its name with its namespaces, its view."""

    route: str
    name: str
    view: Any

    @property
    def methods(self) -> list[str]:
        """The methods of an endpoint of the API, as it declares them."""
        if actions := getattr(self.view, "actions", None):
            # A first call adds HEAD to them.
            return sorted(set(actions) - {"head"})
        known = getattr(self.view, "cls", None)
        return [name for name in ("get", "post", "put", "patch", "delete") if hasattr(known, name)]


def addresses() -> Iterator[Address]:
    yield from walk(get_resolver().url_patterns, "", "")


def walk(patterns, route: str, names: str) -> Iterator[Address]:
    for pattern in patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from walk(pattern.url_patterns, whole, inner)
        elif isinstance(pattern, URLPattern):
            yield Address(whole, f"{names}{pattern.name or ''}", pattern.callback)
