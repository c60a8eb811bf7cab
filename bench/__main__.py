"""`make bench`: whether the cost of a page stays flat while the number of deals grows.

`python -m bench [SMALL LARGE]` loads the demo company at both sizes (1,000 and 100,000 without),
visits every page on both by turns, prints the ratios and writes them to var/bench.json and
var/bench.md. It uses a throw-away PostgreSQL with durability on, or the server that DATABASE_URL
names.

    --quick       three visits to each page instead of seven
    --million     then make a million deals of the larger ones and visit every page there
    --integrity   check the whole of what was loaded, too (minutes)
    --keep        leave the databases, and use those that are there
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.load_demo import LIMIT, connected, durable_postgres, manage
from bench.pages import middle
from bench.tables import compared, markdown

RESULT, TABLE = Path("var/bench.json"), Path("var/bench.md")
VISITS, FEW_VISITS = 7, 3
MILLION = 1_000_000


def main() -> int:
    asked = arguments()
    started = time.monotonic()
    with durable_postgres() as url:
        databases = {size: f"bench_{size}" for size in asked.sizes}
        try:
            result = measured(url, databases, asked)
        finally:
            for name in () if asked.keep else databases.values():
                drop(url, name)
    result["seconds"] = round(time.monotonic() - started)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    TABLE.write_text(markdown(result))
    print(TABLE.read_text())
    print(f"Written to {RESULT} and {TABLE} in {result['seconds']} s.")
    return int(result["load"][asked.sizes[1]].get("load_demo", 0) > LIMIT)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1000, 100_000])
    for name in ("quick", "million", "integrity", "keep"):
        parser.add_argument(f"--{name}", action="store_true")
    asked = parser.parse_args()
    if len(asked.sizes) != 2 or asked.sizes[0] >= asked.sizes[1]:
        parser.error("Give two sizes, the smaller first.")
    return asked


def measured(url: str, databases: dict[int, str], asked: argparse.Namespace) -> dict[str, Any]:
    visits = FEW_VISITS if asked.quick else VISITS
    loaded = {size: load(url, name, size, asked) for size, name in databases.items()}
    urls = {size: f"{folder(url)}/{name}" for size, name in databases.items()}
    small, large = by_turns(list(urls.values()), visits)
    small |= run(urls[asked.sizes[0]], "bench.moves")
    large |= run(urls[asked.sizes[1]], "bench.moves")
    result: dict[str, Any] = {
        "sizes": asked.sizes,
        "visits": visits,
        "load": loaded,
        "pages": compared(small, large),
    }
    if not asked.quick:
        # On a database of its own: what was submitted, and nothing else.
        result["replay"] = run("", "bench.replay")
    if asked.million:
        own = urls[asked.sizes[1]]
        result["million"] = {
            "multiplied": run(own, "bench.million", str(MILLION)),
            "pages": by_turns([own], FEW_VISITS)[0],
        }
    return result


# Databases


def folder(url: str) -> str:
    return url.rpartition("/")[0]


def drop(url: str, name: str) -> None:
    with connected(url) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def load(url: str, name: str, size: int, asked: argparse.Namespace) -> dict[str, float]:
    """The seconds of each command; one that fails ends the run."""
    own = f"{folder(url)}/{name}"
    if asked.keep and is_there(url, name):
        return {}
    drop(url, name)
    with connected(url) as server:
        server.execute(f"CREATE DATABASE {name}")
    manage(own, "migrate", "-v0")
    seconds = {"load_demo": manage(own, "load_demo", "--deals", str(size))}
    checks = [("verify_ledger",), ("rebuild_rollups", "--verify")]
    checks += [("check_integrity",)] if asked.integrity else []
    seconds |= {" ".join(check): manage(own, *check) for check in checks}
    run(own, "bench.draft")
    with connected(own) as server:
        server.execute("VACUUM ANALYZE")
    return {name: round(taken, 1) for name, taken in seconds.items()}


def is_there(url: str, name: str) -> bool:
    with connected(url) as server:
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


# Pages


def by_turns(urls: list[str], visits: int) -> list[dict[str, dict[str, Any]]]:
    """Each page on each database in turn: what else the machine does hits them all alike."""
    found: list[dict[str, dict[str, Any]]] = [{} for _ in urls]
    visitors = [visitor(url) for url in urls]
    names = visit(visitors[0], "")["pages"]
    for number, name in enumerate(names, 1):
        print(f"page {number} of {len(names)}: {name}", file=sys.stderr, flush=True)
        for own, visiting in zip(found, visitors, strict=True):
            own[name] = visit(visiting, name)
        if all("queries" in own[name] for own in found):
            turns = [[visit(each, name) for each in visitors] for _ in range(visits)]
            for own, taken in zip(found, zip(*turns, strict=True), strict=True):
                own[name] |= middle(list(taken))
    for each in visitors:
        each.communicate()
    return found


def visitor(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.pages", "--answer"],
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def visit(visiting: subprocess.Popen[str], page: str) -> dict[str, Any]:
    assert visiting.stdin
    assert visiting.stdout
    visiting.stdin.write(page + "\n")
    visiting.stdin.flush()
    answer = visiting.stdout.readline()
    if not answer:
        raise SystemExit(f"Nobody answered for “{page}”.")
    return dict(json.loads(answer))


def run(url: str, module: str, *arguments: str) -> dict[str, Any]:
    """What a module of this package prints about the database, if anything."""
    found = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(found.stdout or "{}"))


if __name__ == "__main__":
    raise SystemExit(main())
