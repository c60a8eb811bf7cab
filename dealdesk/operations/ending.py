"""How a request ends, and who is told. Everything here assumes the transaction and its locks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F

from dealdesk import links
from dealdesk.coverage import conditions_of
from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    Decision,
    ExceptionRecord,
)
from dealdesk.operations.budgets import give_back
from dealdesk.operations.shared import pinned_policy
from pipeline.findings.keeping import refresh_approval
from revops.company.models import Company
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User
from revops.worktime.arithmetic import business_time_between
from revops.worktime.calendars import company_calendar

Status = ApprovalRequest.Status
Outcome = ExceptionRecord.Outcome

OUTCOMES = {
    Status.APPROVED: Outcome.APPROVED,
    Status.REJECTED: Outcome.REJECTED,
    Status.RETURNED: Outcome.WITHDRAWN,
    Status.RECALLED: Outcome.WITHDRAWN,
    Status.SUPERSEDED: Outcome.WITHDRAWN,
    Status.REVOKED: Outcome.WITHDRAWN,
    Status.EXPIRED: Outcome.EXPIRED,
}
"""What the register of exceptions says of a request that ended in each way."""

TURNED_DOWN = [ApprovalRequest.Status.REJECTED, ApprovalRequest.Status.RETURNED]
DECIDED = [ApprovalRequest.Status.APPROVED, *TURNED_DOWN]
"""Ends that people brought about by deciding, and not the clock or who asked."""
UNDECIDED = [ApprovalSlot.State.REQUESTED, ApprovalSlot.State.NOT_YET_REQUESTED]
UNSETTLED = [ApprovalStep.State.REQUESTED, ApprovalStep.State.NOT_YET_REQUESTED]


def end_request(
    request: ApprovalRequest,
    status: ApprovalRequest.Status,
    *,
    why: str,
    by: Actor,
    at: datetime,
    killed: links.Killed,
) -> list[ApprovalSlot]:
    """End a pending request without approval; return the slots that were open until now."""
    arrows: dict[str, Callable[[], None]] = {
        Status.REJECTED: request.mark_rejected,
        Status.RETURNED: request.mark_returned,
        Status.RECALLED: request.mark_recalled,
        Status.EXPIRED: request.mark_expired,
        Status.SUPERSEDED: request.mark_superseded,
        Status.REVOKED: request.mark_revoked,
    }
    arrows[status]()
    request.ended_reason = why
    request.decided_at = at
    request.save(update_fields=["status", "ended_reason", "decided_at"])
    refresh_approval(request.deal_id)
    left = close_slots(request, ApprovalSlot.State.CANCELLED, at=at, killed=killed)
    request.steps.filter(state__in=UNSETTLED).update(
        state=ApprovalStep.State.CANCELLED, settled_at=at
    )
    close_exceptions(request, at=at)
    give_back(request, why=why, by=by, at=at)
    record(
        f"approval.{status.value}",
        request,
        by=by,
        at=at,
        after={"status": status.value, "digest": request.snapshot.digest},
        why=why,
        related=[request.deal, request.quote],
    )
    tell_approvers(left, request, why=why, by=by, at=at)
    return left


def approve_request(request: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """Every step said yes: the approval is good for issuing from its last decision on."""
    last = last_decision_at(request) or at
    request.mark_approved()
    request.decided_at = at
    request.valid_until = last + timedelta(days=pinned_policy(request).validity_days)
    request.save(update_fields=["status", "decided_at", "valid_until"])
    refresh_approval(request.deal_id)
    close_exceptions(request, at=at)
    record(
        "approval.approved",
        request,
        by=by,
        at=at,
        after={
            "status": request.status,
            "digest": request.snapshot.digest,
            "valid_until": request.valid_until,
            "automatic": request.is_automatic,
        },
        related=[request.deal, request.quote],
    )


def last_decision_at(request: ApprovalRequest) -> datetime | None:
    """The moment of the latest decision a request rests on; one carried forward keeps its own."""
    own = Decision.objects.filter(slot__step__request=request)
    carried = Decision.objects.filter(carried_to__step__request=request)
    moments = [*own.values_list("decided_at", flat=True)]
    moments += carried.values_list("decided_at", flat=True)
    return max(moments, default=None)


def close_slots(
    request: ApprovalRequest,
    state: ApprovalSlot.State,
    *,
    at: datetime,
    killed: links.Killed,
    of: Iterable[ApprovalSlot] | None = None,
) -> list[ApprovalSlot]:
    """Close undecided slots and their links; return those whose people had been asked."""
    found = ApprovalSlot.objects.filter(step__request=request, state__in=UNDECIDED)
    if of is not None:
        found = found.filter(pk__in=[slot.pk for slot in of])
    slots = list(found.select_related("person", "step"))
    ApprovalSlot.objects.filter(pk__in=[slot.pk for slot in slots]).update(
        state=state, closed_at=at
    )
    links.kill(slots, why=killed, at=at)
    return [slot for slot in slots if slot.is_open]


def close_exceptions(request: ApprovalRequest, *, at: datetime) -> None:
    """Write into the register how the exceptions of a request came out, and who decided."""
    outcome = OUTCOMES[Status(request.status)]
    if request.bypassed_at:
        outcome = Outcome.BYPASSED
    spent = business_time_between(company_calendar(), request.submitted_at, at)
    hours = Decimal(spent // timedelta(seconds=36)) / 100
    register = ExceptionRecord.objects.filter(request=request)
    register.update(outcome=outcome, decided_at=at, business_hours=hours, granted_value="")
    if outcome in (Outcome.APPROVED, Outcome.BYPASSED):
        register.update(granted_value=F("requested_value"))
    deciders = {
        *Decision.objects.filter(slot__step__request=request).values_list("decided_by", flat=True),
        *Decision.objects.filter(carried_to__step__request=request).values_list(
            "decided_by", flat=True
        ),
    }
    through = ExceptionRecord.deciders.through
    through.objects.filter(exceptionrecord__request=request).delete()
    through.objects.bulk_create(
        through(exceptionrecord_id=row, user_id=decider)
        for row in register.values_list("pk", flat=True)
        for decider in sorted(deciders)
    )


# Telling people


def tell_approvers(
    slots: Iterable[ApprovalSlot], request: ApprovalRequest, *, why: str, by: Actor, at: datetime
) -> None:
    """Tell those who were asked that nothing is asked of them any more."""
    for slot in slots:
        if by.user is not None and slot.person_id == by.user.pk:
            continue
        notify(
            slot.person,
            "approval.closed",
            about=request,
            dedupe_key=f"slot:{slot.pk}",
            at=at,
            context={
                "deal": request.deal.name,
                "outcome": request.get_status_display().lower(),
                "why": why,
                "who": by.name,
            },
            link=f"request:{request.pk}",
        )


def tell_outcome(request: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """Tell submitter and owner how a request ended, unless they ended it themselves."""
    decisions = Decision.objects.filter(slot__step__request=request)
    if request.status in TURNED_DOWN:
        # Who approved before somebody else turned it down did not decide that.
        decisions = decisions.filter(verdict=request.status)
    if request.status not in DECIDED:
        decisions = decisions.none()
    deciders = [
        decision.decided_by.name
        for decision in decisions.select_related("decided_by").order_by("decided_at", "pk")
    ]
    outcome = "bypassed" if request.bypassed_at else request.get_status_display().lower()
    until = request.valid_until
    day = Company.get().local_day(until) if until else None
    people: list[User] = [p for p in (request.submitted_by, request.deal.owner) if p is not None]
    for person in dict.fromkeys(people):
        if by.user is not None and person.pk == by.user.pk:
            continue
        notify(
            person,
            "approval.settled",
            about=request,
            dedupe_key=f"request:{request.pk}:{request.status}",
            at=at,
            context={
                "deal": request.deal.name,
                "quote": f"r{request.quote.revision}",
                "outcome": outcome,
                "status": request.status,
                "why": request.ended_reason,
                "deciders": deciders,
                "conditions": [each.text for each in conditions_of(request).filter(done_at=None)],
                "who": by.name,
                "valid_until": f"{day:%-d %B %Y}" if day and request.status == "approved" else "",
            },
            link=f"request:{request.pk}",
        )
