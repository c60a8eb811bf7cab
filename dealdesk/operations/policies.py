"""Publishing the policy that quotes are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from dealdesk.models import PolicyVersion
from dealdesk.operations.cases import expect_of_preset
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Policy, policy_digest, policy_json, policy_problems
from dealdesk.presets import PRESETS
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Refused


@transaction.atomic(durable=True)
def publish_policy(
    *, policy: Policy, label: str, note: str = "", preset: str = "", by: Actor, at: datetime
) -> PolicyVersion:
    """Put a policy in force as the next version. Running requests stay with theirs.

    A person who does so without a draft has no second one: the version waits to be confirmed.
    Raises Refused naming everything that makes it unfit, or when it is in force already.
    """
    check_can_govern(by=by)
    alone = {"was_alone": True, "proposed_at": at, "proposed_by": by.user} if by.user else {}
    return put_in_force(policy, label=label, note=note, preset=preset, behind=alone, by=by, at=at)


def put_in_force(
    policy: Policy,
    *,
    label: str,
    note: str,
    preset: str,
    behind: Mapping[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> PolicyVersion:
    """Publish within the caller's transaction, which has asked who may.

    `behind` are the columns of the version that say where it comes from and who stands behind it.
    """
    problems = policy_problems(policy)
    if problems:
        raise Refused(" ".join(problems), code="unfit_policy")
    # Everybody who publishes waits here. Every row is locked and the one in force read again
    # afterwards: a row that was waited for and lost its place would not be found at all.
    list(PolicyVersion.objects.select_for_update().order_by("pk").only("pk"))
    before = PolicyVersion.objects.filter(in_force=True).first()
    if before is not None and before.digest == policy_digest(policy):
        raise Refused("This very policy is in force already.", code="unchanged")
    if before is not None:
        before.in_force = False
        before.save(update_fields=["in_force"])
    version = PolicyVersion.objects.create(
        number=next_number(),
        label=label.strip() or policy.name,
        preset=preset,
        body=policy_json(policy),
        digest=policy_digest(policy),
        note=note.strip(),
        published_at=at,
        published_by=by.user,
        in_force=True,
        **(behind or {}),
    )
    record(
        "policy.published",
        version,
        by=by,
        at=at,
        before={"number": before.number, "digest": before.digest} if before else None,
        after={"number": version.number, "digest": version.digest, "label": version.label},
        why=version.note,
    )
    if preset:
        expect_of_preset(preset, by=by, at=at)
    return version


def next_number() -> int:
    return (PolicyVersion.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def publish_preset(*, preset: str, by: Actor, at: datetime) -> PolicyVersion:
    """Publish one of the policies that ship, by its key."""
    policy = PRESETS.get(preset)
    if policy is None:
        raise Refused(f"There is no preset {preset}.", code="unknown_preset")
    return publish_policy(policy=policy, label=policy.name, preset=preset, by=by, at=at)
