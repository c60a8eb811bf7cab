import sys

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pipeline.operations.ruleimports import import_rules
from pipeline.rulefiles import BadFile, read_rules
from revops.people.actor import Actor, Via
from revops.refusals import Refused


class Command(BaseCommand):
    help = "Draft a pipeline's rules from a YAML file, and say what differs from those in force."

    def add_arguments(self, parser):
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what differs; write nothing"
        )
        parser.add_argument("--publish", action="store_true", help="publish the draft at once")
        parser.add_argument(
            "--replace-draft", action="store_true", help="throw away the draft there is"
        )

    def handle(self, *args, file, dry_run, publish, replace_draft, **options):
        try:
            said = read_rules(read(file))
        except BadFile as bad:
            raise CommandError("\n".join([f"{file} cannot be read:", *bad.faults])) from None
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


def read(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandError(f"{file} cannot be read: {fault}") from None
