"""Advisory locks of PostgreSQL, held to the end of the transaction.

SQLite needs none: there a transaction that writes is alone from its first statement.
"""

from __future__ import annotations

from enum import IntEnum
from zlib import crc32

from django.db import connection


class Lock(IntEnum):
    """What the locks stand for; numbers never change."""

    LEDGER = 471_001
    LEDGER_SUBJECT = 471_002
    REPORTING_LINE = 471_003
    RULES = 471_004
    ABSENCES = 471_005
    TALLIES = 471_020
    FINDINGS = 471_021
    ALERTS = 471_010
    IMPORTS = 471_011


def lock_exclusively(lock: Lock) -> None:
    """Wait until nobody else holds `lock`, in either way, and hold it alone."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock.value])


def share_lock(lock: Lock) -> None:
    """Hold `lock` together with others who share it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock.value])


def lock_names(lock: Lock, names: list[str], *, sharing: Lock | None = None) -> None:
    """Hold `lock` alone for each of `names`, taken in one order by everybody.

    With `sharing` that lock is shared first, in the same statement.
    """
    if connection.vendor == "postgresql" and (names or sharing):
        numbers = sorted({crc32(name.encode()) - 2**31 for name in names})
        first = "SELECT pg_advisory_xact_lock_shared(%s) UNION ALL " if sharing else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"{first}SELECT pg_advisory_xact_lock(%s, number) FROM unnest(%s::int[]) AS number",
                [*([sharing.value] if sharing else []), lock.value, numbers],
            )
