"""How long the demo company takes to load, and whether what was loaded is true.

`.venv/bin/python -m bench.load_demo [DEALS]` uses a throw-away PostgreSQL with durability on.
DATABASE_URL names another server; a database of its own is made there and dropped again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from environ import Env

from tests.postgres import postgres

LIMIT = 180
DATABASE = "bench_load_demo"


def main() -> int:
    deals = sys.argv[1] if len(sys.argv) > 1 else "100000"
    with durable_postgres() as url:
        return measured(url, deals)


@contextmanager
def durable_postgres() -> Iterator[str]:
    """The server that DATABASE_URL names, or a throw-away one that keeps what it is given."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    with postgres() as url:
        with connected(url) as server:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.execute(f"ALTER SYSTEM SET {setting} = on")
            server.execute("SELECT pg_reload_conf()")
        yield url


def connected(url: str) -> psycopg.Connection:
    facts = Env.db_url_config(url)
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    given = {name: facts[key] for key, name in names.items() if facts.get(key)}
    return psycopg.connect(dbname=facts["NAME"], autocommit=True, **given)


def measured(url: str, deals: str) -> int:
    with connected(url) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")
    own = f"{url.rpartition('/')[0]}/{DATABASE}"
    try:
        manage(own, "migrate", "-v0")
        seconds = manage(own, "load_demo", "--deals", deals, "-v2")
        manage(own, "verify_ledger")
        manage(own, "check_integrity")
    finally:
        with connected(url) as server:
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    print(f"load_demo --deals {deals}: {seconds:.1f} s, at most {LIMIT} s for 100,000")
    return int(seconds > LIMIT)


def manage(url: str, *arguments: str) -> float:
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, "DEBUG": "1", "DATABASE_URL": url},
        check=True,
    )
    seconds = time.monotonic() - started
    print(f"{arguments[0]:<16} {seconds:>7.1f} s", flush=True)
    return seconds


if __name__ == "__main__":
    raise SystemExit(main())
