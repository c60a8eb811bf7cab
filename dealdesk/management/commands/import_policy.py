from django.core.management.base import CommandError
from django.utils import timezone

from dealdesk.models import PolicyVersion
from dealdesk.operations.policydrafting import import_policy
from dealdesk.policychecks import check_policy
from dealdesk.policydrafts import meant_in
from dealdesk.policyfiles import read_policy_file
from revops.management.drafting import DraftCommand, said_in
from revops.people.actor import Actor, Via
from revops.refusals import Refused


class Command(DraftCommand):
    help = "Draft the policy from a YAML file, and say what differs from the one in force."

    def handle(self, *args, file, dry_run, replace_draft, **options):
        at = timezone.now()
        said = said_in(file, read_policy_file)
        try:
            found = import_policy(
                file=said,
                replace_draft=replace_draft,
                dry_run=dry_run,
                by=Actor.system(Via.COMMAND),
                at=at,
            )
        except Refused as refused:
            hint = " --replace-draft throws it away." if refused.code == "has_draft" else ""
            raise CommandError(refused.message + hint) from None
        for each in found:
            self.stdout.write(f"  {each}")
        checked = check_policy(said.policy, at=at)
        in_force = PolicyVersion.objects.filter(in_force=True).first()
        for lint in checked.stopping({**meant_in(in_force), **said.acknowledged}):
            self.stdout.write(f"  The linter stops it: {lint.sentence}")
        for result in checked.failed:
            self.stdout.write(f"  A test case is red: {result.case.name}. {result.sentence}")
        self.stdout.write(self.outcome(found, dry_run=dry_run))

    def outcome(self, found, *, dry_run):
        if dry_run:
            return "Nothing was written (dry run)." if found else "Nothing differs."
        return "It is the draft now. Propose it on its page; a second administrator confirms it."
