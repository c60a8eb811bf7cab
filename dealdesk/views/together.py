"""Deciding several approvals of the inbox at once."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from dealdesk import operations
from dealdesk.forms.decisions import TogetherForm
from dealdesk.models import ApprovalSlot
from dealdesk.operations.together import MOST_TOGETHER, Picked
from dealdesk.views.inbox import show_inbox
from dealdesk.views.shared import with_request
from revops.addresses import number_in
from revops.people.actor import Actor
from revops.refusals import Refused


@login_required
@require_POST
def approval_decide_together(request) -> HttpResponse:
    """One verdict for what was ticked; the answer says what became of each."""
    form = TogetherForm(request.POST)
    form.is_valid()
    picked = picked_in(request)
    try:
        results = operations.decide_together(
            picked=picked,
            verdict=form.cleaned_data.get("verdict", ""),
            reason=form.cleaned_data.get("reason", ""),
            by=Actor.from_request(request),
            at=timezone.now(),
        )
    except Refused as refused:
        kept = {each.slot.pk for each in picked}
        return show_inbox(request, refused=refused, form=form, picked=kept)
    decided = [each for each in results if each.decision]
    context = {
        "results": results,
        "decided": decided,
        "left": [each for each in results if each.refusal],
        "verdict": decided[0].decision.get_verdict_display() if decided else "",
        "waiting": ApprovalSlot.objects.waiting_on(request.user).count(),
    }
    status = 200 if decided else 422
    return render(request, "dealdesk/approval_decided_together.html", context, status=status)


def picked_in(request) -> list[Picked]:
    """What was ticked, in the order of the list: "12:ab34…" is slot 12 with those terms."""
    ticked = {}
    for text in request.POST.getlist("slot")[: MOST_TOGETHER + 1]:
        number, _, digest = text.partition(":")
        ticked[number_in(number) or 0] = digest
    own = ApprovalSlot.objects.filter(person=request.user, pk__in=ticked)
    found = {slot.pk: slot for slot in with_request(own)}
    if set(found) != set(ticked):
        raise Http404
    return [Picked(found[pk], digest) for pk, digest in ticked.items()]
