import json
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from dealdesk.inputs import policy_in_force
from dealdesk.presets import PRESETS
from dealdesk.replay import replay
from revops.refusals import Refused


class Command(BaseCommand):
    help = "Judge all quotes of a period by the policy in force, or by one that ships."

    def add_arguments(self, parser):
        parser.add_argument("--since", type=date.fromisoformat, help="First day, inclusive.")
        parser.add_argument("--until", type=date.fromisoformat, help="Last day, inclusive.")
        parser.add_argument("--preset", choices=sorted(PRESETS), help="Instead of that in force.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        try:
            policy = PRESETS[options["preset"]] if options["preset"] else policy_in_force()[1]
        except Refused as refusal:
            raise CommandError(refusal.message) from None
        result = replay(policy, since=options["since"], until=options["until"])
        found = result.as_json()
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
            return
        self.stdout.write(f"{policy.name}: {found['quotes']} quotes")
        for key, tally in found["routes"].items():
            self.stdout.write(f"{tally['count']:>9}  {tally['net']:>18} {result.currency}  {key}")
        for name, count in found["errors"].items():
            self.stdout.write(f"{count:>9}  could not be judged: {name}")
