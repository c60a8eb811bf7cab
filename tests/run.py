"""The whole suite: on SQLite, on PostgreSQL, and in a browser on each.

`python -m tests.run [--only sqlite|postgres|browser]… [arguments for pytest]`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import ExitStack

from tests.chromium import install_chromium
from tests.postgres import NoPostgres, postgres

PARTS = ("sqlite", "postgres", "browser")
NO_TESTS_COLLECTED = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, default=[])
    options, arguments = parser.parse_known_args()
    wanted = options.only or PARTS
    skipped: list[str] = []
    failed: list[str] = []

    in_browser = "browser" in wanted
    if in_browser and not install_chromium():
        skipped.append("browser tests: Chromium is not installed and cannot be installed from here")
        in_browser = False

    def suite(name: str, url: str | None) -> None:
        parts = []
        if name in wanted:
            parts.append((f"the suite on {name}", ["-n", "2", "-m", "not browser"]))
        if in_browser and (name in wanted or not options.only):
            parts.append((f"browser tests on {name}", ["-n", "0", "-m", "browser"]))
        elif in_browser and name == "sqlite":
            parts.append(("browser tests on sqlite", ["-n", "0", "-m", "browser"]))
        for title, selection in parts:
            print(f"\n=== {title} ===", flush=True)
            environment = {**os.environ, "DATABASE_URL": url} if url else dict(os.environ)
            if not url:
                environment.pop("DATABASE_URL", None)
            code = subprocess.call(
                [sys.executable, "-m", "pytest", *selection, *arguments], env=environment
            )
            if code not in (0, NO_TESTS_COLLECTED):
                failed.append(title)

    with ExitStack() as stack:
        suite("sqlite", None)
        if "postgres" in wanted:
            try:
                url, origin = stack.enter_context(postgres())
            except NoPostgres as exc:
                skipped.append(f"everything on PostgreSQL: {exc}")
            else:
                print(f"\nPostgreSQL: {origin}", flush=True)
                suite("postgres", url)

    for line in skipped:
        print(f"SKIPPED {line}")
    for title in failed:
        print(f"FAILED {title}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
