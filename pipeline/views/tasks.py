"""What people were asked to do: the list of it, and one task read and finished."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from pipeline.forms import TaskForm
from pipeline.keyset import Order, page_of
from pipeline.models import Deal
from pipeline.views.shared import (
    by_and_at,
    done,
    is_swap,
    next_of,
    version_in,
    why_not,
)
from revops.frame.notices import addresses
from revops.people.actor import Actor
from revops.people.models import ReportingLink, Role
from revops.refusals import Refused
from revops.work.models import Task
from revops.work.operations import close_task
from revops.work.permissions import check_can_close, may_see_task

TASKS_AT_ONCE = 30
DUE_FIRST = Order("due_at")
LATEST_FIRST = Order("closed_at", descending=True)
SEES_ALL_TASKS = (Role.REVOPS_ADMIN, Role.AUDITOR)


@dataclass(frozen=True)
class Asked:
    """A task with the deal it is about, where the reader sees that deal."""

    task: Task
    deal: Deal | None = None

    @property
    def is_late(self) -> bool:
        due = self.task.due_at
        return self.task.is_open and due is not None and due < timezone.now()


def with_deals(tasks, user) -> list[Asked]:
    """The tasks with the deals they are about, in one question for all of them."""
    tasks = list(tasks)
    about = {task.about_id for task in tasks if task.about_type == "deal"}
    deals = {}
    if about:
        visible = Deal.objects.visible_to(user).select_related("account")
        deals = visible.in_bulk(about)
    return [
        Asked(task, deals.get(task.about_id) if task.about_type == "deal" else None)
        for task in tasks
    ]


@login_required
@require_safe
def task_list(request):
    """Open or finished tasks: one's own, one's line's, or for RevOps and auditors everybody's."""
    user = request.user
    views = whose_views(user)
    whose = request.GET.get("whose", "")
    whose = whose if whose in dict(views) else "mine"
    is_closed = request.GET.get("state") == "done"
    rows = tasks_of_whom(user, whose).select_related("assignee", "closed_by")
    rows, order = (rows.closed(), LATEST_FIRST) if is_closed else (rows.open(), DUE_FIRST)
    page = page_of(rows, order, after=request.GET.get("after", ""), size=TASKS_AT_ONCE)
    context = {
        "asked": with_deals(page.rows, user),
        "next": page.next,
        "is_first": not request.GET.get("after"),
        "is_closed": is_closed,
        "whose": whose,
        "views": views if len(views) > 1 else [],
    }
    return render(request, "pipeline/task_list.html", context)


def whose_views(user) -> list[tuple[str, str]]:
    """Whose tasks this person may look through."""
    views = [("mine", "Asked of me")]
    if ReportingLink.objects.filter(ancestor=user, depth__gt=0).exists():
        views.append(("line", "My line"))
    if user.has_role(*SEES_ALL_TASKS):
        views.append(("all", "Everybody"))
    return views


def tasks_of_whom(user, whose: str):
    if whose == "all":
        return Task.objects.all()
    return Task.objects.of_line(user) if whose == "line" else Task.objects.filter(assignee=user)


def task_or_404(request, pk: int) -> Task:
    tasks = Task.objects.select_related("assignee", "opened_by", "closed_by").filter(pk=pk)
    task = tasks.first()
    if task is None or not may_see_task(task, request.user):
        raise Http404
    return task


@login_required
@require_safe
@vary_on_headers("HX-Request")
def task_detail(request, pk):
    return show_task(request, task_or_404(request, pk), TaskForm())


@login_required
@require_POST
@vary_on_headers("HX-Request")
def task_close(request, pk):
    """Finish a task with what came of it."""
    task = task_or_404(request, pk)
    check_can_close(task, by=Actor.from_request(request))
    form, refused, status = TaskForm(request.POST), None, 422
    if form.is_valid():
        try:
            task = close_task(
                task=task,
                result=form.cleaned_data["result"],
                version=version_in(request),
                **by_and_at(request),
            )
        except Refused as exc:
            refused, status = exc, exc.status
            task = task_or_404(request, pk)
        else:
            return after_closing(request, task)
    return show_task(request, task, form, refused=refused, status=status)


def after_closing(request, task: Task) -> HttpResponse:
    """Back to where it was finished from: the deal's page, or the list of tasks."""
    text = f"{task.title}: done."
    deal = with_deals([task], request.user)[0].deal
    if deal is not None and is_swap(request):
        return done(request, deal, text)
    messages.success(request, text)
    return redirect(next_of(request) or "pipeline:task-list")


def show_task(request, task: Task, form: TaskForm, *, refused=None, status=200) -> HttpResponse:
    """One task: in the dialog over the deal it is about, or as a page of its own."""
    asked = with_deals([task], request.user)[0]
    address = addresses.get(task.about_type) if asked.deal is None else None
    context = {
        "task": task,
        "asked": asked,
        "deal": asked.deal,
        "about_url": address(task.about_id) if address and task.about_type != "deal" else "",
        "form": form,
        "refused": refused,
        "cannot_close": why_not(check_can_close, task, by=Actor.from_request(request)),
        "next": request.POST.get("next") or request.GET.get("next", ""),
    }
    name = "pipeline/_task.html" if is_swap(request) else "pipeline/task_detail.html"
    return render(request, name, context, status=status)
