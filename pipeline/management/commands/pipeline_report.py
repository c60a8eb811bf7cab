from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pipeline.models import Pipeline
from pipeline.reports.inwords import in_words
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import SEPARATE
from pipeline.reports.summary import summary


class Command(BaseCommand):
    help = "The numbers of a pipeline over some days, in words or as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pipeline", required=True, metavar="KEY")
        parser.add_argument("--from", dest="since", required=True, type=day, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--to", dest="until", required=True, type=day, metavar="YYYY-MM-DD", help="Included."
        )
        parser.add_argument("--by", choices=SEPARATE, default="owner")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        pipeline = Pipeline.objects.filter(key=options["pipeline"]).first()
        if pipeline is None:
            known = ", ".join(Pipeline.objects.order_by("position").values_list("key", flat=True))
            raise CommandError(
                f"There is no pipeline “{options['pipeline']}” (there are: {known})."
            )
        if options["until"] < options["since"]:
            raise CommandError("The report ends before it begins.")
        scope = Scope(pipeline, options["since"], options["until"], timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(summary(scope, options["by"]), indent=1))
        else:
            self.stdout.write(in_words(scope, options["by"]))


def day(text: str) -> date:
    """A day as ISO writes it; argparse names whoever is refused."""
    return date.fromisoformat(text)
