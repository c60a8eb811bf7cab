"""The approver's minute: one page that says everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dealdesk import operations, queue
from dealdesk.exclusions import excluded_people
from dealdesk.forms import DecisionForm, HandOnForm
from dealdesk.mails import given_facts, in_return_facts, role_words
from dealdesk.minute import beside
from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.permissions import (
    STANDS_IN,
    check_can_decide,
    check_can_hand_on,
    check_can_revoke,
    check_stands_in,
)
from dealdesk.policy import policy_from_json
from dealdesk.views.shared import first_lines, slot_or_404, why_not
from dealdesk.views.showing import Shown, off_text, show_request
from dealdesk.views.talking import conversation_of
from dealdesk.wording import listed
from pipeline.timeline import tell
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, Refused

HISTORY = 30

# One approval


@login_required
@require_safe
def approval_detail(request, pk):
    slot = slot_or_404(request, pk)
    if slot.is_open and slot.person_id == request.user.pk:
        by = Actor.from_request(request)
        operations.note_opening(slot=slot, by=by, at=timezone.now())
    return show_approval(request, slot)


def show_approval(
    request, slot: ApprovalSlot, *, form=None, refused: Refused | None = None, said: str = ""
) -> HttpResponse:
    by, at = Actor.from_request(request), timezone.now()
    context = {
        **approval_context(slot, by, at, user=request.user),
        "talk": conversation_of(slot.step.request, by, slot),
        "said": said,
        "hand_on": hand_on_form(slot, by),
        "form": form,
        "refused": refused,
        "hours_left": may_revoke(slot, by, at),
        "on_it": queue.on_them([slot])[slot.pk],
    }
    status = refused.status if refused else 200
    return render(request, "dealdesk/approval_detail.html", context, status=status)


def approval_context(slot: ApprovalSlot, by: Actor, at: datetime, *, user) -> dict[str, Any]:
    """Everything an approver is shown, signed in or come by the link of a mail."""
    asked = slot.step.request
    shown = show_request(asked, at, compare=True)
    policy = shown.policy
    excluded = excluded_people(asked.quote, asked.submitted_by, at)
    cannot = why_not(check_can_decide, slot, by=by, excluded=excluded, policy=policy)
    cannot = cannot or why_not(check_stands_in, slot, at=at)
    entries = Entry.objects.about(asked).select_related("actor", "on_behalf_of")[:HISTORY]
    is_mine = bool(user and user.pk == slot.person_id)
    return {
        "slot": slot,
        "asked": asked,
        "deal": asked.deal,
        "shown": shown,
        "ask": ask_sentence(shown),
        "role": role_words(slot.role),
        "given": given_facts(shown.terms) or ["Nothing beyond standard terms"],
        "got": in_return_facts(asked) or ["Nothing was said"],
        "is_mine": is_mine,
        "cannot": cannot,
        "decision": getattr(slot, "decision", None),
        "history": tell(list(entries), slot.person),
        "is_late": slot.is_late(at),
        "at": at,
        # Why each of them is asked stands in the trace; here it would push the rest off the screen.
        "route_steps": [replace(step, reasons=()) for step in shown.route_steps],
        **beside(asked, user, at),
        **(what_waits(slot) if is_mine else {}),
    }


def hand_on_form(slot: ApprovalSlot, by: Actor) -> HandOnForm | None:
    if why_not(check_can_hand_on, slot, by=by):
        return None
    form = HandOnForm(colleagues=colleagues_for(slot.pk))
    return form if form.fields["to"].queryset.exists() else None


def ask_sentence(shown: Shown) -> str:
    """The ask in one sentence: "Rita asks for 25 % off and Custom SLA for Acme renewal"."""
    asked, terms = shown.request, shown.terms
    who = asked.submitted_by.short_name if asked.submitted_by else "Somebody"
    percent = terms.price.blended.percent
    wanted = [off_text(percent)] if percent is not None and percent > 0 else []
    wanted += [concession.kind.value.replace("_", " ") for concession in terms.price.concessions]
    wanted += [term.name for term in terms.nonstandard]
    if terms.payment.rank > shown.policy.terms.payment.rank:
        wanted.append(terms.payment.name)
    months = terms.term_months or 0
    if months > shown.policy.structure.standard_months:
        wanted.append(f"{months} months")
    what = listed(wanted) or "these terms"
    return f"{who} asks for {what}"


def what_waits(slot: ApprovalSlot) -> dict[str, Any]:
    """How many more wait for this person, and once this is decided the one to take next."""
    others = ApprovalSlot.objects.waiting_on(slot.person).exclude(pk=slot.pk)
    following = None if slot.is_open else next(iter(first_lines(others, 1)), None)
    return {"more": others.count(), "following": following}


def may_revoke(slot: ApprovalSlot, by: Actor, at: datetime) -> bool:
    decision = getattr(slot, "decision", None)
    if decision is None or by.user is None or decision.decided_by_id != by.user.pk:
        return False
    decision.slot = slot
    hours = policy_from_json(slot.step.request.policy.body).revoke_hours
    return not why_not(check_can_revoke, decision, by=by, at=at, hours=hours)


@login_required
@require_POST
def approval_decide(request, pk):
    slot = slot_or_404(request, pk)
    form = DecisionForm(request.POST)
    form.is_valid()
    try:
        decide(slot, form, by=Actor.from_request(request), at=timezone.now())
    except Refused as refused:
        # What was decided, recalled or changed meanwhile shows on the page itself.
        fresh = slot_or_404(request, pk) if isinstance(refused, Conflict) else slot
        return show_approval(request, fresh, form=form, refused=refused)
    return redirect(slot)


@login_required
@require_POST
def approval_hand_on(request, pk):
    """Hand one's part on to a colleague of the same discipline."""
    slot, form = slot_or_404(request, pk), HandOnForm(request.POST, colleagues=colleagues_for(pk))
    try:
        if not form.is_valid():
            raise Refused("Choose a colleague, and say why.", code="incomplete")
        operations.reassign_approval(
            slot=slot,
            to=form.cleaned_data["to"],
            reason=form.cleaned_data["reason"],
            by=Actor.from_request(request),
            at=timezone.now(),
        )
    except Refused as refused:
        return show_approval(request, slot_or_404(request, pk), refused=refused)
    messages.success(request, f"{form.cleaned_data['to'].name} is asked now.")
    return redirect(slot.step.request)


def colleagues_for(pk: int):
    """People who hold the role of a slot, or may stand in for it, but for who has it."""
    slot = ApprovalSlot.objects.get(pk=pk)
    roles = [slot.role, *([STANDS_IN[slot.role]] if slot.role in STANDS_IN else [])]
    people = User.objects.admitted().holding(*roles).exclude(pk=slot.person_id)
    return people.distinct().order_by("name", "pk")


def decide(slot: ApprovalSlot, form: DecisionForm, *, by: Actor, at: datetime, link=None):
    """Decide what the form says, on exactly the terms it showed."""
    return operations.decide_approval(
        slot=slot,
        verdict=form.cleaned_data.get("verdict", ""),
        reason=form.cleaned_data.get("reason", ""),
        digest=form.cleaned_data.get("digest", ""),
        conditions=form.cleaned_data.get("conditions", "").splitlines(),
        link=link,
        by=by,
        at=at,
    )


def slot_of_person(asked: ApprovalRequest, user) -> ApprovalSlot | None:
    """The open slot of somebody in a request, if they have one."""
    mine = ApprovalSlot.objects.filter(Q(step__request=asked), person=user)
    return mine.open().order_by(F("due_at").asc(nulls_last=True), "pk").first()
