"""What is done with a request beside deciding it: handing one's part on, letting it pass, and
doing what an approval was given under.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from dealdesk import links
from dealdesk.exclusions import excluded_people
from dealdesk.models import ApprovalCondition, ApprovalRequest, ApprovalSlot, ApprovalStep
from dealdesk.operations.decisions import locked_slot
from dealdesk.operations.ending import (
    UNSETTLED,
    close_exceptions,
    close_slots,
    tell_approvers,
    tell_outcome,
)
from dealdesk.operations.shared import lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import open_slots, release, standing
from dealdesk.permissions import (
    check_can_add_approver,
    check_can_bypass,
    check_can_hand_on,
    check_can_meet,
    check_fits,
    check_may_be_added,
)
from dealdesk.policy import Role as AskedRole
from dealdesk.policy import Topic
from pipeline.findings.keeping import refresh_approval
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import Conflict, Refused


@transaction.atomic(durable=True)
def reassign_approval(
    *, slot: ApprovalSlot, to: User, reason: str, by: Actor, at: datetime
) -> ApprovalSlot:
    """Hand an open approval on to a colleague of the same discipline; return their slot.

    The link of who had it ends, and the new person's clock starts anew. Raises NotAllowed with
    the reason when the colleague may not decide this.
    """
    deal = lock_deal(slot.step.request.deal_id)
    request = lock_request(slot.step.request_id, deal)
    slot = locked_slot(slot.pk, request)
    check_can_hand_on(slot, by=by)
    if not reason.strip():
        raise Refused("Say why you hand this on.", code="reason_missing")
    role = check_fits(slot, to, excluded=excluded_people(request.quote, request.submitted_by, at))
    release(slot, why=reason.strip(), by=by, at=at)
    new = ApprovalSlot(
        step=slot.step,
        role=slot.role,
        person=to,
        held_as=role,
        substitution=f"{by.name} handed it on: {reason.strip()}"[:300],
        hours=slot.hours,
    )
    open_slots([new], request, at=at)
    after = {"person": to.pk, "role": slot.role}
    record("approval.asked", new, by=by, at=at, after=after, related=[request, deal])
    tell_approvers([slot], request, why=f"{to.name} is asked instead.", by=by, at=at)
    return new


@transaction.atomic(durable=True)
def add_approver(
    *, request: ApprovalRequest, person: User, reason: str, by: Actor, at: datetime
) -> ApprovalSlot:
    """Ask somebody more than the policy asks; the request waits for their yes too.

    Any active person with no part in these terms. They judge all of it, with a clock and a link
    of their own. A later attempt asks what the policy asks, unless they are added again.
    """
    deal = lock_deal(request.deal_id)
    request = lock_request(request.pk, deal)
    check_can_add_approver(request, by=by)
    assert by.user is not None  # check_can_add_approver has asked
    if not reason.strip():
        raise Refused("Say why this person is needed.", code="reason_missing")
    excluded = excluded_people(request.quote, request.submitted_by, at)
    check_may_be_added(request, person, excluded=excluded)
    position = (request.steps.aggregate(last=Max("position"))["last"] or 0) + 1
    role = role_of(person)
    why = f"{by.name} added {person.name}: {reason.strip()}"
    step = ApprovalStep.objects.create(
        request=request,
        position=position,
        wave=standing(request).open_wave or 1,
        key=f"added-{position}",
        name=f"{person.name}, added",
        groups={role: 1},
        topics={role: [topic.value for topic in Topic]},
        reasons={role: [why]},
        state=ApprovalStep.State.NOT_YET_REQUESTED,
        added_by=by.user,
        added_why=reason.strip()[:300],
    )
    slot = ApprovalSlot(step=step, role=role, person=person, held_as=role, hours=ADDED_HOURS)
    open_slots([slot], request, at=at)
    record(
        "approval.added",
        slot,
        by=by,
        at=at,
        after={"person": person.pk, "role": role},
        why=reason.strip(),
        related=[request, deal],
    )
    tell_added(slot, request, why=reason.strip(), by=by, at=at)
    return slot


ADDED_HOURS = Decimal(24)
"""Business hours of somebody whom no policy gives any."""


def role_of(person: User) -> str:
    """The role in which somebody added decides: the first of the deciding ones, else any."""
    ordered = [*(role.value for role in AskedRole), *Role.values]
    return next(role for role in ordered if role in person.roles)


def tell_added(
    slot: ApprovalSlot, request: ApprovalRequest, *, why: str, by: Actor, at: datetime
) -> None:
    """Tell submitter and owner that one more is asked."""
    people = [p for p in (request.submitted_by, request.deal.owner) if p is not None]
    for each in dict.fromkeys(people):
        if by.user is not None and each.pk == by.user.pk:
            continue
        notify(
            each,
            "approval.added",
            about=request,
            dedupe_key=f"slot:{slot.pk}",
            at=at,
            context={
                "deal": request.deal.name,
                "who": by.name,
                "added": slot.person.name,
                "why": why,
            },
            link=f"request:{request.pk}",
        )


@transaction.atomic(durable=True)
def bypass_request(
    *, request: ApprovalRequest, reason: str, by: Actor, at: datetime
) -> ApprovalRequest:
    """Let a pending request pass without its approvers: never the same as approving it.

    For RevOps alone, with a reason, and not for terms they have a part in themselves. Everybody
    who was asked, the submitter and the owner are told.
    """
    deal = lock_deal(request.deal_id)
    request = lock_request(request.pk, deal)
    check_can_bypass(request, by=by, at=at)
    if not reason.strip():
        raise Refused("Say why this passes without its approvers.", code="reason_missing")
    request.mark_bypassed()
    request.bypassed_at, request.bypassed_by = at, by.user
    request.ended_reason, request.decided_at = reason.strip(), at
    request.valid_until = at + timedelta(days=pinned_policy(request).validity_days)
    request.save(update_fields=BYPASS)
    refresh_approval(request.deal_id)
    left = close_slots(request, ApprovalSlot.State.BYPASSED, at=at, killed=links.Killed.NOT_NEEDED)
    request.steps.filter(state__in=UNSETTLED).update(
        state=ApprovalStep.State.BYPASSED, settled_at=at
    )
    close_exceptions(request, at=at)
    record(
        "approval.bypassed",
        request,
        by=by,
        at=at,
        after={
            "status": request.status,
            "digest": request.snapshot.digest,
            "valid_until": request.valid_until,
            "asked": [slot.person_id for slot in left],
        },
        why=request.ended_reason,
        related=[deal, request.quote],
    )
    why = f"{by.name} let it pass: {request.ended_reason}"
    tell_approvers(left, request, why=why, by=by, at=at)
    tell_outcome(request, by=by, at=at)
    return request


@transaction.atomic(durable=True)
def meet_condition(
    *, condition: ApprovalCondition, note: str, by: Actor, at: datetime
) -> ApprovalCondition:
    """Write down that what an approver asked for is done, and how; the approver is told."""
    request = condition.decision.slot.step.request
    deal = lock_deal(request.deal_id)
    condition = ApprovalCondition.objects.select_related("decision__decided_by").get(
        pk=condition.pk
    )
    check_can_meet(deal, condition, by=by)
    if condition.done_at:
        raise Conflict("This condition is met already.", code="already_done")
    if not note.strip():
        raise Refused("Say how it was done, or where it can be seen.", code="note_missing")
    condition.done_at, condition.done_by, condition.done_note = at, by.user, note.strip()
    condition.save(update_fields=["done_at", "done_by", "done_note"])
    after = {"condition": condition.text}
    record(
        "approval.condition_met",
        request,
        by=by,
        at=at,
        after=after,
        why=note.strip(),
        related=[deal, request.quote],
    )
    approver = condition.decision.decided_by
    if by.user is not None and approver.pk != by.user.pk:
        notify(
            approver,
            "approval.condition_met",
            about=request,
            dedupe_key=f"condition:{condition.pk}",
            at=at,
            context={
                "deal": deal.name,
                "who": by.name,
                "condition": condition.text,
                "note": note.strip(),
            },
            link=f"request:{request.pk}",
        )
    return condition


BYPASS = [
    "status",
    "bypassed_at",
    "bypassed_by",
    "ended_reason",
    "decided_at",
    "valid_until",
]
