"""What happens when somebody edits the ledger behind its back: shown on a copy."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from revops.ledger.verification import verify
from revops.refusals import Refused

TABLES = ("entry", "entryrelation", "personalvalue", "checkpoint")
# A decision, or failing that whatever was written last.
CHOSEN = (
    "SELECT id, verb, subject_type, subject_id, facts_json FROM ledger_entry "
    "ORDER BY verb = 'approval.decided' DESC, id DESC LIMIT 1"
)


@dataclass(frozen=True)
class Tampered:
    """What was edited in the copy, and what the verification of the copy said."""

    place: str
    edited: str
    said: str
    is_found: bool


def tamper_with_a_copy() -> Tampered:
    """Edit one entry in a copy of the ledger and verify the copy; the original stays as it is."""
    if connection.vendor == "sqlite":
        return tamper_with_a_file(Path(settings.VAR_DIR) / "tampered.sqlite3")
    return tamper_with_a_schema()


def tamper_with_a_file(copy: Path) -> Tampered:
    """Copy the database file, take the trigger of history away in the copy, and edit a row."""
    original = Path(str(connection.settings_dict["NAME"]))
    if not original.exists():
        raise Refused(f"There is no database at {original}. Run `make run` first.")
    copy.parent.mkdir(parents=True, exist_ok=True)
    for leftover in copy.parent.glob(f"{copy.name}*"):
        leftover.unlink()
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        edited = edit_without_trigger(target)
    finished = subprocess.run(
        [sys.executable, "manage.py", "verify_ledger"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{copy}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Tampered(str(copy), edited, finished.stdout + finished.stderr, finished.returncode == 1)


def edit_without_trigger(database: sqlite3.Connection) -> str:
    """Do what somebody with the file in their hands could do, and leave no trace of it."""
    triggers = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entry'"
    ).fetchall()
    for name, _ in triggers:
        database.execute(f'DROP TRIGGER "{name}"')
    row = database.execute(CHOSEN).fetchone() if triggers else None
    if row is None:
        raise Refused("The ledger is empty. Load the demo company first.")
    facts, sentence = forged(*row)
    database.execute("UPDATE ledger_entry SET facts_json = ? WHERE id = ?", (facts, row[0]))
    for _, statement in triggers:
        database.execute(statement)
    database.commit()
    return sentence


def tamper_with_a_schema() -> Tampered:
    """Copy the ledger's tables into a schema of their own, edit a row there, take it all back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA tampered")
        for name in TABLES:
            cursor.execute(f"CREATE TABLE tampered.ledger_{name} AS TABLE ledger_{name}")
        cursor.execute("SET LOCAL search_path TO tampered, public")
        cursor.execute(CHOSEN)
        row = cursor.fetchone()
        if row is None:
            raise Refused("The ledger is empty. Load the demo company first.")
        facts, sentence = forged(*row)
        cursor.execute("UPDATE ledger_entry SET facts_json = %s WHERE id = %s", [facts, row[0]])
        report = verify()
        transaction.set_rollback(True)
    said = "\n".join(problem["sentence"] for problem in report.problems)
    return Tampered("a schema that is gone again", sentence, said, not report.is_intact)


def forged(pk: int, verb: str, kind: str, subject: int, facts: str) -> tuple[str, str]:
    """The facts of an entry with one word changed, and a sentence on it."""
    if '"verdict":"approved"' in facts:
        was, now = '"verdict":"approved"', '"verdict":"rejected"'
    elif '"verdict":"rejected"' in facts:
        was, now = '"verdict":"rejected"', '"verdict":"approved"'
    else:
        was, now = facts, "{}"
    sentence = f"Entry {pk} ({verb} on {kind} {subject}) said {was} and says {now} now."
    return facts.replace(was, now, 1), sentence
