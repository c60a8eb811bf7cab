"""Asking the desk: the thread on a deal, and the desk's list of what it is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dealdesk import operations
from dealdesk.forms import MessageForm
from dealdesk.models import DeskThread
from dealdesk.threadrights import (
    check_can_ask_desk,
    check_can_close_thread,
    check_can_speak,
    check_works_at_desk,
    speaks_for_desk,
)
from dealdesk.views.shared import by_and_at, deal_or_404, why_not
from pipeline.models import Deal
from revops.addresses import number_in
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import Refused

PAGE = 50
VIEWS = {
    "mine": "Mine",
    "unanswered": "Waiting for the desk",
    "open": "All open",
    "closed": "Closed",
}
PEOPLE = ("deal__account", "asked_by", "owner")


@login_required
@require_safe
def thread_list(request) -> HttpResponse:
    """What the desk is asked, by when it is due; each sees the threads of deals they see."""
    user, at = request.user, timezone.now()
    view = request.GET.get("show", "")
    if view not in VIEWS:
        view = "mine" if user.has_role(Role.DEAL_DESK) else "open"
    start = max(number_in(request.GET.get("from", "")) or 0, 0)
    found = list(threads_of(user, view)[start : start + PAGE + 1])
    context = {
        "threads": [{"thread": thread, "late": thread.is_late(at)} for thread in found[:PAGE]],
        "next": f"?show={view}&from={start + PAGE}" if len(found) > PAGE else "",
        "view": view,
        "tabs": [
            {"label": label, "url": f"?show={key}", "current": key == view}
            for key, label in VIEWS.items()
        ],
    }
    return render(request, "dealdesk/thread_list.html", context)


def threads_of(user: User, view: str):
    """The threads of one view, in the order in which they are worked off."""
    threads = DeskThread.objects.visible_to(user).select_related(*PEOPLE)
    if view == "closed":
        return threads.filter(waits_on=DeskThread.WaitsOn.NOBODY).order_by("-closed_at", "-pk")
    threads = threads.open().by_urgency()
    if view == "mine":
        return threads.filter(owner=user)
    return threads.waiting_on_desk() if view == "unanswered" else threads


@login_required
@require_safe
def thread_detail(request, pk) -> HttpResponse:
    return show(request, thread_or_404(request, pk))


def show(request, thread: DeskThread, *, refused: Refused | None = None, said: str = ""):
    by, at = Actor.from_request(request), timezone.now()
    works = not why_not(check_works_at_desk, by=by)
    context: dict[str, Any] = {
        "thread": thread,
        "messages_said": thread.messages.select_related("written_by").order_by("pk"),
        "late": thread.is_late(at),
        "may_speak": not why_not(check_can_speak, thread, by=by),
        "for_desk": speaks_for_desk(thread, by.user),
        "may_close": thread.is_open and not why_not(check_can_close_thread, thread, by=by),
        "may_take": works and thread.is_open and thread.owner_id != request.user.pk,
        "colleagues": colleagues(thread) if works and thread.is_open else [],
        "refused": refused,
        "said": said,
    }
    return render(request, "dealdesk/thread_detail.html", context, status=422 if refused else 200)


def colleagues(thread: DeskThread) -> list[User]:
    people = User.objects.admitted().holding(Role.DEAL_DESK).exclude(pk=thread.owner_id)
    return list(people.order_by("name", "pk"))


@login_required
@require_POST
def thread_open(request, pk) -> HttpResponse:
    """Ask the desk about a deal; a refusal shows on the deal's page with what was typed."""
    deal = deal_or_404(request, pk)
    try:
        thread = operations.ask_desk(deal=deal, body=body_in(request), **by_and_at(request))
    except Refused as refused:
        context = {"deal": deal, "refused": refused, "said": request.POST.get("body", "")}
        return render(request, "dealdesk/thread_refused.html", context, status=refused.status)
    messages.success(request, f"{thread.owner.name} at the deal desk has your question.")
    return redirect(thread)


@login_required
@require_POST
def thread_reply(request, pk) -> HttpResponse:
    thread = thread_or_404(request, pk)
    return done(request, thread, operations.reply_in_thread, body=body_in(request))


@login_required
@require_POST
def thread_close(request, pk) -> HttpResponse:
    return done(request, thread_or_404(request, pk), operations.close_thread)


@login_required
@require_POST
def thread_hand_on(request, pk) -> HttpResponse:
    """Give it to the colleague whom the form names, or take it oneself."""
    thread = thread_or_404(request, pk)
    people = User.objects.admitted()
    to = get_object_or_404(people, pk=number_in(request.POST.get("to", "")) or 0)
    return done(request, thread, operations.hand_thread_on, to=to)


def done(request, thread: DeskThread, operation, **facts) -> HttpResponse:
    """Do it and come back; a refusal shows on the page with what was typed."""
    try:
        operation(thread=thread, **facts, **by_and_at(request))
    except Refused as refused:
        thread = thread_or_404(request, thread.pk)
        return show(request, thread, refused=refused, said=request.POST.get("body", ""))
    return redirect(thread)


def thread_or_404(request, pk: int) -> DeskThread:
    threads = DeskThread.objects.visible_to(request.user)
    return get_object_or_404(threads.select_related(*PEOPLE, "deal__owner"), pk=pk)


def body_in(request) -> str:
    form = MessageForm(request.POST)
    return form.cleaned_data["body"] if form.is_valid() else ""


def thread_panel(deal: Deal, user: User, at: datetime) -> dict[str, Any]:
    """What the desk was asked about one deal, on its page."""
    threads = deal.desk_threads.select_related("owner", "asked_by").order_by("-pk")[:5]
    return {
        "threads": [{"thread": thread, "late": thread.is_late(at)} for thread in threads],
        "no_question": why_not(check_can_ask_desk, deal, by=Actor.of(user)),
    }
