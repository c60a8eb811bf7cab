"""The checklist filled in place: items, ticks, and the word that there is none."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from pipeline import operations
from pipeline.gates import ask_of_debt, asks_of, is_met, load_facts, missing, unpaid_debts
from pipeline.permissions import check_can_change
from pipeline.registry import CUSTOM
from pipeline.stages import process_by_id
from pipeline.views.shared import by_and_at, deal_or_404, done, is_swap, show_act
from pipeline.views.showing import Line, fill_in
from revops.people.actor import Actor
from revops.refusals import Refused


@login_required
@require_POST
def deal_criterion_tick(request, pk, key):
    """Confirm an exit criterion, or take the confirmation back."""
    deal = deal_or_404(request, pk)
    if request.POST.get("withdraw"):
        operations.withdraw_tick(deal=deal, criterion_key=key, **by_and_at(request))
        return done(request, deal, "The confirmation is taken back.")
    facts = {"note": request.POST.get("note", ""), "evidence": request.FILES.get("evidence")}
    try:
        operations.tick_criterion(deal=deal, criterion_key=key, **facts, **by_and_at(request))
    except Refused as exc:
        if exc.code != "note_missing":
            raise
        return show_tick(request, deal, key, refused=exc)
    return done(request, deal, "Confirmed, with your name and the date.")


def show_tick(request, deal, key: str, *, refused: Refused):
    """Ask how one knows it: the page's form of it again, or the same in the dialog."""
    context = {
        "template": "pipeline/_tick_form.html",
        "title": refused.missing[0].label,
        "note": request.POST.get("note", ""),
        "fault": refused.message if "asked" in request.POST else "",
        "submit": "Confirm",
    }
    return show_act(request, deal, context, status=422)


@login_required
@require_POST
def deal_item_none(request, pk, key):
    """Say that there is none of it, or take that back."""
    deal = deal_or_404(request, pk)
    if request.POST.get("withdraw"):
        operations.withdraw_none(deal=deal, item_key=key, **by_and_at(request))
        return done(request, deal, "Taken back.")
    operations.declare_none(deal=deal, item_key=key, **by_and_at(request))
    return done(request, deal, "Noted that there is none, with your name and the date.")


@login_required
@require_POST
def deal_item_fill(request, pk, key):
    """Fill in one item of the checklist."""
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    process = process_by_id(deal.pipeline_id)
    line, asked = line_asked(deal, process, key)
    form = fill_in(request, deal, process, line, asked, request.POST, request.FILES)
    refused, status = None, 422
    if form.is_valid():
        answers = form.answers() or emptied(form, line)
        if not answers:
            form.add_error(form.items[0].names[0], asked.sentence)
        else:
            try:
                operations.fill_items(deal=deal, evidence=answers, **by_and_at(request))
            except Refused as exc:
                refused, status = (None if form.mark(exc) else exc), exc.status
            else:
                return done(request, deal, f"{line.label}: saved.")
    line.asked, line.is_open, line.form = form.groups()[0], True, form
    if not is_swap(request):
        context = {"form": form, "title": line.label, "submit": "Save", "refused": refused}
        return show_act(request, deal, context, status=status)
    context = {"deal": deal, "line": line, "refused": refused}
    return render(request, "pipeline/_line.html", context, status=status)


def emptied(form, line) -> dict[str, object]:
    """An answer that was there and was cleared."""
    empty = None if line.key.startswith(CUSTOM) else ""
    return {line.key: empty} if line.done else {}


def line_asked(deal, process, key: str):
    """The line of the checklist that this key means, among everything any stage asks."""
    facts = load_facts(deal, timezone.now())
    asks = [ask for rule in process.rules for ask in asks_of(rule)]
    asks += [ask_of_debt(debt) for debt in unpaid_debts(deal)]
    for ask in asks:
        if ask.name == key:
            line = Line(ask.name, ask.label, missing(ask).sentence, is_met(deal, ask, facts))
            line.none_allowed = ask.none_allowed
            return line, missing(ask)
    raise Http404
