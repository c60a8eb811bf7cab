"""Reminding everybody who is asked, as the rep may once a day."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealdesk.models import ApprovalRequest, ApprovalSlot, Nudge
from dealdesk.nudging import check_can_nudge
from dealdesk.operations.shared import lock_deal, lock_request
from dealdesk.operations.staffing import ask_by_mail
from revops.company.models import Company
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Refused


@transaction.atomic(durable=True)
def nudge_approvers(*, request: ApprovalRequest, by: Actor, at: datetime) -> Nudge:
    """Mail everybody who is asked and has not answered a fresh link; the ones before it end.

    Once on a day of the company's. Whose clock waits for an answer of the rep is left in peace.
    """
    deal = lock_deal(request.deal_id)
    request = lock_request(request.pk, deal)
    check_can_nudge(request, by=by, at=at)
    assert by.user is not None  # a nudge is a person's: asked above
    waiting = ApprovalSlot.objects.open().filter(step__request=request, paused_at=None)
    slots = list(waiting.select_related("step", "person__calendar"))
    if not slots:
        raise Refused("Everybody who is asked waits for an answer to them.", code="nobody_waits")
    day = Company.get().local_day(at)
    nudge = Nudge.objects.create(
        request=request, day=day, nudged_at=at, nudged_by=by.user, via=by.via
    )
    for slot in slots:
        slot.step.request = request
        ask_by_mail(
            slot, request, at=at, key=f"slot:{slot.pk}:nudge:{day}", event="approval.nudged"
        )
    people = [slot.person_id for slot in slots]
    related = [deal, request.quote]
    record("approval.nudged", request, by=by, at=at, after={"people": people}, related=related)
    return nudge
