"""System checks of the pipeline."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.db import DatabaseError

from pipeline import registry
from pipeline.models import RequiredItem


def unregistered_items() -> list[str]:
    """Keys that a published stage asks and no app knows how to find."""
    asked = RequiredItem.objects.filter(rule__version__published_at__isnull=False)
    keys = asked.order_by("key").values_list("key", flat=True).distinct()
    return [key for key in keys if registry.item_kind(key) is None]


def check_items_are_registered(
    databases: list[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Name the required items that count as not asked, since no app registered them."""
    if "default" not in (databases or []):
        return []
    try:
        keys = unregistered_items()
    except DatabaseError:
        # Before the first migrate there is nothing to ask.
        return []
    if not keys:
        return []
    return [
        checks.Warning(
            f"Stages ask for items that no application registered: {', '.join(keys)}. "
            "Until one does, they count as not asked.",
            hint="Register an ItemKind of that key when the application that knows it starts.",
            id="pipeline.W001",
        )
    ]
