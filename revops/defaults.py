"""Shipped data: rows that every installation has, put there after every migrate."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.apps import AppConfig, apps
from django.db import connection

logger = logging.getLogger(__name__)

Ensure = Callable[[datetime], None]

_registered: dict[str, Ensure] = {}


def register_default(ensure: Ensure) -> None:
    """Run `ensure(at)` after every migrate; it adds what is missing and changes nothing else.

    Called from an app's `ready()`; the functions run in the order of INSTALLED_APPS.
    """
    _registered[f"{ensure.__module__}.{ensure.__qualname__}"] = ensure


def ensure_defaults(at: datetime) -> None:
    """Put every app's shipped data in place, where the app's tables exist already."""
    tables = set(connection.introspection.table_names())
    for name, ensure in _registered.items():
        config = apps.get_containing_app_config(ensure.__module__)
        if config is None or not missing_tables(config, tables):
            ensure(at)
        else:
            logger.info("%s waits for tables that are not there yet", name)


def missing_tables(config: AppConfig, tables: set[str]) -> set[str]:
    wanted = {model._meta.db_table for model in config.get_models() if model._meta.managed}
    return wanted - tables
