"""Saying something about a request: a comment, a question, an answer."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dealdesk import operations
from dealdesk.forms import MessageForm
from dealdesk.models import ApprovalRequest, RequestMessage
from dealdesk.views.approvals import show_approval
from dealdesk.views.requests import show
from dealdesk.views.shared import by_and_at, request_or_404, slot_or_404
from revops.addresses import number_in
from revops.refusals import Refused


def body_in(request) -> str:
    form = MessageForm(request.POST)
    return form.cleaned_data["body"] if form.is_valid() else ""


@login_required
@require_POST
def request_comment(request, pk) -> HttpResponse:
    asked = request_or_404(request, pk)
    return said(request, asked, operations.comment_on_request, request=asked)


@login_required
@require_POST
def approval_ask(request, pk) -> HttpResponse:
    """Ask the rep, from the page where one decides."""
    slot = slot_or_404(request, pk)
    return said(request, slot, operations.ask_submitter, slot=slot)


@login_required
@require_POST
def request_answer(request, pk) -> HttpResponse:
    """Answer the question that the form names."""
    asked = request_or_404(request, pk)
    questions = asked.messages.filter(kind=RequestMessage.Kind.QUESTION)
    question = get_object_or_404(questions, pk=number_in(request.POST.get("question", "")) or 0)
    return said(request, asked, operations.answer_question, question=question)


def said(http, back, operation, **facts) -> HttpResponse:
    """Say it and go back; a refusal shows on the page with what was typed."""
    try:
        operation(**facts, body=body_in(http), **by_and_at(http))
    except Refused as refused:
        page = show if isinstance(back, ApprovalRequest) else show_approval
        return page(http, back, refused=refused, said=http.POST.get("body", ""))
    messages.success(http, "Sent to everybody concerned.")
    return redirect(f"{back.get_absolute_url()}#conversation")
