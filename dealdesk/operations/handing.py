"""What happens to the open approvals of a person who leaves, or whose work others take over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dealdesk.directory import held_as, person_of
from dealdesk.exclusions import excluded_people
from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.operations.decisions import locked_slot
from dealdesk.operations.ending import tell_approvers
from dealdesk.operations.shared import lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import (
    add_slot,
    empty_groups,
    open_slots,
    refill,
    release,
    tell_unanswerable,
)
from dealdesk.permissions import check_can_govern, check_fits
from dealdesk.policy import Role
from dealdesk.pricing import Problem
from dealdesk.routing import RouteGroup, route_from_plain
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, Refused

State = ApprovalSlot.State


def undecided_slots(user: User) -> list[ApprovalSlot]:
    found = ApprovalSlot.objects.filter(
        person=user,
        state__in=[State.REQUESTED, State.NOT_YET_REQUESTED],
        step__request__status=ApprovalRequest.Status.PENDING,
    )
    return list(found.select_related("step__request__deal").order_by("step__request__deal", "pk"))


def describe_slots(user: User) -> list[str]:
    """A sentence for the approvals that wait for this person, for who deactivates them."""
    slots = undecided_slots(user)
    if not slots:
        return []
    deals = list(dict.fromkeys(slot.step.request.deal.name for slot in slots))
    named = ", ".join(deals[:3]) + (f" and {len(deals) - 3} more" if len(deals) > 3 else "")
    return [f"{len(slots)} open approval{'s' * (len(slots) != 1)}: {named}"]


def hand_over_slots(user: User, successor: User, by: Actor, at: datetime) -> None:
    """Let the successor answer where they are eligible, and somebody else where they are not."""
    for found in undecided_slots(user):
        deal = lock_deal(found.step.request.deal_id)
        request = lock_request(found.step.request_id, deal)
        slot = ApprovalSlot.objects.select_related("step", "person").get(pk=found.pk)
        slot.step.request = request
        if not request.is_pending or slot.state not in (State.REQUESTED, State.NOT_YET_REQUESTED):
            continue
        was_open = slot.is_open
        release(slot, why=f"{user.name} leaves; {successor.name} takes over.", by=by, at=at)
        if not _take_over(slot, request, user, successor, was_open=was_open, by=by, at=at):
            _ask_others(request, user, by=by, at=at)


def _take_over(
    slot: ApprovalSlot,
    request: ApprovalRequest,
    user: User,
    successor: User,
    *,
    was_open: bool,
    by: Actor,
    at: datetime,
) -> bool:
    """Give the slot to the successor, where they hold its role, are not excluded, nor asked."""
    if slot.step.added_by_id:
        return False  # Somebody in person was asked beside the policy.
    role = Role(slot.role)
    person = person_of(successor)
    excluded = excluded_people(request.quote, request.submitted_by, at)
    busy = slot.step.slots.exclude(state=State.REASSIGNED).filter(person=successor).exists()
    held = held_as(person, role)
    if busy or not held or not person.active or successor.pk in excluded:
        return False
    group = route_group(request, slot)
    if group is None:
        return False
    note = f"{successor.name} takes over from {user.name}."
    new = add_slot(slot.step, group, successor, held=held, substitution=note)
    if was_open:
        open_slots([new], request, at=at)
    else:
        new.save()
    record(
        "approval.asked",
        new,
        by=by,
        at=at,
        after={"person": successor.pk, "role": slot.role, "instead_of": user.pk},
        related=[request, request.deal],
    )
    return True


@dataclass(frozen=True)
class Handed:
    """What became of one open approval."""

    slot: ApprovalSlot
    to: User
    sentence: str
    ok: bool = True


def hand_over_approvals(
    *, person: User, successors: Mapping[str, User], reason: str, by: Actor, at: datetime
) -> list[Handed]:
    """Give the open approvals of a person to a successor for each role; roles not named stay.

    For RevOps. Each approval is a transaction of its own: one that the successor may not decide
    stays where it is, and the result says why.
    """
    check_can_govern(by=by)
    if not reason.strip():
        raise Refused("Say why these are handed over.", code="reason_missing")
    if not successors:
        raise Refused("Choose who takes over at least one role.", code="incomplete")
    return [
        _handed(slot, successors[slot.role], reason.strip(), by=by, at=at)
        for slot in undecided_slots(person)
        if slot.role in successors
    ]


def _handed(slot: ApprovalSlot, to: User, reason: str, *, by: Actor, at: datetime) -> Handed:
    try:
        return Handed(slot, to, _hand_over(slot, to, reason, by=by, at=at))
    except Refused as refused:
        return Handed(slot, to, refused.message, ok=False)


@transaction.atomic(durable=True)
def _hand_over(found: ApprovalSlot, to: User, reason: str, *, by: Actor, at: datetime) -> str:
    """Close one slot with its links and ask the successor; they must fit as anybody would.

    Where they are asked for the same role already, their own answer is enough.
    """
    deal = lock_deal(found.step.request.deal_id)
    request = lock_request(found.step.request_id, deal)
    slot = locked_slot(found.pk, request)
    if not request.is_pending or slot.state not in (State.REQUESTED, State.NOT_YET_REQUESTED):
        raise Conflict("It was answered meanwhile.", code="not_open")
    if slot.step.slots.open().filter(person=to, role=slot.role).exists() and to != slot.person:
        release(slot, why=reason, by=by, at=at)
        return f"{to.name} was asked already."
    role = check_fits(slot, to, excluded=excluded_people(request.quote, request.submitted_by, at))
    was_open = slot.is_open
    release(slot, why=reason, by=by, at=at)
    new = ApprovalSlot(
        step=slot.step,
        role=slot.role,
        person=to,
        held_as=role,
        substitution=f"{to.name} takes over from {slot.person.name}: {reason}"[:300],
        hours=slot.hours,
        state=State.NOT_YET_REQUESTED,
    )
    if was_open:
        open_slots([new], request, at=at)
        tell_approvers([slot], request, why=f"{to.name} is asked instead.", by=by, at=at)
    else:
        new.save()
    after = {"person": to.pk, "role": slot.role, "instead_of": slot.person_id}
    record("approval.asked", new, by=by, at=at, after=after, related=[request, deal])
    return f"{to.name} is asked now."


def route_group(request: ApprovalRequest, slot: ApprovalSlot) -> RouteGroup | None:
    for step in route_from_plain(request.route).steps:
        for group in step.groups:
            if step.key == slot.step.key and group.role.value == slot.role:
                return group
    return None


def _ask_others(request: ApprovalRequest, leaver: User, *, by: Actor, at: datetime) -> None:
    policy = pinned_policy(request)
    excluded = excluded_people(request.quote, request.submitted_by, at)
    excluded[leaver.pk] = "is leaving"
    problems: list[Problem] = []
    for step, role in empty_groups(request):
        problems += refill(request, step, role, policy, excluded, by=by, at=at)
    if problems:
        tell_unanswerable(request, problems, at=at)
