"""Where a request stands, as the rep who waits for it wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dealdesk import operations
from dealdesk.minute import usual_time
from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.nudging import check_can_nudge
from dealdesk.views.shared import by_and_at, request_or_404, why_not
from pipeline.permissions import check_can_change
from revops.people.actor import Actor
from revops.people.away import read_away
from revops.refusals import Refused


def standing_of(
    asked: ApprovalRequest, slots: Sequence[ApprovalSlot], by: Actor, at: datetime
) -> dict[str, Any]:
    """How long its route usually takes, who of those asked is away, whether one may nudge."""
    if not asked.is_pending:
        return {}
    is_sellers = by.user is not None and (
        by.user.pk == asked.submitted_by_id or not why_not(check_can_change, asked.deal, by=by)
    )
    return {
        "usual": usual_time(asked.route_key, at),
        "waited": at - asked.submitted_at,
        "away": away_words(slots, at),
        "nudge": {"why_not": why_not(check_can_nudge, asked, by=by, at=at)} if is_sellers else None,
        "last_nudge": asked.nudges.select_related("nudged_by").order_by("-day").first(),
    }


def away_words(slots: Sequence[ApprovalSlot], at: datetime) -> list[str]:
    """A sentence for each person asked who is away, or who answers for somebody who is."""
    away = read_away(at)
    found = []
    for slot in slots:
        if not slot.is_open:
            continue
        if slot.absence is not None:
            gone, until = slot.absence.person, slot.absence.last_day
            found.append(f"{slot.person.name} answers for {gone.name}, away until {until:%-d %B}.")
        elif absence := away.of(slot.person_id):
            found.append(f"{slot.person.name} is away until {absence.last_day:%-d %B}.")
    return list(dict.fromkeys(found))


@login_required
@require_POST
def request_nudge(request, pk) -> HttpResponse:
    """Remind everybody who has not answered, once a day."""
    from dealdesk.views.requests import show

    asked = request_or_404(request, pk)
    try:
        operations.nudge_approvers(request=asked, **by_and_at(request))
    except Refused as refused:
        return show(request, request_or_404(request, pk), refused=refused)
    messages.success(request, "Everybody who has not answered gets a mail with a fresh link.")
    return redirect(asked)
