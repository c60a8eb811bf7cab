"""The inbox of who decides, and the approver's minute: one page that says everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
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
from dealdesk.models import ApprovalRequest, ApprovalSlot, Decision
from dealdesk.operations.together import flags_of
from dealdesk.permissions import (
    STANDS_IN,
    check_can_decide,
    check_can_hand_on,
    check_can_revoke,
    check_stands_in,
)
from dealdesk.policy import policy_from_json
from dealdesk.views.shared import first_lines, slot_or_404, why_not
from dealdesk.views.showing import Shown, off_text, show_request, tier_name
from dealdesk.views.talking import conversation_of
from dealdesk.wording import listed
from pipeline.timeline import tell
from revops.addresses import number_in
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, Refused

INBOX = 25
DECIDED = 50
HISTORY = 30

# The inbox


@dataclass(frozen=True)
class Waiting:
    """One line of the inbox."""

    slot: ApprovalSlot
    is_late: bool
    on_it: queue.OnIt
    flags: list[str]
    """Why it is decided by itself and not in a row with others."""
    is_picked: bool = False

    @property
    def request(self) -> ApprovalRequest:
        return self.slot.step.request

    @property
    def tier(self) -> str:
        return tier_name(self.request.route_key)

    @property
    def why_alone(self) -> str:
        return f"By itself: {listed(self.flags)}" if self.flags else ""


@login_required
@require_safe
def approval_inbox(request):
    """What waits for me, by when it is needed and due; and what I decided."""
    return show_inbox(request)


def show_inbox(request, *, refused: Refused | None = None, form=None, picked=()) -> HttpResponse:
    at, user = timezone.now(), request.user
    waiting = ApprovalSlot.objects.waiting_on(user)
    tab = "decided" if request.GET.get("tab") == "decided" else "waiting"
    number = waiting.numbers(at)
    context: dict[str, Any] = {
        "count": number["all"],
        "decided_count": Decision.objects.filter(decided_by=user).count(),
        "tab": tab,
        "at": at,
        "refused": refused,
        "form": form,
    }
    if tab == "waiting":
        context |= waiting_page(request, waiting, at, picked)
        context["late"] = late = number["late"]
        context["late_words"] = "One is overdue" if late == 1 else f"{late} are overdue"
    else:
        context["decisions"] = decided_by(request)
    context["tabs"] = [
        {
            "label": "Waiting for me",
            "url": "?",
            "current": tab == "waiting",
            "count": context["count"],
        },
        {
            "label": "Decided by me",
            "url": "?tab=decided",
            "current": tab == "decided",
            "count": context["decided_count"],
        },
    ]
    status = refused.status if refused else 200
    return render(request, "dealdesk/approval_inbox.html", context, status=status)


def waiting_page(request, waiting, at: datetime, picked=()) -> dict[str, Any]:
    """A page of what waits in one view, after the slot that the address names."""
    view = queue.view_in(request.GET.get("show", ""))
    waiting = queue.narrowed(waiting, view, at)
    mark = number_in(request.GET.get("after", ""))
    held = ApprovalSlot.objects.filter(person=request.user).select_related("step__request")
    if mark and (slot := held.filter(pk=mark).first()):
        waiting = waiting.later_than(slot)
    found = first_lines(waiting, INBOX + 1)
    on_them = queue.on_them(found[:INBOX])
    shown = [
        Waiting(
            slot,
            slot.is_late(at),
            on_them[slot.pk],
            flags_of(slot.step.request),
            slot.pk in picked,
        )
        for slot in found[:INBOX]
    ]
    following = f"?show={view}&after={shown[-1].slot.pk}" if len(found) > INBOX else ""
    views = [(key, label, key == view) for key, label in queue.VIEWS.items()]
    tiers = Counter(row.request.route_key for row in shown if not row.flags)
    may_pick = max(tiers.values(), default=0) > 1
    page = {"rows": shown, "next": following, "views": views, "view": view}
    return {**page, "may_pick": may_pick}


def decided_by(request) -> dict[str, Any]:
    """A page of one's own decisions, newest first, keyed by the last one shown."""
    decisions = Decision.objects.filter(decided_by=request.user).select_related(
        "slot__step__request__deal__account",
        "slot__step__request__quote",
        "revocation",
    )
    if before := number_in(request.GET.get("before", "")):
        decisions = decisions.filter(pk__lt=before)
    found = list(decisions.order_by("-pk")[: DECIDED + 1])
    shown = found[:DECIDED]
    following = f"?tab=decided&before={shown[-1].pk}" if len(found) > DECIDED else ""
    return {"rows": shown, "next": following}


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
