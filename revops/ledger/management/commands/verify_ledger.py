import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand

from revops.ledger.verification import verify


class Command(BaseCommand):
    help = "Recompute every hash and seal of the ledger; name the first broken entry and exit 1."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args, **options):
        report = verify()
        if options["json"]:
            self.stdout.write(json.dumps({"intact": report.is_intact, **asdict(report)}, indent=2))
        else:
            self.say(report)
        if not report.is_intact:
            sys.exit(1)

    def say(self, report):
        for problem in report.problems:
            self.stdout.write(self.style.ERROR(problem["sentence"]))
        self.stdout.write(
            f"{report.entries} entries on {report.subjects} subjects, "
            f"{report.checkpoints} checkpoints, {report.unsealed} entries not yet sealed."
        )
        if report.is_intact:
            self.stdout.write(self.style.SUCCESS("The ledger is intact."))
        else:
            first = report.problems[0]
            self.stdout.write(self.style.ERROR(f"The ledger is broken, first: {first['sentence']}"))
