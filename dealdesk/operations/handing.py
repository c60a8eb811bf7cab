"""What happens to the open approvals of a person who leaves."""

from __future__ import annotations

from datetime import datetime

from dealdesk.directory import held_as, person_of
from dealdesk.exclusions import excluded_people
from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.operations.shared import lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import (
    add_slot,
    empty_groups,
    open_slots,
    refill,
    release,
    tell_unanswerable,
)
from dealdesk.policy import Role
from dealdesk.pricing import Problem
from dealdesk.routing import RouteGroup, route_from_plain
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import User

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
    role = Role(slot.role)
    person = person_of(successor)
    excluded = excluded_people(request.quote, request.submitted_by)
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


def route_group(request: ApprovalRequest, slot: ApprovalSlot) -> RouteGroup | None:
    for step in route_from_plain(request.route).steps:
        for group in step.groups:
            if step.key == slot.step.key and group.role.value == slot.role:
                return group
    return None


def _ask_others(request: ApprovalRequest, leaver: User, *, by: Actor, at: datetime) -> None:
    policy = pinned_policy(request)
    excluded = excluded_people(request.quote, request.submitted_by)
    excluded[leaver.pk] = "is leaving"
    problems: list[Problem] = []
    for step, role in empty_groups(request):
        problems += refill(request, step, role, policy, excluded, by=by, at=at)
    if problems:
        tell_unanswerable(request, problems, at=at)
