"""Whoever is asked in two steps of a request answers once, where the policy says so."""

from __future__ import annotations

from datetime import datetime

from dealdesk import links
from dealdesk.models import ApprovalRequest, ApprovalSlot, Decision
from dealdesk.operations.ending import UNDECIDED
from dealdesk.papers import check_paper
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Refused


def carry_to_other_steps(
    request: ApprovalRequest, slot: ApprovalSlot, decision: Decision, *, by: Actor, at: datetime
) -> list[ApprovalSlot]:
    """Let an approval count in the other steps that ask the same person on the same topics.

    Never within its own step: nobody counts for two groups of one step. Never for somebody else:
    what a delegate decides for one person does not answer for another. Returns the slots carried.
    """
    others = ApprovalSlot.objects.filter(
        step__request=request, person=slot.person, absence=slot.absence, state__in=UNDECIDED
    ).exclude(step=slot.step)
    judged = set(decision.topics)
    carried = []
    for other in others.select_related("step", "person").order_by("pk"):
        if not set(other.topics) <= judged:
            continue
        other.step.request = request
        if lacks_ticks(other):
            continue
        other.carried_from = decision
        other.state = ApprovalSlot.State.CARRIED_FORWARD
        other.closed_at = at
        other.save(update_fields=["carried_from", "state", "closed_at"])
        carried.append(other)
        record(
            "approval.carried",
            other,
            by=by,
            at=at,
            after={"decision": decision.pk, "role": other.role},
            related=[request, request.deal],
        )
    links.kill(carried, why=links.Killed.DECIDED, at=at)
    return carried


def lacks_ticks(slot: ApprovalSlot) -> bool:
    """Whether legal's answer would be taken before its checklist is ticked."""
    try:
        check_paper(slot)
    except Refused:
        return True
    return False
