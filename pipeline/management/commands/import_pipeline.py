from django.core.management.base import CommandError
from django.utils import timezone

from pipeline.operations.ruleimports import import_rules
from pipeline.rulefiles import read_rules
from revops.management.drafting import DraftCommand, said_in
from revops.people.actor import Actor, Via
from revops.refusals import Refused


class Command(DraftCommand):
    help = "Draft a pipeline's rules from a YAML file, and say what differs from those in force."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--publish", action="store_true", help="publish the draft at once")

    def handle(self, *args, file, dry_run, publish, replace_draft, **options):
        said = said_in(file, read_rules)
        by = Actor.system(Via.COMMAND)
        try:
            found = import_rules(
                file=said,
                publish_it=publish,
                replace_draft=replace_draft,
                dry_run=dry_run,
                by=by,
                at=timezone.now(),
            )
        except Refused as refused:
            raise CommandError(refused.message) from None
        self.tell(found, dry_run=dry_run, publish=publish)

    def tell(self, found, *, dry_run, publish):
        for each in found.differences:
            self.stdout.write(f"  {each}")
        for sentence in found.choices:
            self.stdout.write(f"  {sentence}")
        name = found.pipeline.name
        for fault in found.faults:
            self.stdout.write(f"  Not fit to be published: {fault.sentence}")
        if not found.differences and not found.choices:
            self.stdout.write(f"Nothing differs: {name} is as the file says.")
        elif dry_run:
            self.stdout.write(f"{name}: nothing was written (dry run).")
        elif found.version is None:
            self.stdout.write(f"{name}: the pick lists are as the file says; no rule differs.")
        elif publish:
            self.stdout.write(f"{name}: version {found.version.number} is in force.")
        else:
            self.stdout.write(
                f"{name}: version {found.version.number} is drafted. Publish it on its page, "
                "or with --publish."
            )
