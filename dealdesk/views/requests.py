"""A request with all attempts of its deal: what was asked, who decided what, and why them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dealdesk import operations
from dealdesk.coverage import conditions_of
from dealdesk.forms import ReasonForm
from dealdesk.forms.adding import AddForm
from dealdesk.mails import given_facts, in_return_facts
from dealdesk.models import ApprovalRequest, Decision
from dealdesk.permissions import (
    check_can_add_approver,
    check_can_bypass,
    check_can_recall,
    check_can_revoke,
)
from dealdesk.terms import terms_code
from dealdesk.views.approvals import ask_sentence
from dealdesk.views.offers import offer_of
from dealdesk.views.shared import by_and_at, request_or_404, why_not
from dealdesk.views.showing import mails_of, request_status, show_request, slots_of
from dealdesk.views.standing import standing_of
from dealdesk.views.talking import conversation_of
from pipeline.permissions import check_can_change
from pipeline.timeline import tell
from revops.addresses import number_in
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.people.models import Role
from revops.refusals import Refused

HISTORY = 40


@login_required
@require_safe
def request_detail(request, pk):
    return show(request, request_or_404(request, pk))


def show(
    request, asked: ApprovalRequest, *, refused: Refused | None = None, form=None, said: str = ""
):
    by, at = Actor.from_request(request), timezone.now()
    shown = show_request(asked, at, compare=True)
    slots = shown.slots
    entries = Entry.objects.about(asked).select_related("actor", "on_behalf_of")[:HISTORY]
    mine = [slot for slot in slots if slot.person_id == request.user.pk]
    context = {
        "asked": asked,
        "deal": asked.deal,
        "shown": shown,
        "ask": ask_sentence(shown),
        "given": given_facts(shown.terms) or ["Nothing beyond standard terms"],
        "got": in_return_facts(asked),
        "code": terms_code(asked.snapshot.digest),
        "attempts": attempts_of(asked, at),
        "mails": mails_of(slots) if asked.is_pending else [],
        "history": tell(list(entries), request.user),
        "cannot_recall": why_not(check_can_recall, asked, by=by),
        "may_bypass": request.user.has_role(Role.REVOPS_ADMIN)
        and not why_not(check_can_bypass, asked, by=by, at=at),
        "open_slot": next((slot for slot in mine if slot.is_open and asked.is_pending), None),
        "revocable": revocable(shown, slots, by, at),
        "talk": conversation_of(asked, by),
        "conditions": conditions_of(asked),
        "offer": offer_of(asked, by, at),
        "add_form": None if why_not(check_can_add_approver, asked, by=by) else AddForm(asked=asked),
        "may_meet": asked.deal.is_open and not why_not(check_can_change, asked.deal, by=by),
        "said": said,
        **standing_of(asked, slots, by, at),
        "refused": refused,
        "form": form or ReasonForm(),
        "at": at,
    }
    status = refused.status if refused else 200
    return render(request, "dealdesk/request_detail.html", context, status=status)


def attempts_of(asked: ApprovalRequest, at) -> list[dict]:
    """Every attempt on the deal, newest first, with where each stands."""
    attempts = ApprovalRequest.objects.filter(deal=asked.deal_id).select_related(
        "quote", "submitted_by"
    )
    attempts = attempts.prefetch_related(
        "steps__slots__person", "steps__slots__decision__decided_by"
    )
    found = []
    for each in attempts.order_by("-attempt"):
        tone, words = request_status(each, slots_of(each.steps.all()), at)
        found.append({"request": each, "tone": tone, "words": words})
    return found


def revocable(shown, slots, by: Actor, at) -> Decision | None:
    """One's own approval that may still be taken back."""
    for slot in slots:
        decision = getattr(slot, "decision", None)
        if decision is None or by.user is None or decision.decided_by_id != by.user.pk:
            continue
        slot.step.request = shown.request
        decision.slot = slot
        hours = shown.policy.revoke_hours
        if not why_not(check_can_revoke, decision, by=by, at=at, hours=hours):
            return decision
    return None


@login_required
@require_POST
def request_recall(request, pk):
    asked = request_or_404(request, pk)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        operations.recall_request(request=asked, reason=reason, **by_and_at(request))
    except Refused as refused:
        return show(request, request_or_404(request, pk), refused=refused, form=form)
    messages.success(request, "Recalled. Everybody asked is told, and their links have ended.")
    return redirect(asked)


@login_required
@require_POST
def request_condition(request, pk):
    """Say that a condition is met, and how."""
    asked, form = request_or_404(request, pk), ReasonForm(request.POST)
    note = form.cleaned_data["reason"] if form.is_valid() else ""
    number = number_in(request.POST.get("condition", "")) or 0
    condition = get_object_or_404(conditions_of(asked), pk=number)
    try:
        operations.meet_condition(condition=condition, note=note, **by_and_at(request))
    except Refused as refused:
        return show(request, request_or_404(request, pk), refused=refused)
    messages.success(request, "Written down, and the approver is told.")
    return redirect(f"{asked.get_absolute_url()}#conditions")


@login_required
@require_POST
def request_bypass(request, pk):
    """Let the request pass without its approvers."""
    asked, form = request_or_404(request, pk), ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        operations.bypass_request(request=asked, reason=reason, **by_and_at(request))
    except Refused as refused:
        return show(request, request_or_404(request, pk), refused=refused, form=form)
    messages.success(request, "Passed. Everybody who was asked is told, and it is on record.")
    return redirect(asked)


@login_required
@require_POST
def decision_revoke(request, pk):
    """Take back one's own approval, within its time."""
    visible = ApprovalRequest.objects.visible_to(request.user)
    decisions = Decision.objects.filter(slot__step__request__in=visible)
    decision = get_object_or_404(decisions.select_related("slot__step__request__deal"), pk=pk)
    asked, form = decision.slot.step.request, ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        operations.revoke_decision(decision=decision, reason=reason, **by_and_at(request))
    except Refused as refused:
        return show(request, request_or_404(request, asked.pk), refused=refused, form=form)
    messages.success(request, "Your approval is taken back.")
    return redirect(asked)
