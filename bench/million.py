"""A million deals, made by SQL of those that are there, on the database of DATABASE_URL.

`python -m bench.million [DEALS]` copies deals with their visits, standings, pushes and pull-ins
under new numbers, and multiplies the counts and tallies, which is exact, since a copy happened on
the same days to the same owner. Quotes, contacts, activities and the ledger stay as they were.
It writes past every rule and belongs on a database that is thrown away.
"""

from __future__ import annotations

import json
import os
import sys
import time

import psycopg

from bench.load_demo import connected

ROWS = (
    "pipeline_stagevisit",
    "pipeline_dealstanding",
    "pipeline_closepush",
    "pipeline_closepullin",
)
LEFT = "quotes, contacts, activities, the ledger"
TIMES = """
CREATE FUNCTION pg_temp.times(cells jsonb, number int) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_array(
        c->0, c->1, c->2, (c->3)::int * number, ((c->>4)::numeric * number)::text,
        (SELECT coalesce(jsonb_object_agg(key, value::int * number), '{}')
         FROM jsonb_each_text(c->5))
    ) ORDER BY place), '[]')
    FROM jsonb_array_elements(cells) WITH ORDINALITY AS each(c, place)
$$
"""
TALLIES = """
UPDATE pipeline_tally SET cells = CASE jsonb_typeof(cells)
    WHEN 'array' THEN pg_temp.times(cells, %(times)s)
    ELSE (SELECT jsonb_object_agg(key, pg_temp.times(value, %(times)s)) FROM jsonb_each(cells))
END
"""


def main() -> int:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    started = time.monotonic()
    with connected(os.environ["DATABASE_URL"]) as server:
        # Neither triggers nor foreign keys are asked while this connection writes.
        server.execute("SET session_replication_role = replica")
        deals = multiplied(server, wanted)
        # Nothing marked the owners of the copies.
        server.execute("DELETE FROM pipeline_findingframe")
        server.execute("VACUUM ANALYZE")
    as_beat_does()
    taken = round(time.monotonic() - started)
    told = {"deals": deals, "seconds": taken, "tables": ["deals", *ROWS], "left": LEFT}
    json.dump(told, sys.stdout)
    return 0


def as_beat_does() -> None:
    """Count findings anew, as beat does within a minute."""
    import django

    from bench.moves import fold_marks

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    fold_marks()


def multiplied(server: psycopg.Connection, wanted: int) -> int:
    """Copy until there are so many deals; return how many there are."""
    deals, last = one(server, "SELECT count(*), max(id) FROM pipeline_deal")
    times = max(1, wanted // deals)
    for number in range(1, times):
        print(f"copy {number + 1} of {times}", file=sys.stderr, flush=True)
        copy_deals(server, last, number)
        for table in ROWS:
            copy_rows(server, table, last, number)
    server.execute(TIMES)
    server.execute(TALLIES, {"times": times})
    server.execute(
        "UPDATE pipeline_stagerollup SET count = count * %(times)s, amount = amount * %(times)s",
        {"times": times},
    )
    return int(deals * times)


def copy_deals(server: psycopg.Connection, last: int, number: int) -> None:
    told = {"id": f"id + {last * number}", "external_id": other_id(number)}
    copy(server, "pipeline_deal", told, f"id <= {last}")


def other_id(number: int) -> str:
    return f"CASE external_id WHEN '' THEN '' ELSE external_id || '-{number}' END"


def copy_rows(server: psycopg.Connection, table: str, last: int, number: int) -> None:
    copy(server, table, {"deal_id": f"deal_id + {last * number}"}, f"deal_id <= {last}")


def copy(server: psycopg.Connection, table: str, told: dict[str, str], which: str) -> None:
    """Copy rows with some columns told anew; the number is given by the table if not told."""
    columns = [name for name in columns_of(server, table) if name != "id" or "id" in told]
    values = [told.get(name, f'"{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    server.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} WHERE {which}"
    )


def columns_of(server: psycopg.Connection, table: str) -> list[str]:
    rows = server.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return [row[0] for row in rows]


def one(server: psycopg.Connection, query: str) -> tuple[int, ...]:
    found = server.execute(query).fetchone()
    assert found is not None
    return tuple(found)


if __name__ == "__main__":
    raise SystemExit(main())
