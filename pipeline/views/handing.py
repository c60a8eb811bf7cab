"""Handing over everything a person holds, in one step: what it is before, what became of it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from pipeline.forms.handing import HandOverForm, WhoLeavesForm
from pipeline.views.shared import by_and_at
from revops.company.permissions import check_can_administer
from revops.people import operations
from revops.people.actor import Actor
from revops.people.operations import what_is_left_open
from revops.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request):
    check_can_administer(Actor.from_request(request))
    if request.method == "POST":
        return carry_out(request)
    asked = WhoLeavesForm(request.GET if "person" in request.GET else None)
    person = asked.cleaned_data["person"] if asked.is_valid() else None
    context = {"asked": asked, "person": person}
    if person:
        context["held"] = what_is_left_open(person)
        context["form"] = HandOverForm(initial={"person": person.pk})
    return render(request, "pipeline/hand_over.html", context)


def carry_out(request):
    form, refused, status = HandOverForm(request.POST), None, 422
    context = {"form": form, "person": None, "held": []}
    if form.is_valid():
        facts = form.cleaned_data
        person, held = facts["person"], what_is_left_open(facts["person"])
        try:
            act(request, held, **facts)
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            context |= {"given": held, "left": what_is_left_open(person), "facts": facts}
            return render(request, "pipeline/hand_over.html", {**context, "person": person})
    if person := form.cleaned_data.get("person"):
        context |= {"person": person, "held": what_is_left_open(person)}
    return render(
        request, "pipeline/hand_over.html", {**context, "refused": refused}, status=status
    )


def act(request, held, *, person, successor, why, leaves) -> None:
    """One operation, whichever it is: leaving hands over as well."""
    facts = {"person": person, "successor": successor, "why": why, **by_and_at(request)}
    if leaves:
        operations.deactivate_person(**facts)
    else:
        operations.hand_over_work(**facts)
