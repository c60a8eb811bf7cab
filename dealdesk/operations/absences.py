"""Open approvals follow their people: to the delegate when an absence begins, and back at its end.

A delegate's authority is as long as the absence, so what they have not answered by then goes back
to whose it is. Nothing moves to somebody who may not decide it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from dealdesk.exclusions import excluded_people
from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.operations.decisions import locked_slot
from dealdesk.operations.ending import UNDECIDED, tell_approvers
from dealdesk.operations.shared import lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import ANSWERS, open_slots, refill, release
from dealdesk.settling import YES
from dealdesk.standins import Rightful, may_hold, rightful
from revops.ledger.operations import record
from revops.outbox.operations import notify, quietly
from revops.people.actor import Actor
from revops.people.away import Away, read_away
from revops.people.models.absences import until_words

State = ApprovalSlot.State


def follow_absences(*, at: datetime) -> list[int]:
    """Let open approvals be with who is here to answer them; return the requests that changed.

    Each request is a transaction of its own. Looked at twice, nothing happens the second time.
    """
    away = read_away(at)
    asked = Q(state=State.REQUESTED, person__in=list(away.absences))
    for_others = Q(state__in=UNDECIDED, absence__isnull=False)
    found = ApprovalSlot.objects.filter(
        asked | for_others, step__request__status=ApprovalRequest.Status.PENDING
    ).select_related("person", "absence__person", "step__request")
    wrong = {
        slot.step.request_id: slot.step.request.deal_id
        for slot in found.order_by("pk")
        if not is_right(slot, away)
    }
    return [pk for pk, deal in wrong.items() if _follow(pk, deal, at=at)]


def is_right(slot: ApprovalSlot, away: Away) -> bool:
    found = rightful(slot, away)
    return found is not None and found.holds(slot)


@transaction.atomic(durable=True)
def _follow(request_id: int, deal_id: int, *, at: datetime) -> bool:
    """Move the slots of one request that somebody else should hold; True when any moved."""
    deal = lock_deal(deal_id)
    request = lock_request(request_id, deal)
    if not request.is_pending:
        return False
    away = read_away(at)
    excluded = excluded_people(request.quote, request.submitted_by, at)
    slots = ApprovalSlot.objects.filter(step__request=request, state__in=UNDECIDED)
    moved = [
        move(locked_slot(pk, request), request, away, excluded, at=at)
        for pk in slots.order_by("pk").values_list("pk", flat=True)
    ]
    return any(moved)


def move(
    slot: ApprovalSlot,
    request: ApprovalRequest,
    away: Away,
    excluded: Mapping[int, str],
    *,
    at: datetime,
) -> bool:
    """Give a slot to who should hold it, or to others of its group where that one may not."""
    if slot.person_id not in away.absences and slot.absence_id is None:
        return False
    found = rightful(slot, away)
    if found is not None and found.holds(slot):
        return False
    if found is not None and found.person.pk == slot.person_id:
        slot.absence = found.absence
        slot.save(update_fields=["absence"])
        return True
    if found is not None and may_hold(slot, found.person, excluded):
        hand(slot, request, found, at=at)
        return True
    return slot.is_open and ask_others(slot, request, away, excluded, found, at=at)


def hand(slot: ApprovalSlot, request: ApprovalRequest, to: Rightful, *, at: datetime) -> None:
    """Close the slot with its links, and ask the other person with a clock of their own."""
    by, was_open = Actor.system(), slot.is_open
    release(slot, why=to.sentence, by=by, at=at)
    new = ApprovalSlot(
        step=slot.step,
        role=slot.role,
        person=to.person,
        absence=to.absence,
        held_as=slot.held_as,
        substitution=to.sentence,
        hours=slot.hours,
        state=State.NOT_YET_REQUESTED,
    )
    if was_open:
        open_slots([new], request, at=at)
    else:
        new.save()
    after = {"person": new.person_id, "role": new.role, "instead_of": slot.person_id}
    record("approval.asked", new, by=by, at=at, after=after, related=[request, request.deal])
    if was_open:
        tell_former(slot, request, to, at=at)


def ask_others(
    slot: ApprovalSlot,
    request: ApprovalRequest,
    away: Away,
    excluded: Mapping[int, str],
    to: Rightful | None,
    *,
    at: datetime,
) -> bool:
    """Ask others of the role where nobody of the group is here; then this person no longer.

    Who is away and named nobody stays asked beside colleagues who are here.
    """
    if others_are_here(slot, away):
        if to is None:
            return False
    elif refill(
        request,
        slot.step,
        slot.role,
        pinned_policy(request),
        dict(excluded),
        by=Actor.system(),
        at=at,
    ):
        return False
    why = f"{slot.person.name} no longer answers for {slot.principal.name}."
    if absence := away.of(slot.principal.pk):
        until = until_words(absence.last_day)
        why = f"{slot.principal.name} is away until {until}; others are asked."
    release(slot, why=why, by=Actor.system(), at=at)
    return True


def others_are_here(slot: ApprovalSlot, away: Away) -> bool:
    """Whether somebody else of the group agreed already, or is asked and here."""
    for each in slot.step.slots.filter(role=slot.role).exclude(pk=slot.pk):
        answers = each.is_open and each.person_id not in away.absences
        if answers or ANSWERS[State(each.state)] in YES:
            return True
    return False


def tell_former(
    slot: ApprovalSlot, request: ApprovalRequest, to: Rightful, *, at: datetime
) -> None:
    """Tell a delegate whose time is over; keep for who is away, unmailed, where theirs went."""
    if slot.absence_id is not None:
        tell_approvers([slot], request, why=to.sentence, by=Actor.system(), at=at)
        return
    with quietly():
        notify(
            slot.person,
            "approval.delegated",
            about=request,
            dedupe_key=f"slot:{slot.pk}",
            at=at,
            context={"deal": request.deal.name, "why": to.sentence},
            link=f"request:{request.pk}",
        )
