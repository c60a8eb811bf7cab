"""Clean-up mode: one's own findings one after another, each with the form that clears it.

The forms are those of the deal's own pages, and lead back here; so it works without scripts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from pipeline import operations
from pipeline.findings import kind_of
from pipeline.findings.counting import count_own
from pipeline.findings.queue import Chore, Queue, read_queue
from pipeline.forms import ActivityForm, ContactLinkForm, EvidenceForm, NextStepForm, PushForm
from pipeline.gates import ask_of_debt, asks_of, load_facts, missing, still_unmet, unpaid_debts
from pipeline.models import Deal, DealContact
from pipeline.permissions import check_can_change
from pipeline.stages import process_by_id
from pipeline.views.close_dates import push_reasons
from pipeline.views.hygiene import check_may_read
from pipeline.views.shared import by_and_at, deal_or_404, done, is_swap, show_act
from pipeline.views.showing import card_facts_of
from revops.company.models import Company
from revops.people.actor import Actor
from revops.refusals import Refused

SKIPPED = "clean_up_skipped"
CLEARED = "clean_up_cleared"


@login_required
@require_safe
@vary_on_headers("HX-Request")
def clean_up(request):
    """The finding that is asked for, or the first one, with where it stands among all."""
    check_may_read(request.user)
    at = timezone.now()
    kind = request.GET.get("kind", "")
    kind = kind if kind_of(kind) else ""
    queue = read_queue(request.user, at, kind=kind, skipped=skipped_in(request, at))
    context = {
        "queue": queue,
        "total": len(queue.chores),
        "skipped": len(skipped_in(request, at)),
        "kind": kind_of(kind),
        "left": count_own(request.user, at),
    }
    if queue.chores:
        context |= step_of(request, queue, request.GET.get("at", ""), kind, at)
    name = "_clean_up" if is_swap(request) else "clean_up"
    return render(request, f"pipeline/hygiene/{name}.html", context)


def skipped_in(request, at) -> set[str]:
    """What the person put off for the rest of their day."""
    kept = request.session.get(SKIPPED, {})
    return set(kept.get("marks", ())) if kept.get("day") == today_of(at) else set()


def today_of(at) -> str:
    return Company.get().local_day(at).isoformat()


def step_of(request, queue: Queue, mark: str, kind: str, at) -> dict[str, Any]:
    """Everything that one step shows."""
    place = queue.place_of(mark)
    chore = queue.chores[place]
    following = queue.chores[(place + 1) % len(queue.chores)]
    before = queue.chores[place - 1]
    onward = address_of(following, kind) if following is not chore else address_of(None, kind)
    form = form_of(request, chore, onward, at)
    return {
        "chore": chore,
        "deal": chore.deal,
        "finding": chore.finding,
        "facts": card_facts_of(chore.deal, at),
        "position": place + 1,
        "next_url": address_of(following, kind),
        "previous_url": address_of(before, kind),
        "onward": onward,
        "cannot_change": cannot_change(request, chore.deal),
        "act": form,
        "at": at,
        "today": Company.get().local_day(at),
        "opened": at,
        "lose_url": with_next("deal-lose", chore.deal, onward),
        **form.context,
    }


def cannot_change(request, deal: Deal) -> str:
    try:
        check_can_change(deal, by=Actor.from_request(request))
    except Refused as refused:
        return refused.message
    return ""


def address_of(chore: Chore | None, kind: str) -> str:
    asked = {"at": chore.mark if chore else "", "kind": kind}
    query = urlencode({name: value for name, value in asked.items() if value})
    return reverse("pipeline:clean-up") + (f"?{query}" if query else "")


def with_next(name: str, deal: Deal, onward: str) -> str:
    """The address of an act on the deal that leads on to the next finding."""
    return f"{reverse(f'pipeline:{name}', args=[deal.pk])}?{urlencode({'next': onward})}"


@dataclass(frozen=True)
class Act:
    """The form that clears a finding, in place; without a template, a link to where it is done."""

    template: str = ""
    url: str = ""
    label: str = ""
    context: dict[str, Any] = field(default_factory=dict)


def form_of(request, chore: Chore, onward: str, at) -> Act:
    make = FORMS.get(chore.finding.kind)
    if make is None:
        return Act(url=chore.finding.act_url, label=chore.finding.act_label)
    return make(request, chore, onward, at)


def next_step(request, chore: Chore, onward: str, at) -> Act:
    context = {
        "form": NextStepForm(initial={"next_step_date": chore.deal.next_step_date}),
        "action": with_next("deal-next-step", chore.deal, onward),
        "submit": "Plan the next step",
    }
    return Act("pipeline/hygiene/_simple_form.html", context=context)


def close_date(request, chore: Chore, onward: str, at) -> Act:
    form = PushForm()
    form.fields["to"].widget.attrs["min"] = Company.get().local_day(at).isoformat()
    context = {
        "form": form,
        "action": with_next("deal-push", chore.deal, onward),
        "reasons": push_reasons(),
        "is_page": True,
        "back": onward,
    }
    return Act("pipeline/_push_form.html", context=context)


def onward_or_out(request, chore: Chore, onward: str, at) -> Act:
    """A stale deal moves on or is closed."""
    process = process_by_id(chore.deal.pipeline_id)
    present = process.rule_of(chore.deal.stage_id)
    following = process.next_of(present.key)
    verb = "deal-advance" if following else "deal-win"
    context = {
        "action": with_next(verb, chore.deal, onward),
        "submit": f"Advance to {following.name}" if following else "Win the deal",
        "send_back_url": (
            with_next("deal-send-back", chore.deal, onward) if present is not process.first else ""
        ),
    }
    return Act("pipeline/hygiene/_stale_form.html", context=context)


def buyer_act(request, chore: Chore, onward: str, at) -> Act:
    context = {
        "form": ActivityForm(initial={"kind": "call", "side": "buyer"}),
        "action": with_next("deal-activity-log", chore.deal, onward),
        "submit": "Write it down",
    }
    return Act("pipeline/hygiene/_simple_form.html", context=context)


def decision_maker(request, chore: Chore, onward: str, at) -> Act:
    role = DealContact.Role.DECISION_MAKER
    context = {
        "form": ContactLinkForm(deal=chore.deal, initial={"role": role}),
        "action": with_next("deal-contact-link", chore.deal, onward),
        "submit": "Link the decision maker",
        "is_page": True,
        "back": onward,
    }
    return Act("pipeline/_contact_form.html", context=context)


def owed(request, chore: Chore, onward: str, at) -> Act:
    return evidence(request, chore, onward, debts_of(chore.deal), at)


def missing_items(request, chore: Chore, onward: str, at) -> Act:
    return evidence(request, chore, onward, items_of(chore.deal), at)


def debts_of(deal: Deal) -> list:
    return [ask_of_debt(debt) for debt in unpaid_debts(deal)]


def items_of(deal: Deal) -> list:
    return asks_of(process_by_id(deal.pipeline_id).rule_of(deal.stage_id))


def evidence(request, chore: Chore, onward: str, asks, at) -> Act:
    """The form of what is asked and not there."""
    fill = reverse("pipeline:clean-up-fill", args=[chore.deal.pk])
    query = urlencode({"next": onward, "what": chore.finding.kind})
    form = evidence_form(request, chore.deal, asks, at)
    context = {"form": form, "groups": form.groups(), "action": f"{fill}?{query}", "submit": "Save"}
    return Act("pipeline/hygiene/_evidence_form.html", context=context)


def evidence_form(request, deal: Deal, asks, at, data=None, files=None) -> EvidenceForm:
    unmet = still_unmet(deal, asks, load_facts(deal, at))
    return EvidenceForm(
        data,
        files,
        deal=deal,
        process=process_by_id(deal.pipeline_id),
        missing=[missing(ask) for ask in unmet],
        user=request.user,
    )


FORMS = {
    "no_next_step": next_step,
    "past_close_date": close_date,
    "stale": onward_or_out,
    "buyer_silent": buyer_act,
    "no_decision_maker": decision_maker,
    "debt_overdue": owed,
    "items_missing": missing_items,
}


@login_required
@require_POST
def clean_up_skip(request):
    """Put a finding off until tomorrow, and go on to the next."""
    check_may_read(request.user)
    at = timezone.now()
    marks = skipped_in(request, at) | {request.POST.get("mark", "")[:60]}
    if "all" in request.POST:
        marks = set()
    request.session[SKIPPED] = {"day": today_of(at), "marks": sorted(marks - {""})[:500]}
    target = request.POST.get("next", "")
    ours = target.startswith(reverse("pipeline:clean-up"))
    return redirect(target if ours else reverse("pipeline:clean-up"))


@login_required
@require_POST
def clean_up_fill(request, pk):
    """Fill in what is missing or owed, as far as it was given."""
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    is_debt = request.GET.get("what") == "debt_overdue"
    asks = debts_of(deal) if is_debt else items_of(deal)
    at = timezone.now()
    form = evidence_form(request, deal, asks, at, request.POST, request.FILES)
    refused, status = None, 422
    if form.is_valid():
        try:
            operations.fill_items(deal=deal, evidence=form.answers(), **by_and_at(request))
        except Refused as exc:
            refused, status = (None if form.mark(exc) else exc), exc.status
        else:
            return done(request, deal, f"{deal.name}: saved.")
    context = {
        "form": form,
        "groups": form.groups(),
        "title": f"What {deal.name} lacks",
        "submit": "Save",
        "refused": refused,
        "template": "pipeline/hygiene/_evidence_form.html",
    }
    return show_act(request, deal, context, status=status)
