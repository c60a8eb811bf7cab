"""Putting a drafted policy in force: one person proposes it, a second confirms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from dealdesk.models import DraftAcknowledgement, PolicyDraft, PolicyVersion
from dealdesk.operations.cases import expect_of_preset
from dealdesk.operations.policies import next_number, put_in_force
from dealdesk.operations.policydrafting import lock_draft
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Policy, policy_from_json
from dealdesk.policychecks import Checked, check_policy
from dealdesk.policydiffs import differences, is_changed
from dealdesk.policydrafts import draft_policy
from dealdesk.presets import PRESETS
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import Conflict, Missing, NotAllowed, Refused


@dataclass(frozen=True)
class Standing:
    """What a draft comes to: its policy, what was found in it, and who may put it in force."""

    policy: Policy
    checked: Checked
    acknowledged: frozenset[str]
    faults: tuple[Missing, ...]


@transaction.atomic(durable=True)
def propose_policy(*, version: int | None = None, by: Actor, at: datetime) -> PolicyDraft:
    """Vouch for the draft as it is and ask the other administrators to confirm it.

    Raises Refused naming all that stops it; changing the draft takes the proposal back.
    """
    draft = lock_draft(version, by=by)
    user = somebody(by)
    check_fit(standing_of(draft, at=at))
    draft.proposed_at, draft.proposed_by = at, user
    draft.save_version(update_fields=["proposed_at", "proposed_by"])
    facts = {"name": draft.name, "who": user.name, "note": draft.note}
    for person in others(user):
        key = f"{draft.pk}.{draft.version}"
        notify(
            person,
            "policy.proposed",
            about=draft,
            dedupe_key=key,
            at=at,
            context=facts,
            link=f"policydraft:{draft.pk}",
        )
    record("policy.proposed", draft, by=by, at=at, after={"name": draft.name}, why=draft.note)
    return draft


@transaction.atomic(durable=True)
def publish_policy_draft(*, version: int | None = None, by: Actor, at: datetime) -> PolicyVersion:
    """Put the draft in force, as the second person or as the only administrator there is.

    Running requests stay on their version. Raises NotAllowed for who proposed or wrote it,
    Refused naming every finding and case that stops it, Conflict when it was changed meanwhile.
    """
    draft = lock_draft(version, by=by)
    user = somebody(by)
    check_can_confirm(draft, by=by)
    standing = standing_of(draft, at=at)
    check_fit(standing)
    is_alone = not others(user)
    published = put_in_force(
        called(standing.policy, draft),
        label=draft.name,
        note=draft.note,
        preset=draft.preset if is_preset(draft, standing.policy) else "",
        behind={
            "based_on": draft.based_on,
            "acknowledged": meant(draft, standing),
            "proposed_at": at if is_alone else draft.proposed_at,
            "proposed_by": user if is_alone else draft.proposed_by,
            "was_alone": is_alone,
            "confirmed_at": None if is_alone else at,
            "confirmed_by": None if is_alone else user,
        },
        by=by,
        at=at,
    )
    if draft.preset and not published.preset:
        expect_of_preset(draft.preset, by=by, at=at)
    draft.delete()
    tell(published, user, at=at)
    return published


@transaction.atomic(durable=True)
def confirm_policy(*, policy: PolicyVersion, by: Actor, at: datetime) -> PolicyVersion:
    """Stand behind a version that one person published alone.

    Raises NotAllowed for that person, Conflict where nobody is waited for.
    """
    check_can_govern(by=by)
    user = somebody(by)
    policy = PolicyVersion.objects.select_for_update(no_key=True).get(pk=policy.pk)
    check_can_stand_behind(policy, by=by)
    policy.confirmed_at, policy.confirmed_by = at, user
    policy.save(update_fields=["confirmed_at", "confirmed_by"])
    after = {"number": policy.number, "digest": policy.digest}
    record("policy.confirmed", policy, by=by, at=at, after=after)
    return policy


# Who


def somebody(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed("A policy is proposed and published by people.")
    return by.user


def others(user: User) -> list[User]:
    """The other people who may confirm what this one proposes."""
    admins = User.objects.admitted().holding(Role.REVOPS_ADMIN).by_name()
    return list(admins.exclude(pk=user.pk))


def check_can_propose(draft: PolicyDraft, *, by: Actor) -> None:
    """Raise unless somebody else could confirm what `by` proposes."""
    check_can_govern(by=by)
    if not others(somebody(by)):
        raise Refused("Nobody else could confirm it. Publish it yourself.", code="alone")


def check_can_confirm(draft: PolicyDraft, *, by: Actor) -> None:
    """Raise unless `by` may put the draft in force: a second person who did not write it.

    Where everybody else wrote in it too, one who did not propose it; the only administrator
    there is publishes alone.
    """
    check_can_govern(by=by)
    user = somebody(by)
    rest = others(user)
    if not rest:
        return
    if draft.proposed_by_id is None:
        raise Refused(
            "Propose it first: then another RevOps administrator confirms it.",
            code="not_proposed",
        )
    if draft.proposed_by_id == user.pk:
        names = ", ".join(person.name for person in rest)
        raise NotAllowed(f"You proposed it. It takes a second person: {names}.")
    authors = set(draft.authors.values_list("pk", flat=True))
    free = [each for each in rest if each.pk not in {*authors, draft.proposed_by_id}]
    if user.pk in authors and free:
        names = ", ".join(person.name for person in free)
        raise NotAllowed(f"You wrote in this draft. It takes somebody who did not: {names}.")


def check_can_stand_behind(policy: PolicyVersion, *, by: Actor) -> None:
    """Raise unless this version waits for a second person, and `by` is one."""
    check_can_govern(by=by)
    if not policy.awaits_a_second:
        raise Conflict("Nobody is asked to confirm this version.", code="confirmed")
    if policy.proposed_by_id == somebody(by).pk:
        raise NotAllowed("You published it. It takes a second person to confirm it.")


# What


def standing_of(draft: PolicyDraft, *, at: datetime) -> Standing:
    """Hold the draft against the company as it is, and against the policy in force."""
    policy = draft_policy(draft)
    checked = check_policy(policy, preset=draft.preset, at=at)
    acknowledged = frozenset(meant_now(draft, checked))
    return Standing(policy, checked, acknowledged, tuple(faults_of(policy, checked, acknowledged)))


def meant_now(draft: PolicyDraft, checked: Checked) -> dict[str, DraftAcknowledgement]:
    """What was acknowledged of what is found now, by its key.

    A finding that says something else by now, another percentage say, is meant by nobody yet.
    """
    said = {each.key: each.sentence for each in checked.findings}
    rows = draft.acknowledgements.select_related("acknowledged_by")
    return {row.key: row for row in rows if row.sentence in ("", said.get(row.key))}


def faults_of(policy: Policy, checked: Checked, acknowledged: frozenset[str]) -> list[Missing]:
    """Everything that stops publishing, a sentence each."""
    faults = [
        Missing(each.key, each.area.value.capitalize(), each.sentence)
        for each in checked.stopping(acknowledged)
    ]
    faults += [
        Missing(f"case.{each.case.key}", "Test case", f"{each.case.name}: {each.sentence}")
        for each in checked.failed
    ]
    in_force = PolicyVersion.objects.filter(in_force=True).first()
    if in_force and not differences(policy_from_json(in_force.body), policy):
        faults.append(
            Missing("unchanged", "Differences", "Nothing differs from the policy in force.")
        )
    return faults


def check_fit(standing: Standing) -> None:
    if standing.faults:
        text = "This policy cannot be published yet. "
        text += " ".join(dict.fromkeys(fault.sentence for fault in standing.faults))
        raise Refused(text, code="unfit_policy", missing=list(standing.faults))


def called(policy: Policy, draft: PolicyDraft) -> Policy:
    """The policy with a version of its own; one that comes again as it was keeps what it had."""
    base = policy_from_json(draft.based_on.body) if draft.based_on else None
    if base is not None and base.name == policy.name and not is_changed(base, policy):
        return replace(policy, version=base.version)
    return replace(policy, version=f"{slugify(policy.name)[:80]}-v{next_number()}")


def is_preset(draft: PolicyDraft, policy: Policy) -> bool:
    """Whether the draft is the preset it began with, unchanged."""
    preset = PRESETS.get(draft.preset)
    return preset is not None and not is_changed(preset, policy)


def meant(draft: PolicyDraft, standing: Standing) -> list[dict[str, Any]]:
    """What was acknowledged of what is found now, as it is kept with the version."""
    rows = meant_now(draft, standing.checked)
    return [
        {
            "key": each.key,
            "sentence": each.sentence,
            "note": rows[each.key].note,
            "by": rows[each.key].acknowledged_by_id,
            "at": rows[each.key].acknowledged_at.isoformat(),
        }
        for each in standing.checked.findings
        if each.is_error and each.key in rows
    ]


def tell(published: PolicyVersion, user: User, *, at: datetime) -> None:
    """Tell everybody who decides or governs that another policy is in force."""
    facts = {
        "name": published.label,
        "number": published.number,
        "who": user.name,
        "proposer": published.proposed_by.name if published.proposed_by else "",
        "note": published.note,
        "is_alone": published.was_alone,
    }
    people = User.objects.active().holding(*TOLD).exclude(pk=user.pk).order_by("pk")
    for person in people:
        notify(
            person,
            "policy.published",
            about=published,
            dedupe_key=str(published.pk),
            at=at,
            context=facts,
            link=f"policy:{published.number}",
        )


TOLD = (
    Role.REVOPS_ADMIN,
    Role.SALES_MANAGER,
    Role.VP_SALES,
    Role.DEAL_DESK,
    Role.FINANCE,
    Role.LEGAL,
)
