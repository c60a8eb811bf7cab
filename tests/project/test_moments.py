"""Moments are read from PostgreSQL as psycopg reads them, sooner."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from psycopg import DataError

from revops.postgres import Moments


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        (b"2026-11-21 13:36:05+00", 0),
        (b"2026-11-21 13:36:05.1+00", 100_000),
        (b"2026-11-21 13:36:05.000012+00", 12),
        (b"2026-11-21 15:06:05.12+01:30", 120_000),
    ],
)
def test_a_moment_is_what_postgresql_wrote(text, microsecond):
    read = Moments(0).load(memoryview(text))

    assert read == datetime(2026, 11, 21, 13, 36, 5, microsecond, tzinfo=UTC)
    assert read.utcoffset() == timedelta(minutes=90 if b":30" in text[20:] else 0)


@pytest.mark.parametrize("text", [b"infinity", b"0044-03-15 00:00:00+00 BC"])
def test_what_no_calendar_here_knows_is_refused(text):
    with pytest.raises(DataError):
        Moments(0).load(text)


@pytest.mark.django_db
def test_every_connection_reads_moments_so():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps moments as text.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        loader = cursor.connection.adapters.get_loader(1184, 0)

        assert loader is Moments
        assert cursor.fetchone()[0].tzinfo is UTC
