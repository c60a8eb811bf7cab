"""Whether a rep may remind the people who are asked."""

from __future__ import annotations

from datetime import datetime

from dealdesk.models import ApprovalRequest
from dealdesk.permissions import check_is_pending
from pipeline.permissions import check_can_change
from revops.company.models import Company
from revops.people.actor import Actor
from revops.refusals import Conflict, NotAllowed


def check_can_nudge(request: ApprovalRequest, *, by: Actor, at: datetime) -> None:
    """Raise unless `by` submitted it or may change its deal, it waits, and today had no nudge."""
    if by.user is None:
        raise NotAllowed("A nudge is a person's.")
    if by.user.pk != request.submitted_by_id:
        check_can_change(request.deal, by=by)
    check_is_pending(request)
    today = Company.get().local_day(at)
    if request.nudges.filter(day=today).exists():
        raise Conflict("They were nudged today. Once a day is enough.", code="nudged_today")
