"""Offering other terms, and what the rep makes of the offer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dealdesk import operations
from dealdesk.carrying import left_to_ask
from dealdesk.comparing import compared_fully
from dealdesk.coverage import names_of, waiting_for
from dealdesk.exclusions import excluded_people
from dealdesk.forms import ReasonForm
from dealdesk.forms.counters import CounterForm, form_for
from dealdesk.inputs import policy_in_force, rows_of
from dealdesk.models import ApprovalRequest, ApprovalSlot, CounterOffer, Quote
from dealdesk.operations.counters import offered_terms
from dealdesk.permissions import check_can_decide, check_can_return
from dealdesk.policy import policy_from_json
from dealdesk.routing import evaluate
from dealdesk.terms import from_canonical
from dealdesk.views.approvals import show_approval
from dealdesk.views.requests import show
from dealdesk.views.shared import by_and_at, is_swap, slot_or_404
from dealdesk.wording import listed
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused

# Making an offer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def approval_counter(request, pk) -> HttpResponse:
    """Say what one would approve instead; shown beside what was asked before it is sent."""
    slot = slot_or_404(request, pk)
    asked, by = slot.step.request, Actor.from_request(request)
    try:
        policy = policy_from_json(asked.policy.body)
        excluded = excluded_people(asked.quote, asked.submitted_by, timezone.now())
        check_can_decide(slot, by=by, excluded=excluded, policy=policy)
        check_can_return(asked)
    except Refused as refused:
        return show_approval(request, slot, refused=refused)
    form = counter_form(asked, request.POST or None)
    if request.method != "POST" or "preview" in request.POST:
        return show_form(request, slot, form)
    if not form.is_valid():
        return show_form(request, slot, form, status=422)
    try:
        operations.counter_offer(
            slot=slot,
            patch=form.patch(),
            reason=form.cleaned_data["reason"],
            digest=form.cleaned_data["digest"],
            **by_and_at(request),
        )
    except Conflict as refused:
        return show_approval(request, slot_or_404(request, pk), refused=refused)
    except Refused as refused:
        return show_form(request, slot, form, refused=refused, status=refused.status)
    messages.success(request, f"Offered. {who_sells(asked)} can accept it with one click.")
    return redirect(asked)


def who_sells(asked: ApprovalRequest) -> str:
    return (asked.submitted_by or asked.deal.owner).short_name


def counter_form(asked: ApprovalRequest, data: Any = None) -> CounterForm:
    quote = Quote.objects.select_related("deal__account").get(pk=asked.quote_id)
    terms = from_canonical(asked.snapshot.body)
    return form_for(rows_of(quote), terms, asked.snapshot.digest, data)


def show_form(
    request,
    slot: ApprovalSlot,
    form: CounterForm,
    *,
    page: str = "counter_new",
    refused: Refused | None = None,
    status=200,
    **more: Any,
) -> HttpResponse:
    """The form beside what it comes to, signed in or on the page of a mail's link."""
    asked = slot.step.request
    context = {
        "slot": slot,
        "asked": asked,
        "deal": asked.deal,
        "form": form,
        "refused": refused,
        "seller": who_sells(asked),
        **outlook(slot, form),
        **more,
    }
    name = "_counter_live" if is_swap(request) else page
    return render(request, f"dealdesk/{name}.html", context, status=status)


def outlook(slot: ApprovalSlot, form: CounterForm) -> dict[str, Any]:
    """What the offer comes to as it is typed: beside what was asked, and whom it would ask."""
    asked, patch = slot.step.request, None
    terms, fault = from_canonical(asked.snapshot.body), ""
    offered = terms
    if form.is_bound and form.is_valid():
        patch = form.patch()
        try:
            offered = offered_terms(asked, patch)
        except Refused as refused:
            fault = refused.message
    _, policy = policy_in_force()
    route = evaluate(policy, offered)
    others = left_to_ask(route, slot, policy)
    return {
        "rows": compared_fully(terms, offered, policy_from_json(asked.policy.body)),
        "fault": fault or next((p.sentence for p in route.problems), ""),
        "others": listed(role.label for role in others),
        "is_changed": patch is not None and not patch.is_empty,
    }


# Answering it


def counter_or_404(request, pk: int) -> CounterOffer:
    visible = ApprovalRequest.objects.visible_to(request.user)
    offers = CounterOffer.objects.filter(decision__slot__step__request__in=visible)
    return get_object_or_404(offers.select_related("decision__slot__step__request__deal"), pk=pk)


@login_required
@require_POST
def counter_accept(request, pk) -> HttpResponse:
    """Take the offer as it is: a new revision, submitted at once."""
    counter = counter_or_404(request, pk)
    try:
        asked = operations.accept_counter(counter=counter, **by_and_at(request))
    except Refused as refused:
        return refuse(request, counter, refused)
    if asked.is_pending:
        told = f"Accepted. {names_of(waiting_for(asked))} will be asked by mail now."
    else:
        told = f"Accepted and approved: revision {asked.quote.revision} is good to go."
    messages.success(request, told)
    return redirect(asked)


@login_required
@require_POST
def counter_take_up(request, pk) -> HttpResponse:
    """Begin a draft from the offer, to be edited."""
    counter = counter_or_404(request, pk)
    try:
        draft = operations.take_up_counter(counter=counter, **by_and_at(request))
    except Refused as refused:
        return refuse(request, counter, refused)
    messages.success(request, f"Revision {draft.revision} is a draft with the terms offered.")
    return redirect(draft)


@login_required
@require_POST
def counter_decline(request, pk) -> HttpResponse:
    """Turn the offer down."""
    counter, form = counter_or_404(request, pk), ReasonForm(request.POST)
    note = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        operations.decline_counter(counter=counter, note=note, **by_and_at(request))
    except Refused as refused:
        return refuse(request, counter, refused)
    messages.success(request, "Declined, and its author is told.")
    return redirect(counter.decision.slot.step.request)


def refuse(request, counter: CounterOffer, refused: Refused) -> HttpResponse:
    asked = ApprovalRequest.objects.get(pk=counter.decision.slot.step.request_id)
    return show(request, asked, refused=refused)
