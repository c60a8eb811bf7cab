"""The whole suite, on SQLite and on PostgreSQL: plain, with real processes, with a browser.

`python -m tests.run [--on sqlite|postgres] [--only plain|process|browser] [arguments for pytest]`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import ExitStack

from tests.chromium import install_chromium
from tests.postgres import NoPostgres, postgres

DATABASES = ("sqlite", "postgres")
KINDS = {
    "plain": ["-m", "not browser and not process", "-n", "2"],
    "process": ["-m", "process", "-n", "2"],
    # One browser at a time: two of them and their servers starve each other on two cores.
    "browser": ["-m", "browser", "-n", "0"],
}
# How a page looks does not depend on the database: that is walked once, on SQLite.
LOOKS = ["--ignore=tests/frame", "-k", "not is_accessible_and_fits"]
NO_TESTS_COLLECTED = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", choices=DATABASES)
    parser.add_argument("--only", choices=KINDS)
    options, arguments = parser.parse_known_args()
    kinds = [options.only] if options.only else list(KINDS)
    outcome: list[str] = []
    failed = False

    if "browser" in kinds and not install_chromium():
        outcome.append("SKIPPED browser tests: no Chromium here, and none can be installed")
        kinds.remove("browser")

    with ExitStack() as stack:
        for database in [options.on] if options.on else DATABASES:
            try:
                url = stack.enter_context(postgres()) if database == "postgres" else None
            except NoPostgres as exc:
                outcome.append(f"SKIPPED everything on PostgreSQL: {exc}")
                continue
            for kind in kinds:
                code = run_pytest(database, kind, url, arguments)
                passed = code in (0, NO_TESTS_COLLECTED)
                failed = failed or not passed
                outcome.append(f"{'PASSED' if passed else 'FAILED'} {kind} tests on {database}")

    print("", *outcome, sep="\n")
    return 1 if failed else 0


def run_pytest(database: str, kind: str, url: str | None, arguments: list[str]) -> int:
    print(f"\n=== {kind} tests on {database} ===", flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if url:
        environment["DATABASE_URL"] = url
    narrowed = LOOKS if (database, kind) == ("postgres", "browser") else []
    command = [sys.executable, "-m", "pytest", *KINDS[kind], *narrowed, *arguments]
    return subprocess.call(command, env=environment)


if __name__ == "__main__":
    raise SystemExit(main())
