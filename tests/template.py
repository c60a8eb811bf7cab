"""A migrated database that the database of each worker begins as: migrations run once.

It is kept in var/ (SQLite) or on the server (PostgreSQL) for as long as the code stays the same.
In var/ the bare tables are kept for longer: until there is another migration. What follows every
migrate, triggers and shipped data, is put into a copy of them whenever any code changed.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent.parent
KEPT = HOME / "var" / "test-template"
APPS = ("revops", "pipeline", "dealdesk")
KEPT_SCHEMA = "as_it_began"
"""The rows that the tables of a database on PostgreSQL begin with, table by table."""


def begin_with_template(database: dict[str, Any]) -> None:
    """Let the test database that these settings name begin as the template."""
    if database["ENGINE"].endswith("sqlite3"):
        KEPT.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(KEPT / "lock"):
            name = database["TEST"]["NAME"]
            copy_file(template_file(), name)
            copy_file(name, kept_beside(name))
    else:
        database["TEST"]["TEMPLATE"] = template_on_server(database)


BARE = """
from revops import aftermigrate
aftermigrate.run = lambda **facts: None
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
"""


def key() -> str:
    """What the code is: migrations, triggers and shipped data may stand anywhere in it."""
    return key_of("*.py", made_by=Path(__file__))


def key_of_tables() -> str:
    return key_of("migrations/*.py", "settings.py", "triggers.py", "aftermigrate.py")


def key_of(*patterns: str, made_by: Path | None = None) -> str:
    read = sha256((HOME / "requirements-dev.lock").read_bytes())
    if made_by:
        read.update(made_by.read_bytes())
    found = {path for app in APPS for each in patterns for path in (HOME / app).rglob(each)}
    for path in sorted(found):
        read.update(str(path.relative_to(HOME)).encode())
        read.update(path.read_bytes())
    return read.hexdigest()[:16]


def migrate(url: str, *, bare: bool = False) -> None:
    """Migrate that database; bare, without the triggers and the shipped data."""
    migration = ["-c", BARE] if bare else ["manage.py", "migrate", "-v0"]
    subprocess.run(
        [sys.executable, *migration],
        cwd=HOME,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url},
        check=True,
    )


# SQLite


def template_file() -> Path:
    """The template of the code as it is; those of older code are thrown away."""
    template = KEPT / f"{key()}.sqlite3"
    if not template.exists():
        tables = KEPT / f"tables-{key_of_tables()}.sqlite3"
        for old in (*KEPT.glob("*.sqlite3*"), *KEPT.glob("*.copy")):
            if old != tables:
                old.unlink()
        if not tables.exists():
            build(tables, bare=True)
        build(template, begin_as=tables)
    return template


def build(target: Path, *, begin_as: Path | None = None, bare: bool = False) -> None:
    """Migrate a file and put it in its place whole."""
    building = KEPT / "building.sqlite3"
    if begin_as:
        copy_file(begin_as, building)
    migrate(f"sqlite:///{building}", bare=bare)
    copy_file(building, target.with_suffix(".copy"))
    target.with_suffix(".copy").rename(target)
    building.unlink()


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def kept_beside(name: str) -> Path:
    """The database as it began; the template itself may be thrown away by a later run."""
    return Path(name).with_suffix(".kept")


def copy_file(source: Path | str, target: Path | str) -> None:
    """Copy a database, with what its log still holds."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


# PostgreSQL

KEEP_ROWS = f"""
CREATE SCHEMA {KEPT_SCHEMA};
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'django_migrations'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE {KEPT_SCHEMA}.%I AS TABLE public.%I', name, name);
        END IF;
    END LOOP;
END $$;
"""


def template_on_server(database: dict[str, Any]) -> str:
    import psycopg

    name = f"dealdesk_template_{key()}"
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    server = {names[each]: database[each] for each in names if database.get(each)}
    with psycopg.connect(dbname=database["NAME"], autocommit=True, **server) as connection:
        connection.execute("SELECT pg_advisory_lock(471999)")
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is None:
            building = f"{name}_building"
            connection.execute(f'DROP DATABASE IF EXISTS "{building}"')
            connection.execute(f'CREATE DATABASE "{building}"')
            migrate(f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{building}")
            with psycopg.connect(dbname=building, **server) as built:
                built.execute(KEEP_ROWS)
            connection.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    return name
