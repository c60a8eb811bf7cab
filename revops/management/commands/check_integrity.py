"""Find what a direct write could have broken across rows; exits 1 when anything is."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from revops import integrity


class Command(BaseCommand):
    help = "Check the rules that hold across rows: rollups, visits, counts, ledger."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        found = integrity.findings()
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
