"""The steps of a request: written with everybody asked, settled by what is answered."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from dealdesk.directory import users_of
from dealdesk.granting import Granted
from dealdesk.models import ApprovalRequest, ApprovalSlot, ApprovalStep, Decision
from dealdesk.operations.ending import approve_request, tell_outcome
from dealdesk.operations.staffing import open_slots, slots_for, standing
from dealdesk.previewing import Judgement
from dealdesk.resolving import AskedGroup
from dealdesk.settling import Outcome
from revops.people.actor import Actor

SlotState = ApprovalSlot.State
StepState = ApprovalStep.State


def add_steps(request: ApprovalRequest, found: Judgement, *, at: datetime) -> list[ApprovalSlot]:
    """Write the steps with everybody who is asked; what is carried forward is settled already."""
    asked = [group for step in found.resolution.steps for group in step.groups]
    users = users_of(person.key for group in asked for person in group.people)
    slots: list[ApprovalSlot] = []
    for position, step in enumerate(found.resolution.steps, 1):
        row = ApprovalStep.objects.create(
            request=request,
            position=position,
            wave=step.wave,
            key=step.key,
            name=step.name,
            mode=step.mode.value,
            groups={
                group.role.value: 1 if is_lent(found, step.key, group) else group.needed
                for group in step.groups
            },
            topics={g.role.value: [topic.value for topic in g.topics] for g in step.groups},
            reasons={g.role.value: [reason.sentence for reason in g.reasons] for g in step.groups},
            state=StepState.NOT_YET_REQUESTED,
        )
        taken: set[int] = set()
        for group in step.groups:
            decision = found.carried.get((step.key, group.role.value))
            if decision is not None and decision.decided_by_id not in taken:
                slots.append(_carried_slot(row, group.role.value, decision, at=at))
                taken.add(decision.decided_by_id)
        for group in step.groups:
            if (step.key, group.role.value) in found.carried:
                continue
            if found.granted is not None and is_lent(found, step.key, group):
                slots.append(_granted_slot(row, group.role.value, found.granted, at=at))
                continue
            for slot in slots_for(row, group, users):
                if slot.person_id not in taken:
                    taken.add(slot.person_id)
                    slots.append(slot)
    for slot in slots:
        slot.save()
    return slots


def is_lent(found: Judgement, step: str, group: AskedGroup) -> bool:
    """Whether a standing grant answers for this role: then one answer is there, and enough."""
    return (step, group.role.value) in found.granted_places


def _granted_slot(step: ApprovalStep, role: str, granted: Granted, *, at: datetime) -> ApprovalSlot:
    grant = granted.grant
    return ApprovalSlot(
        step=step,
        role=role,
        person=grant.given_by,
        held_as=grant.role,
        substitution=f"Under grant {grant} of {grant.given_by.name}",
        state=SlotState.GRANTED,
        hours=Decimal(0),
        closed_at=at,
    )


def _carried_slot(
    step: ApprovalStep, role: str, decision: Decision, *, at: datetime
) -> ApprovalSlot:
    return ApprovalSlot(
        step=step,
        role=role,
        person=decision.decided_by,
        held_as=decision.slot.held_as,
        carried_from=decision,
        state=SlotState.CARRIED_FORWARD,
        hours=Decimal(0),
        closed_at=at,
    )


def settle_request(request: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """Bring steps, waves and the request itself to where the answers given so far put them."""
    settled = standing(request)
    for step in request.steps.all():
        outcome = settled.step(step.key)
        if outcome is Outcome.APPROVED and step.settled_at is None:
            carried = not step.slots.filter(state=SlotState.APPROVED).exists()
            step.state = StepState.CARRIED_FORWARD if carried else StepState.APPROVED
            step.settled_at = at
            step.save(update_fields=["state", "settled_at"])
    if settled.outcome is Outcome.APPROVED:
        approve_request(request, by=by, at=at)
        tell_outcome(request, by=by, at=at)
    elif settled.outcome is Outcome.PENDING and settled.open_wave is not None:
        _open_wave(request, settled.open_wave, at=at)


def _open_wave(request: ApprovalRequest, wave: int, *, at: datetime) -> None:
    """Ask everybody of the wave whose turn it is; nobody twice."""
    waiting = ApprovalSlot.objects.filter(
        step__request=request, step__wave__lte=wave, state=SlotState.NOT_YET_REQUESTED
    )
    people = ("person__calendar", "absence__person", "step")
    slots = list(waiting.select_related(*people).order_by("pk"))
    for slot in slots:
        slot.step.request = request
    open_slots(slots, request, at=at)
