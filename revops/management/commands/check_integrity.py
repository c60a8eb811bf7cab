"""Find what a direct write could have broken across rows; exits 1 when anything is."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from revops import integrity


class Command(BaseCommand):
    help = "Check the rules that hold across rows: rollups, visits, counts, ledger."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")
        parser.add_argument(
            "--processes", type=int, help="So many checks at a time; otherwise one for each core."
        )

    def handle(self, *args: Any, json: bool, processes: int | None, **options: Any) -> None:
        found = integrity.findings(processes=max(processes or usual_processes(), 1))
        if json:
            self.write_json(found)
        else:
            self.write_lines(found)
        if found:
            sys.exit(1)

    def write_json(self, found: list[integrity.Finding]) -> None:
        answer = {
            "ok": not found,
            "checks": integrity.names(),
            "findings": [asdict(finding) for finding in found],
        }
        self.stdout.write(json.dumps(answer, indent=2))

    def write_lines(self, found: list[integrity.Finding]) -> None:
        for finding in found:
            self.stdout.write(f"{finding.check}: {finding.sentence}")
        count = len(integrity.names())
        self.stdout.write(f"{count} checks, {len(found)} findings.")


def usual_processes() -> int:
    """Other processes see only what is committed, and a file of SQLite has one reader's pace."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return 1
    return min(4, os.cpu_count() or 1)
