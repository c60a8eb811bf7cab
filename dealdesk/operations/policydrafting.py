"""The draft of the next policy: begun, changed, thrown away, its findings meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from dealdesk.models import DraftAcknowledgement, PolicyDraft, PolicyVersion
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Policy, policy_from_json
from dealdesk.policychecks import check_policy
from dealdesk.policydiffs import Difference, differences
from dealdesk.policydrafts import draft_policy, write_policy
from dealdesk.policyfiles import PolicyFile
from dealdesk.policyranges import out_of_range
from dealdesk.presets import ACKNOWLEDGED, PRESETS
from revops.company.models import Company
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Conflict, Missing, Refused

PARTS = frozenset(Policy.__dataclass_fields__) - {"version"}


@transaction.atomic(durable=True)
def start_policy_draft(
    *, origin: PolicyVersion | None = None, preset: str = "", by: Actor, at: datetime
) -> PolicyDraft:
    """Begin the one draft: a copy of the version in force, of an older one, or of a preset.

    Raises Conflict when there is a draft already, whoever began it.
    """
    check_can_govern(by=by)
    in_force = lock_versions()
    if PolicyDraft.objects.exists():
        raise Conflict("There is a draft of the policy already. Open it.", code="has_draft")
    if preset and preset not in PRESETS:
        raise Refused(f"There is no preset {preset}.", code="unknown_preset")
    based_on = None if preset else origin or in_force
    if not preset and based_on is None:
        raise Refused("No policy is published yet. Begin with a preset.", code="no_policy")
    policy = policy_from_json(based_on.body) if based_on else PRESETS[preset]
    draft = open_draft(policy, based_on=based_on, preset=preset, by=by, at=at)
    carry_acknowledgements(draft, based_on, preset, at=at)
    after = {"based_on": based_on.number if based_on else None, "preset": preset}
    record("policy.draft_started", draft, by=by, at=at, after=after)
    return draft


def lock_versions() -> PolicyVersion | None:
    """Return the version in force; until the transaction ends no other comes or goes."""
    list(PolicyVersion.objects.select_for_update(no_key=True).order_by("pk").only("pk"))
    return PolicyVersion.objects.filter(in_force=True).first()


def open_draft(
    policy: Policy, *, based_on: PolicyVersion | None, preset: str, by: Actor, at: datetime
) -> PolicyDraft:
    draft = PolicyDraft.objects.create(
        name=policy.name,
        code=policy.version,
        based_on=based_on,
        preset=preset or (based_on.preset if based_on else ""),
        started_at=at,
        started_by=by.user,
    )
    write_policy(draft, policy)
    draft.save()
    return draft


def carry_acknowledgements(
    draft: PolicyDraft, origin: PolicyVersion | None, preset: str, *, at: datetime
) -> None:
    """What was meant in the version that a draft begins with is meant in the draft."""
    rows = [
        DraftAcknowledgement(
            draft=draft,
            key=each["key"],
            sentence=each["sentence"],
            note=each["note"],
            acknowledged_at=datetime.fromisoformat(each["at"]),
            acknowledged_by_id=each["by"],
        )
        for each in (origin.acknowledged if origin else [])
    ]
    known = {row.key for row in rows}
    shipped = ACKNOWLEDGED.get(preset or (origin.preset if origin else ""), {})
    rows += [
        DraftAcknowledgement(draft=draft, key=key, sentence="", note=note, acknowledged_at=at)
        for key, note in shipped.items()
        if key not in known
    ]
    DraftAcknowledgement.objects.bulk_create(rows)


def lock_draft(version: int | None, *, by: Actor) -> PolicyDraft:
    """Return the draft, held; Conflict when it is gone or is not as its editor saw it."""
    check_can_govern(by=by)
    draft = PolicyDraft.objects.select_for_update(no_key=True).first()
    if draft is None:
        raise Conflict(
            "There is no draft of the policy any more: it was published or thrown away. "
            "Look at the versions, then start another.",
            code="no_draft",
        )
    check_version(draft, version)
    return draft


@transaction.atomic(durable=True)
def change_policy_draft(
    *,
    changes: Mapping[str, Any],
    note: str | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PolicyDraft:
    """Make the draft say `changes`, parts of a Policy by name, and take a proposal of it back.

    `note` is why the policy changes; None leaves it. Raises Refused naming everything that no
    draft can hold, and Conflict when somebody else changed it meanwhile.
    """
    unknown = sorted(changes.keys() - PARTS)
    if unknown:
        raise Refused(f"A policy has no {', '.join(unknown)}.", code="invalid")
    draft = lock_draft(version, by=by)
    before = draft_policy(draft)
    after = replace(before, **changes)
    check_range(after)
    found = differences(before, after, Company.get().currency)
    is_noted = note is not None and note.strip() != draft.note
    if note is not None:
        draft.note = note.strip()
    if found:
        write_policy(draft, after)
    if found or is_noted:
        touch(draft, by=by)
        told = [str(each) for each in found] or ["The note is another."]
        record("policy.draft_changed", draft, by=by, at=at, after={"changes": told})
    return draft


def check_range(policy: Policy) -> None:
    problems = out_of_range(policy)
    if problems:
        raise Refused(" ".join(problems), code="invalid")


def touch(draft: PolicyDraft, *, by: Actor) -> None:
    """Save a draft that somebody changed; who proposed it before did not mean this."""
    draft.proposed_at = draft.proposed_by = None
    names = [field.name for field in draft._meta.concrete_fields if not field.primary_key]
    draft.save_version(update_fields=[name for name in names if name != "version"])
    if by.user is not None:
        draft.authors.add(by.user)


@transaction.atomic(durable=True)
def discard_policy_draft(*, version: int | None = None, by: Actor, at: datetime) -> None:
    """Throw the draft away; the policy in force stays as it is."""
    draft = lock_draft(version, by=by)
    record("policy.draft_discarded", draft, by=by, at=at, before={"name": draft.name})
    draft.delete()


@transaction.atomic(durable=True)
def acknowledge_finding(
    *, key: str, note: str, version: int | None = None, by: Actor, at: datetime
) -> DraftAcknowledgement:
    """Say that an error the linter found in the draft is meant, and why.

    Raises Refused without a note, for what is not found any more, and for what makes the policy
    mean nothing.
    """
    draft = lock_draft(version, by=by)
    found = {each.key: each for each in check_policy(draft_policy(draft), at=at).findings}
    finding = found.get(key)
    if finding is None or not finding.is_error:
        raise Refused("The linter does not find this any more.", code="not_found")
    if finding.final:
        raise Refused(
            f"This cannot be meant, it must be corrected: {finding.sentence}", code="final"
        )
    if not note.strip():
        fault = Missing("note", "Why it is meant", "Say why it is meant.")
        raise Refused(fault.sentence, code="invalid", missing=[fault])
    draft.acknowledgements.filter(key=key).delete()
    row = DraftAcknowledgement.objects.create(
        draft=draft,
        key=key,
        sentence=finding.sentence,
        note=note.strip(),
        acknowledged_at=at,
        acknowledged_by=by.user,
    )
    touch(draft, by=by)
    after = {"key": key, "sentence": finding.sentence}
    record("policy.finding_acknowledged", draft, by=by, at=at, after=after, why=row.note)
    return row


@transaction.atomic(durable=True)
def import_policy(
    *,
    file: PolicyFile,
    replace_draft: bool = False,
    dry_run: bool = False,
    by: Actor,
    at: datetime,
) -> list[Difference]:
    """Make the draft say what a file says, beginning one where there is none.

    Returns what differs from the policy in force. Raises Conflict when somebody is at work on a
    draft and it is not to be replaced. A dry run writes nothing.
    """
    check_can_govern(by=by)
    in_force = lock_versions()
    check_range(file.policy)
    before = policy_from_json(in_force.body) if in_force else None
    found = differences(before, file.policy, Company.get().currency) if before else []
    if dry_run:
        return found
    standing = PolicyDraft.objects.select_for_update(no_key=True).first()
    if standing is not None and not replace_draft:
        raise Conflict("There is a draft of the policy already.", code="has_draft")
    draft_from(file, standing, in_force, found, by=by, at=at)
    return found


def draft_from(
    file: PolicyFile,
    standing: PolicyDraft | None,
    in_force: PolicyVersion | None,
    found: list[Difference],
    *,
    by: Actor,
    at: datetime,
) -> PolicyDraft:
    if standing is not None:
        record("policy.draft_discarded", standing, by=by, at=at, before={"name": standing.name})
        standing.delete()
    code = policy_from_json(in_force.body).version if in_force else file.policy.version
    policy = replace(file.policy, version=code)
    draft = open_draft(policy, based_on=in_force, preset="", by=by, at=at)
    carry_acknowledgements(draft, in_force, "", at=at)
    known = set(draft.acknowledgements.values_list("key", flat=True))
    DraftAcknowledgement.objects.bulk_create(
        DraftAcknowledgement(
            draft=draft,
            key=key,
            sentence="",
            note=note,
            acknowledged_at=at,
            acknowledged_by=by.user,
        )
        for key, note in file.acknowledged.items()
        if key not in known
    )
    draft.note = file.note
    touch(draft, by=by)
    after = {"changes": [str(each) for each in found]}
    record("policy.draft_imported", draft, by=by, at=at, after=after)
    return draft
