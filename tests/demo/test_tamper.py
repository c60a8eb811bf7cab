"""`make demo-tamper`, as it is run: another process on a database file."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from dealdesk.demo.tampering import tamper_with_a_schema
from tests.demo.conftest import load


def manage(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "revops.settings",
        "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
        "VAR_DIR": str(folder),
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.process
def test_the_verification_names_the_entry_edited_in_a_copy(tmp_path):
    for arguments in (("migrate", "-v0"), ("load_demo", "--deals", "12")):
        finished = manage(tmp_path, *arguments)
        assert finished.returncode == 0, finished.stderr

    finished = manage(tmp_path, "demo_tamper")

    assert finished.returncode == 0, finished.stderr
    edited = re.search(r"Entry (\d+) \((\S+) on (\w+ \d+)\)", finished.stdout)
    assert edited is not None
    number, verb, subject = edited.groups()
    assert f"{verb} on {subject} (1) was changed after it was written." in finished.stdout
    with (
        closing(sqlite3.connect(tmp_path / "demo.sqlite3")) as original,
        closing(sqlite3.connect(tmp_path / "tampered.sqlite3")) as copy,
    ):
        query = f"SELECT facts_json FROM ledger_entry WHERE id = {number}"
        assert original.execute(query).fetchone() != copy.execute(query).fetchone()
        guards = "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        assert original.execute(guards).fetchall() == copy.execute(guards).fetchall()
    assert "The ledger is intact." in manage(tmp_path, "verify_ledger").stdout
    checked = manage(tmp_path, "check_integrity", "--processes", "2")
    assert "checks, 0 findings." in checked.stdout, checked.stderr


@pytest.mark.postgres
@pytest.mark.django_db
def test_on_postgresql_the_copy_is_a_schema_that_goes_away(settings):
    settings.DEV_TOOLS = True
    load()

    tampered = tamper_with_a_schema()

    assert tampered.is_found
    assert "was changed after it was written" in tampered.said
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('tampered')")
        assert cursor.fetchone() == (None,)


@pytest.mark.django_db
def test_an_empty_ledger_cannot_be_tampered_with(tmp_path, settings):
    settings.VAR_DIR = tmp_path

    with pytest.raises(CommandError, match=r"empty|no database"):
        call_command("demo_tamper")
