"""Redlines on a quote, and legal's checklist on a request."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from dealdesk.inputs import REDLINE
from dealdesk.models import ApprovalRequest, PaperCheck, Quote
from dealdesk.operations.papers import (
    add_redline,
    check_can_tick,
    remove_redline,
    tick_checklist,
)
from dealdesk.papers import checklist_of, is_on_paper
from dealdesk.permissions import allowed, can_save, check_can_save
from dealdesk.views.shared import by_and_at, quote_or_404
from pipeline.views.shared import next_of
from revops.addresses import number_in
from revops.people.actor import Actor
from revops.refusals import Refused
from revops.work.models import Attachment


def redlines_shown(quote: Quote, by: Actor) -> dict[str, Any]:
    """What the card of redlines shows of a quote."""
    files = Attachment.objects.about(quote).filter(kind=REDLINE).select_related("uploaded_by")
    return {
        "files": list(files),
        "quote": quote,
        "may_change": quote.is_draft and can_save(quote, by),
    }


def paper_shown(request: ApprovalRequest, by: Actor) -> dict[str, Any] | None:
    """What the card of the checklist shows of a request; None where the contract is ours."""
    files = list(Attachment.objects.about(request.quote).filter(kind=REDLINE))
    if not files and not is_on_paper(request):
        return None
    lines = checklist_of(request)
    return {
        "request": request,
        "files": files,
        "lines": lines,
        "ticked": sum(line.ticked_at is not None for line in lines),
        "may_tick": request.is_pending and allowed(check_can_tick, request, by=by),
    }


@login_required
@require_POST
def quote_redline(request, pk):
    """Attach a file with redlines to a draft; the card is swapped, or the page shown again."""
    quote = quote_or_404(request, pk)
    check_can_save(quote, by=Actor.from_request(request))
    refused = None
    file = request.FILES.get("redline")
    try:
        if file is None:
            raise Refused("Choose a file.", code="file_missing")
        add_redline(quote=quote, file=file, **by_and_at(request))
    except Refused as exc:
        refused = exc
    return redline_answer(request, quote, refused)


@login_required
@require_POST
def quote_redline_remove(request, pk, file):
    """Take a file with redlines off a draft."""
    quote = quote_or_404(request, pk)
    attachment = get_object_or_404(Attachment.objects.about(quote).filter(kind=REDLINE), pk=file)
    check_can_save(quote, by=Actor.from_request(request))
    refused = None
    try:
        remove_redline(attachment=attachment, **by_and_at(request))
    except Refused as exc:
        refused = exc
    return redline_answer(request, quote, refused)


def redline_answer(request, quote: Quote, refused: Refused | None):
    status = refused.status if refused else 200
    if request.headers.get("HX-Request"):
        context = {
            "redlines": redlines_shown(quote, Actor.from_request(request)),
            "refused_file": refused,
        }
        answer = render(request, "dealdesk/_paper.html", context, status=status)
        answer["HX-Trigger-After-Swap"] = "redlines-changed"
        return answer
    if refused:
        messages.error(request, str(refused))
    return redirect(quote)


@login_required
@require_POST
def request_checklist(request, pk):
    """Tick the lines of the checklist that legal has looked at."""
    found = get_object_or_404(
        ApprovalRequest.objects.visible_to(request.user).select_related("quote", "deal"), pk=pk
    )
    chosen = {number_in(value) for value in request.POST.getlist("line")}
    lines = list(PaperCheck.objects.filter(pk__in=chosen - {None}))
    tick_checklist(request=found, ticked=lines, by=Actor.from_request(request), at=timezone.now())
    found.refresh_from_db()
    if request.headers.get("HX-Request"):
        paper = paper_shown(found, Actor.from_request(request))
        return render(request, "dealdesk/_checklist.html", {"paper": paper})
    messages.success(request, "The checklist is kept.")
    return redirect(next_of(request) or found)
