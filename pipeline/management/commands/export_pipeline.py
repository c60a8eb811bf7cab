from django.core.management.base import BaseCommand, CommandError

from pipeline.rulereading import file_of


class Command(BaseCommand):
    help = "Write the rules of a pipeline, as they are in force, to standard output as YAML."

    def add_arguments(self, parser):
        parser.add_argument("key", help="the pipeline's key, such as new-business")
        parser.add_argument(
            "--version-number", type=int, help="an older version instead of the one in force"
        )
        parser.add_argument("--draft", action="store_true", help="the draft instead")
        parser.add_argument(
            "--no-choices", action="store_true", help="leave out the pick lists, which all share"
        )

    def handle(self, *args, key, version_number, draft, no_choices, **options):
        from pipeline.rulefiles import write_rules

        try:
            file = file_of(key, number=version_number, draft=draft, choices=not no_choices)
        except LookupError as missing:
            raise CommandError(str(missing)) from None
        self.stdout.write(write_rules(file), ending="")
