"""What follows every migrate: the triggers of history, then the shipped data."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate, pre_migrate
from django.utils import timezone

from revops import triggers
from revops.defaults import ensure_defaults


def connect(sender: Any) -> None:
    """Run once a migrate, when `sender`'s turn comes; all tables are there by then."""
    pre_migrate.connect(make_way, sender=sender, dispatch_uid="revops.aftermigrate")
    post_migrate.connect(run, sender=sender, dispatch_uid="revops.aftermigrate")


def make_way(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """SQLite refuses to rename a table that a trigger elsewhere mentions."""
    if connections[using].vendor == "sqlite":
        triggers.lift(using)


def run(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    triggers.install(using)
    if using == DEFAULT_DB_ALIAS:
        ensure_defaults(timezone.now())
