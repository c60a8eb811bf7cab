from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pipeline.operations import take_snapshots
from revops.people.actor import Actor, Via


class Command(BaseCommand):
    help = "Keep what the deals come to now as today's snapshot of the forecast, once a day."

    def handle(self, *args: Any, **options: Any) -> None:
        written = take_snapshots(by=Actor.system(Via.COMMAND), at=timezone.now())
        for key, cells in written.items():
            self.stdout.write(f"{key}: {cells} cells kept.")
        if not written:
            self.stdout.write("Today's snapshots are there already.")
