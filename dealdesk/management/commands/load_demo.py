"""`manage.py load_demo`: the demo company, as large as asked."""

from __future__ import annotations

import sys
import time

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from dealdesk.demo.loading import load_demo
from revops.people.actor import Actor, Via
from revops.refusals import Refused


class Command(BaseCommand):
    help = "Load the demo company into an empty database: the same deals for the same seed."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--deals", type=int, default=300)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--at", help="The moment taken for now, such as 2026-11-20T10:00Z.")
        parser.add_argument(
            "--password", help="Lets the demo people sign in; in development there is one already."
        )

    def handle(self, *, deals, seed, at, password, verbosity, **options) -> None:
        if password is None:
            password = settings.DEMO_PASSWORD if settings.DEV_TOOLS else ""
        moment = parse_datetime(at) if at else timezone.now().replace(microsecond=0)
        if moment is None or moment.tzinfo is None:
            raise CommandError(f"{at} is no moment with a zone, such as 2026-11-20T10:00Z.")
        started = time.monotonic()
        try:
            loaded = load_demo(
                deals=deals,
                seed=seed,
                password=password,
                by=Actor.system(Via.COMMAND),
                at=moment,
                told=self.tell,
            )
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if verbosity:
            seconds = time.monotonic() - started
            self.stdout.write(
                f"Loaded {loaded.deals:,} deals and {loaded.people} people in {seconds:.1f} s."
            )
        if verbosity > 1:
            for kind, count in loaded.rows.items():
                self.stdout.write(f"  {kind:<14} {count:>10,}")

    def tell(self, done: int, of: int) -> None:
        if sys.stdout.isatty() and of > 5000:
            self.stdout.write(f"\r{done:,} of {of:,} deals", ending="" if done < of else "\n")
            self.stdout.flush()
