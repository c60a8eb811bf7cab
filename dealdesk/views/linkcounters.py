"""Offering other terms from the link of a mail: the same form, under the rules of the link."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dealdesk import operations
from dealdesk.exclusions import excluded_people
from dealdesk.forms.counters import CounterForm
from dealdesk.forms.decisions import LinkDecisionForm
from dealdesk.links import LinkOutcome
from dealdesk.models import ApprovalSlot
from dealdesk.permissions import check_can_decide, check_can_return, check_stands_in
from dealdesk.policy import policy_from_json
from dealdesk.stepup import step_up_of
from dealdesk.views.counters import counter_form, show_form
from dealdesk.views.links import (
    actor_of,
    confirm,
    for_somebody_else,
    outcome_of,
    show_dead,
    show_link,
    slot_in_full,
)
from dealdesk.views.shared import private
from revops.refusals import Conflict, Refused


@require_http_methods(["GET", "HEAD", "POST"])
def approval_link_counter(request, pk) -> HttpResponse:
    """Say what one would approve instead. Opening it and trying terms change nothing."""
    outcome = outcome_of(request, pk)
    if (answer := for_somebody_else(request, outcome)) is not None:
        return answer
    if not outcome.is_live:
        is_late = request.method == "POST" and outcome.slot is not None
        return show_dead(request, outcome, status=409 if is_late else None)
    slot = slot_in_full(pk)
    try:
        check_may_offer(request, outcome, slot)
    except Refused as refused:
        return show_link(request, outcome, refused=refused)
    form = counter_form(slot.step.request, request.POST or None)
    if request.method != "POST" or "preview" in request.POST:
        return show_offer(request, outcome, slot, form)
    if not form.is_valid():
        return show_offer(request, outcome, slot, form, status=422)
    try:
        send(request, outcome, slot, form)
    except Refused as refused:
        return refuse(request, pk, form, refused)
    return private(redirect("dealdesk:approval-link-page", pk))


def check_may_offer(request, outcome: LinkOutcome, slot: ApprovalSlot) -> None:
    """Raise what deciding by this link would raise, and Refused after too many rounds."""
    asked, at = slot.step.request, timezone.now()
    policy = policy_from_json(asked.policy.body)
    excluded = excluded_people(asked.quote, asked.submitted_by, at)
    check_can_decide(slot, by=actor_of(request, outcome), excluded=excluded, policy=policy)
    check_stands_in(slot, at=at)
    check_can_return(asked)


def send(request, outcome: LinkOutcome, slot: ApprovalSlot, form: CounterForm) -> None:
    confirm(request, outcome, retyped_in(request))
    operations.counter_offer(
        slot=slot,
        patch=form.patch(),
        reason=form.cleaned_data["reason"],
        digest=form.cleaned_data["digest"],
        link=outcome.link,
        by=actor_of(request, outcome),
        at=timezone.now(),
    )


def retyped_in(request) -> Any:
    typed = LinkDecisionForm(request.POST)
    typed.is_valid()
    return typed.cleaned_data.get("retyped")


def refuse(request, pk: int, form: CounterForm, refused: Refused) -> HttpResponse:
    """Why nothing was offered: beside the form, on the page as it is now, or on a dead link's."""
    again = outcome_of(request, pk)
    if not again.is_live:
        return show_dead(request, again, status=refused.status)
    if isinstance(refused, Conflict):
        return show_link(request, again, refused=refused)
    slot = slot_in_full(pk)
    return show_offer(request, again, slot, form, refused=refused, status=refused.status)


def show_offer(
    request, outcome: LinkOutcome, slot: ApprovalSlot, form: CounterForm, **more: Any
) -> HttpResponse:
    policy = policy_from_json(slot.step.request.policy.body)
    asked = {"link": outcome.link, "step_up": step_up_of(slot, policy).value, "by_link": True}
    return private(show_form(request, slot, form, page="approval_link_counter", **asked, **more))
