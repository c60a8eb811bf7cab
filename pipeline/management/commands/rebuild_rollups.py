from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from pipeline import integrity, rollups, standings, tallies
from pipeline.findings import folding

CHECKS = (
    integrity.check_rollups,
    integrity.check_standings,
    integrity.check_tallies,
    integrity.check_finding_tallies,
)


class Command(BaseCommand):
    help = "Count rollups, standings, tallies and findings anew, or compare them with what is true."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--verify", action="store_true", help="Change nothing; name every difference."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.verify() if options["verify"] else self.rebuild()

    def rebuild(self) -> None:
        with transaction.atomic(durable=True):
            rollups.rebuild_rollups()
            added = standings.backfill_standings()
            standings.correct_standings(at=timezone.now())
        kept = tallies.rebuild(at=timezone.now())
        folding.rebuild(at=timezone.now())
        self.stdout.write(f"Rollups counted, {added} histories added, {kept} tallies kept.")

    def verify(self) -> None:
        found = 0
        for check in CHECKS:
            for sentence in check():
                self.stdout.write(sentence)
                found += 1
        waiting = tallies.waiting()
        if waiting:
            self.stdout.write(f"{waiting} days are marked and will be counted anew.")
        owners = folding.waiting()
        if owners:
            self.stdout.write(f"{owners} owners are marked and will be counted anew.")
        if found:
            raise CommandError(f"{found} differences.", returncode=1)
        self.stdout.write("Everything kept is what the deals say.")
