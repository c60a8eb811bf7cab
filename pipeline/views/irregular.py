"""What goes around the usual way: an override, another pipeline, who pays a debt."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forms.irregular import DebtForm, OverrideForm, TransferForm
from pipeline.gates import gates_of_others, load_facts, missing, unmet_asks, unpaid_debts
from pipeline.models import Deal, Stage
from pipeline.operations.overrides import forbidden, plan_override
from pipeline.operations.shared import check_open
from pipeline.permissions import check_can_change, check_can_override
from pipeline.stages import Rule, process_by_id
from pipeline.views.shared import by_and_at, deal_or_404, done, show_act, version_in
from revops.people.actor import Actor
from revops.refusals import Missing, Refused


@dataclass(frozen=True)
class Way:
    """One stage an override may lead to: what it goes past, and what holds it all the same."""

    rule: Rule
    past: list[str]
    held: list[Missing]


def ways_of(deal: Deal) -> list[Way]:
    """The stages that something keeps the deal from."""
    process, at = process_by_id(deal.pipeline_id), timezone.now()
    facts, debts = load_facts(deal, at), unpaid_debts(deal)
    found = []
    for rule in process.rules:
        try:
            planned = plan_override(process, deal, Stage(pk=rule.stage_id))
        except Refused:
            continue
        asks = unmet_asks(process, planned, facts, debts=debts)
        past = [*forbidden(process, planned), *(missing(ask) for ask in asks)]
        if past:
            labels = list(dict.fromkeys(each.label for each in past))
            found.append(Way(rule, labels, gates_of_others(planned, at)))
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_override(request, pk):
    """Move a deal past what its gate still asks: administrators only, with a reason."""
    deal, by = deal_or_404(request, pk), Actor.from_request(request)
    check_can_override(by=by)
    check_open(deal)
    form, refused, status = OverrideForm(request.POST or None), None, 200
    chosen = request.POST.get("to") or request.GET.get("to", "")
    if request.method == "POST" and form.is_valid():
        to = get_object_or_404(Stage, pipeline=deal.pipeline_id, key=chosen[:50])
        facts = {"to": to, "version": version_in(request), **form.cleaned_data}
        try:
            moved = operations.override_move(deal=deal, **facts, **by_and_at(request))
        except Refused as exc:
            status = exc.status
            refused = None if said_beside(form, exc) else exc
        else:
            text = (
                f"{deal.name} is in {moved.stage.name} now, past its gate. Owner and manager know."
            )
            return done(request, moved, text)
    ways = ways_of(deal)
    context = {
        "template": "pipeline/_override_form.html",
        "form": form,
        "refused": refused,
        "title": f"Override the gate for {deal.name}",
        "ways": ways,
        "chosen": chosen or next((way.rule.key for way in ways if not way.held), ""),
    }
    return show_act(request, deal, context, status=status)


def said_beside(form, refused: Refused) -> bool:
    """Put a missing reason beside its field; whether that was what is wrong."""
    if refused.code != "reason_missing":
        return False
    form.add_error("reason", refused.message)
    return True


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_transfer(request, pk):
    """Move a deal into another pipeline."""
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    check_open(deal)
    form = TransferForm(request.POST or None, deal=deal, user=request.user)
    refused, status = None, 200
    if request.method == "POST" and form.is_valid():
        pipeline, key = form.place()
        to = get_object_or_404(Stage, pipeline=pipeline, key=key)
        facts = {"to_pipeline": pipeline, "to_stage": to, "version": version_in(request)}
        reason = form.cleaned_data["reason"]
        try:
            moved = operations.transfer_deal(
                deal=deal, reason=reason, **facts, **by_and_at(request)
            )
        except Refused as exc:
            status = exc.status
            refused = None if said_beside(form, exc) else exc
        else:
            text = f"{deal.name} is in {pipeline.name} now, in {moved.stage.name}."
            return done(request, moved, text)
    context = {
        "form": form,
        "refused": refused,
        "title": f"Move {deal.name} to another pipeline",
        "lead": lead_of(deal, form),
        "nothing_to_do": not form.places,
        "submit": "Move it there",
    }
    return show_act(request, deal, context, status=422 if form.errors else status)


def lead_of(deal: Deal, form: TransferForm) -> str:
    if not form.places:
        return "There is no other pipeline where you may let a deal begin."
    return (
        f"It stands in {deal.pipeline.name}, {deal.stage.name}. What it owes it still owes, and "
        "what the stages before its new one ask is owed as well."
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_debt_assign(request, pk, debt):
    """Let somebody else pay off what a skipped stage is owed."""
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    debt = get_object_or_404(deal.debts.select_related("stage", "owner"), pk=debt, paid_at=None)
    form = DebtForm(request.POST or None, deal=deal, present=debt.owner_id)
    refused, status = None, 200
    if request.method == "POST" and form.is_valid():
        owner = form.cleaned_data["owner"]
        try:
            operations.assign_debt(debt=debt, owner=owner, **by_and_at(request))
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            return done(request, deal, f"{owner.name} owes {debt.label} now.")
    now = f"{debt.owner.name} owes it now" if debt.owner else "The owner of the deal owes it now"
    context = {
        "form": form,
        "refused": refused,
        "title": f"Who owes {debt.label}",
        "lead": f"{now}. Only people who may change this deal can pay it off.",
        "submit": "Ask them",
    }
    return show_act(request, deal, context, status=422 if form.errors else status)
