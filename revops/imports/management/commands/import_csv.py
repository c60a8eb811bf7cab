"""Import people, accounts, contacts, products or deals from a CSV file by a mapping."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from revops.imports.drafts import BadRows, Outcome, draft_file
from revops.imports.kinds import kind_keys, kind_of
from revops.imports.mapping import parse_mapping
from revops.people.actor import Actor, Via
from revops.refusals import Conflict, Refused

SHOWN = 50
REFUSED, UNUSABLE = 1, 2


class Command(BaseCommand):
    help = (
        "Import a CSV file by a mapping. It writes unless --dry-run; with one bad row it writes "
        "nothing unless --skip-bad. Exit code 1: bad rows, nothing written; 2: the file or the "
        "mapping cannot be used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "kind", choices=kind_keys(), metavar="KIND", help=", ".join(kind_keys())
        )
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--map", type=Path, required=True, metavar="MAP.toml", dest="mapping")
        parser.add_argument(
            "--dry-run", action="store_true", help="check everything, write nothing"
        )
        parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        try:
            outcome = self.run_import()
        except BadRows as refusal:
            self.report(refusal.outcome, str(refusal))
            sys.exit(REFUSED)
        except Refused as refusal:
            self.refuse(refusal)
        except IntegrityError:
            self.refuse(
                Conflict(
                    "Somebody wrote the same records meanwhile; nothing was written. Repeat it."
                )
            )
        self.report(outcome)
        if outcome.bad and not options["skip_bad"]:
            sys.exit(REFUSED)

    def run_import(self) -> Outcome:
        kind = kind_of(self.options["kind"])
        mapping = parse_mapping(self.text_of(self.options["mapping"]), kind)
        drafts = draft_file(self.bytes_of(self.options["file"]), mapping, self.progress())
        return kind.run(
            drafts=drafts,
            dry_run=self.options["dry_run"],
            skip_bad=self.options["skip_bad"],
            progress=self.progress(),
            by=Actor.system(Via.IMPORT),
            at=timezone.now(),
        )

    def bytes_of(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as problem:
            reason = f"{path} cannot be read: {problem.strerror}."
            raise Refused(reason, code="bad_file") from None

    def text_of(self, path: Path) -> str:
        try:
            return self.bytes_of(path).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused(f"{path} is not UTF-8.", code="bad_mapping") from None

    def progress(self) -> Any:
        """A line that rewrites itself, on a terminal alone."""
        if not self.stderr.isatty():
            return None

        def show(what: str, done: int, total: int) -> None:
            end = "\n" if done >= total else ""
            self.stderr.write(f"\r{what}: {done:,} of {total:,}", style_func=str, ending=end)
            self.stderr.flush()

        return show

    def refuse(self, refusal: Refused) -> NoReturn:
        if not self.options["json"]:
            raise CommandError(str(refusal), returncode=UNUSABLE)
        error = {"code": refusal.code, "message": str(refusal), **refusal.facts}
        self.stdout.write(json.dumps({"error": error}, ensure_ascii=False))
        sys.exit(UNUSABLE)

    def report(self, outcome: Outcome, refusal: str = "") -> None:
        if self.options["json"]:
            self.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False, indent=2))
            return
        for note in outcome.notes:
            self.stdout.write(note)
        for row in outcome.bad[:SHOWN]:
            self.stdout.write(f"line {row.line}: {row.reason}")
        if len(outcome.bad) > SHOWN:
            self.stdout.write(f"… and {len(outcome.bad) - SHOWN} more bad rows (--json lists all)")
        for entity, counts in outcome.counts.items():
            said = ", ".join(f"{number} {what}" for what, number in counts.items())
            self.stdout.write(f"{entity}: {said}")
        if refusal:
            self.stderr.write(f"{refusal} Mend them, or repeat with --skip-bad.")
        elif outcome.dry_run:
            self.stdout.write("Dry run: nothing was written.")
