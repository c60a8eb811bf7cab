"""Gives the database back as it began when a test has committed what it wrote.

Emptying all tables and filling them anew, as `flush` does, asks every app for its shipped data
and makes every trigger twice. Here the rows of the beginning are copied back.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from django.core.management.color import no_style
from django.core.management.sql import sql_flush
from django.db import transaction

from tests.template import KEPT_SCHEMA, copy_file, kept_beside


@pytest.fixture(scope="session", autouse=True)
def _committed_rows_go_away():
    from django.db import connection
    from django.test import TransactionTestCase

    def restore(self):
        if connection.vendor == "sqlite":
            restore_file(connection)
        else:
            restore_tables(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
        yield


def restore_file(connection):
    """Copy the file back; numbers given away are not given again, as on PostgreSQL."""
    connection.close()
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name)) as used:
        given = used.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    copy_file(kept_beside(name), name)
    with closing(sqlite3.connect(name)) as restored, restored:
        restored.execute("DELETE FROM sqlite_sequence")
        restored.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", given)


def restore_tables(connection):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT format('%I', relname) FROM pg_trigger JOIN pg_class"
            " ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)"
        )
        watched = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT format('%%I', tablename) FROM pg_tables WHERE schemaname = %s", [KEPT_SCHEMA]
        )
        kept = [name for (name,) in cursor.fetchall()]
        for statements in (
            [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in watched],
            sql_flush(no_style(), connection, reset_sequences=False),
            [f"INSERT INTO {name} SELECT * FROM {KEPT_SCHEMA}.{name}" for name in kept],
            # Foreign keys still to be checked would hold the tables in use.
            ["SET CONSTRAINTS ALL IMMEDIATE"],
            [f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in watched],
        ):
            if statements:
                cursor.execute(";".join(each.rstrip(";") for each in statements))
