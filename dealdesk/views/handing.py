"""Handing over the open approvals of one person, and what became of each."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dealdesk import operations
from dealdesk.forms.handing import SuccessorsForm
from dealdesk.operations.handing import undecided_slots
from dealdesk.permissions import check_can_govern
from dealdesk.views.shared import by_and_at
from pipeline.forms.handing import WhoLeavesForm
from revops.people.actor import Actor
from revops.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def approval_hand_over(request):
    check_can_govern(by=Actor.from_request(request))
    given = request.POST if request.method == "POST" else request.GET
    asked = WhoLeavesForm(given if "person" in given else None)
    person = asked.cleaned_data["person"] if asked.is_valid() else None
    if person is None:
        return render(request, "dealdesk/approval_hand_over.html", {"asked": asked})
    slots = undecided_slots(person)
    counts = Counter(slot.role for slot in slots)
    context = {"person": person, "slots": slots}
    if request.method != "POST":
        context["form"] = SuccessorsForm(person=person, counts=counts)
        return render(request, "dealdesk/approval_hand_over.html", context)
    return carry_out(request, context, SuccessorsForm(request.POST, person=person, counts=counts))


def carry_out(request, context, form):
    refused, status = None, 422
    if form.is_valid():
        try:
            results = operations.hand_over_approvals(
                person=context["person"],
                successors=form.successors(),
                reason=form.cleaned_data["reason"],
                **by_and_at(request),
            )
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            left = undecided_slots(context["person"])
            context |= {"results": results, "left": left}
            return render(request, "dealdesk/approval_hand_over.html", context)
    context |= {"form": form, "refused": refused}
    return render(request, "dealdesk/approval_hand_over.html", context, status=status)
