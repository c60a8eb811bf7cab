from django.core.management.base import BaseCommand, CommandError

from dealdesk.models import PolicyDraft, PolicyVersion
from dealdesk.policy import policy_from_json
from dealdesk.policydrafts import draft_policy, meant_in
from dealdesk.policyfiles import PolicyFile, write_policy_file


class Command(BaseCommand):
    help = "Write the policy in force to standard output as YAML."

    def add_arguments(self, parser):
        parser.add_argument(
            "--version-number", type=int, help="an older version instead of the one in force"
        )
        parser.add_argument("--draft", action="store_true", help="the draft instead")

    def handle(self, *args, version_number, draft, **options):
        file = draft_file() if draft else version_file(version_number)
        self.stdout.write(write_policy_file(file), ending="")


def draft_file() -> PolicyFile:
    draft = PolicyDraft.objects.first()
    if draft is None:
        raise CommandError("There is no draft of the policy.")
    meant = dict(draft.acknowledgements.values_list("key", "note"))
    return PolicyFile(draft_policy(draft), draft.note, meant)


def version_file(number: int | None) -> PolicyFile:
    chosen = {"in_force": True} if number is None else {"number": number}
    version = PolicyVersion.objects.filter(**chosen).first()
    if version is None:
        raise CommandError(
            "No policy is published." if number is None else f"There is no version {number}."
        )
    return PolicyFile(policy_from_json(version.body), version.note, meant_in(version))
