"""`make bench`: whether the cost of a page stays flat while the number of deals grows.

`python -m bench [SMALL LARGE]` loads the demo company at both sizes (1,000 and 100,000 without),
times every page on both by turns, prints the ratios and writes them to var/bench.json. It uses a
throw-away PostgreSQL with durability on, or the server that DATABASE_URL names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.load_demo import LIMIT, connected, durable_postgres, manage

RESULT = Path("var/bench.json")
TURNS = 3
FLAT, MORE_QUERIES = 1.5, 3
"""What is called flat: the time of the larger over the smaller, and queries beyond them.

A column with less than a page of cards asks once more for deals without a date, so a few queries
come and go with the data.
"""


def main() -> int:
    sizes = [int(size) for size in sys.argv[1:]] or [1000, 100_000]
    if len(sizes) != 2:
        raise SystemExit("Give two sizes, the smaller first.")
    with durable_postgres() as url:
        databases = {size: f"bench_{size}" for size in sizes}
        try:
            loaded = {size: load(url, name, size) for size, name in databases.items()}
            urls = {size: f"{folder(url)}/{name}" for size, name in databases.items()}
            pages = by_turns(urls)
            for size, own in urls.items():
                pages[size] |= run(own, "bench.moves")
        finally:
            for name in databases.values():
                drop(url, name)
    result = {"sizes": sizes, "load": loaded, "pages": compared(*pages.values())}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    show(result)
    return int(loaded[sizes[1]]["load_demo"] > LIMIT)


def folder(url: str) -> str:
    return url.rpartition("/")[0]


def drop(url: str, name: str) -> None:
    with connected(url) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def load(url: str, name: str, size: int) -> dict[str, float]:
    """The seconds of each command; one that fails ends the run."""
    drop(url, name)
    with connected(url) as server:
        server.execute(f"CREATE DATABASE {name}")
    own = f"{folder(url)}/{name}"
    manage(own, "migrate", "-v0")
    seconds = {"load_demo": manage(own, "load_demo", "--deals", str(size))}
    seconds |= {name: manage(own, name) for name in ("verify_ledger", "check_integrity")}
    seconds["rebuild_rollups --verify"] = manage(own, "rebuild_rollups", "--verify")
    run(own, "bench.draft")
    with connected(own) as server:
        server.execute("VACUUM ANALYZE")
    return {name: round(taken, 1) for name, taken in seconds.items()}


def by_turns(urls: dict[int, str]) -> dict[int, dict[str, dict[str, Any]]]:
    """Each database in turn, several times, so that what else the machine does hits both alike."""
    best: dict[int, dict[str, dict[str, Any]]] = {size: {} for size in urls}
    for turn in range(TURNS):
        for size, url in urls.items():
            print(f"pages with {size:,} deals, turn {turn + 1}", flush=True)
            for page, found in measured(url).items():
                kept = best[size].get(page)
                if kept is None or found.get("ms", 0) < kept.get("ms", 0):
                    best[size][page] = found
    return best


def measured(url: str) -> dict[str, dict[str, Any]]:
    return run(url, "bench.pages")


def run(url: str, module: str) -> dict[str, dict[str, Any]]:
    """What a module of this package prints about the database, if anything."""
    found = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(found.stdout or "{}")


def compared(small: dict[str, Any], large: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        page: {
            "ratio": round(large[page]["ms"] / small[page]["ms"], 2),
            "more_queries": large[page]["queries"] - small[page]["queries"],
            "small": small[page],
            "large": large[page],
        }
        for page in large
        if "ms" in large[page] and "ms" in small.get(page, {})
    }


def show(result: dict[str, Any]) -> None:
    small, large = result["sizes"]
    print(f"\n{'ratio':>6} {small:>9,} {large:>9,} {'queries':>9} {'rows':>9} {'gzip':>7}  page")
    for page, row in sorted(result["pages"].items(), key=lambda item: -item[1]["ratio"]):
        few, many = row["small"], row["large"]
        grows = row["ratio"] > FLAT or row["more_queries"] > MORE_QUERIES
        queries = f"{few['queries']}/{many['queries']}"
        rows = f"{few.get('rows', '')}/{many.get('rows', '')}"
        print(
            f"{row['ratio']:>6} {few['ms']:>6} ms {many['ms']:>6} ms {queries:>9} {rows:>9}"
            f" {many.get('gzip', 0) / 1000:>5.1f} k  {page}{'  (grows)' if grows else ''}"
        )
    for size, seconds in result["load"].items():
        told = ", ".join(f"{name} {taken} s" for name, taken in seconds.items())
        print(f"{size:,} deals: {told}")
    print(f"Written to {RESULT}.")


if __name__ == "__main__":
    started = time.monotonic()
    status = main()
    print(f"{time.monotonic() - started:.0f} s in all.")
    raise SystemExit(status)
