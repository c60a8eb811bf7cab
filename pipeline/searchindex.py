"""The indexes that keep search by parts of names quick: trigrams on both databases.

PostgreSQL needs the extension pg_trgm, which an owner of the database may create. Where that
is refused search still works, reading the column from end to end. SQLite has a full-text table
beside each table that is searched; triggers keep it in step, also for rows written in bulk.
"""

from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.models.signals import post_migrate

from pipeline.searching import INDEX_SUFFIX

logger = logging.getLogger(__name__)

TABLES = ("pipeline_deal", "pipeline_account")


def connect(config: AppConfig) -> None:
    post_migrate.connect(ensure, sender=config, dispatch_uid="pipeline.searchindex")


def ensure(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Create the indexes where they are missing."""
    connection = connections[using]
    present = set(connection.introspection.table_names())
    tables = [table for table in TABLES if table in present]
    if connection.vendor == "postgresql":
        ensure_trigrams(using, tables)
    elif connection.vendor == "sqlite":
        with transaction.atomic(using), connection.cursor() as cursor:
            for table in tables:
                ensure_full_text(cursor, table)


def ensure_trigrams(using: str, tables: list[str]) -> None:
    try:
        with transaction.atomic(using), connections[using].cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for table in tables:
                cursor.execute(
                    f'CREATE INDEX IF NOT EXISTS "{table}_search_trgm" ON "{table}" '
                    "USING gin (search_text gin_trgm_ops)"
                )
    except DatabaseError as error:
        logger.warning("Search goes without its index: %s", error)


def ensure_full_text(cursor: Any, table: str) -> None:
    """Put the full-text table and its triggers in place, and fill it anew if any was missing."""
    index = f"{table}{INDEX_SUFFIX}"
    statements = full_text_statements(table, index)
    cursor.execute(
        "SELECT name FROM sqlite_master WHERE name = %s OR (type = 'trigger' AND name LIKE %s)",
        [index, f"{index}_%"],
    )
    present = {name for (name,) in cursor.fetchall()}
    # SQLite drops the triggers when a migration remakes the table, and ids may have moved.
    if statements.keys() <= present:
        return
    for name, statement in statements.items():
        if name not in present:
            cursor.execute(statement)
    cursor.execute(f'INSERT INTO "{index}"("{index}") VALUES (\'rebuild\')')


def full_text_statements(table: str, index: str) -> dict[str, str]:
    """Name → the statement that creates it: the full-text table, then one trigger an event."""
    put = f'INSERT INTO "{index}"(rowid, search_text) VALUES (NEW.id, NEW.search_text);'
    drop = (
        f'INSERT INTO "{index}"("{index}", rowid, search_text) '
        "VALUES ('delete', OLD.id, OLD.search_text);"
    )
    return {
        index: (
            f'CREATE VIRTUAL TABLE "{index}" USING fts5('
            f"search_text, content='{table}', content_rowid='id', "
            "tokenize='trigram case_sensitive 1')"
        ),
        f"{index}_insert": (
            f'CREATE TRIGGER "{index}_insert" AFTER INSERT ON "{table}" BEGIN {put} END'
        ),
        f"{index}_delete": (
            f'CREATE TRIGGER "{index}_delete" AFTER DELETE ON "{table}" BEGIN {drop} END'
        ),
        f"{index}_update": (
            f'CREATE TRIGGER "{index}_update" AFTER UPDATE OF search_text ON "{table}" '
            f"BEGIN {drop} {put} END"
        ),
    }
