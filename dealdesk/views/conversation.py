"""What is said about a request, beside its terms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dealdesk import operations
from dealdesk.forms import MessageForm
from dealdesk.models import ApprovalRequest, RequestMessage
from dealdesk.permissions import check_can_answer, check_can_comment
from dealdesk.views.shared import by_and_at, request_or_404, slot_or_404, why_not
from revops.addresses import number_in
from revops.people.actor import Actor
from revops.refusals import Refused


def conversation_of(asked: ApprovalRequest, by: Actor, slot: Any = None) -> dict[str, Any]:
    """What was said, and what this person may say."""
    found = said_about(asked)
    open_ones = [message for message in found if message.is_open_question]
    mine = slot is not None and slot.is_open and asked.is_pending
    waits = any(message.slot_id == slot.pk for message in open_ones) if mine else False
    return {
        "messages": found,
        "may_comment": not why_not(check_can_comment, asked, by=by),
        "may_ask": bool(mine and not waits and slot.person_id == getattr(by.user, "pk", None)),
        "may_answer": bool(open_ones) and not why_not(check_can_answer, asked, by=by),
        "answers_to": open_ones,
        "slot": slot,
    }


def said_about(asked: ApprovalRequest) -> list[RequestMessage]:
    return list(asked.messages.select_related("written_by", "answer").order_by("pk"))


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
    from dealdesk.views.approvals import show_approval
    from dealdesk.views.requests import show

    try:
        operation(**facts, body=body_in(http), **by_and_at(http))
    except Refused as refused:
        page = show if isinstance(back, ApprovalRequest) else show_approval
        return page(http, back, refused=refused, said=http.POST.get("body", ""))
    messages.success(http, "Sent to everybody concerned.")
    return redirect(f"{back.get_absolute_url()}#conversation")
