"""The index that keeps search by parts of names quick on PostgreSQL.

It needs the extension pg_trgm, which an owner of the database may create. Where that is
refused search still works, reading the column from end to end.
"""

from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.models.signals import post_migrate

logger = logging.getLogger(__name__)

TABLES = ("pipeline_deal", "pipeline_account")


def connect(config: AppConfig) -> None:
    post_migrate.connect(ensure, sender=config, dispatch_uid="pipeline.searchindex")


def ensure(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Create the extension and the indexes where they are missing."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    present = set(connection.introspection.table_names())
    try:
        with transaction.atomic(using), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for table in TABLES:
                if table in present:
                    cursor.execute(
                        f'CREATE INDEX IF NOT EXISTS "{table}_search_trgm" ON "{table}" '
                        "USING gin (search_text gin_trgm_ops)"
                    )
    except DatabaseError as error:
        logger.warning("Search goes without its index: %s", error)
