"""The guided clean-up of a messy pipeline: five steps, each with its deals and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pipeline import queries
from pipeline.findings import read_context
from pipeline.findings.plan import STEPS, Step, counts_of, deals_of, oldest_first, step_of
from pipeline.forms import pks
from pipeline.forms.hygiene import LossForm
from pipeline.models import CleanUpRun, Deal
from pipeline.models.visibility import sees_all_deals
from pipeline.operations.cleanups import (
    deals_in,
    finish_clean_up,
    lose_deals,
    start_clean_up,
    step_clean_up,
)
from pipeline.permissions import check_can_plan
from pipeline.views.shared import by_and_at, version_in
from revops.addresses import number_in
from revops.people.actor import Actor
from revops.refusals import Refused

DEALS_SHOWN = 50


@dataclass(frozen=True)
class Shown:
    """One step with what it found at the start and what is left."""

    step: Step
    before: int | None
    now: int | None
    is_current: bool
    is_done: bool


@login_required
@require_safe
def clean_up_plan(request):
    """The run that stands, at its step; otherwise what a run would find, and the last ones."""
    check_can_plan(by=Actor.from_request(request))
    return show_plan(request)


def show_plan(request, *, refused=None, form=None, results=(), status: int = 200) -> HttpResponse:
    at, context = timezone.now(), read_context(timezone.now())
    run = CleanUpRun.objects.filter(started_by=request.user, finished_at=None).first()
    scope = run.scope if run else usual_scope(request.user)
    deals = deals_in(scope, request.user)
    counts = counts_of(deals, context)
    current = step_of(run.step) if run else None
    shown = list(shown_deals(current, deals, context)) if current else []
    page = {
        "run": run,
        "scope": CleanUpRun.Scope(scope).label,
        "steps": [shown_step(step, run, counts) for step in STEPS],
        "current": current,
        "cards": queries.cards_of(shown, at=at),
        "count": counts.get(current.key, 0) if current else 0,
        "loss_form": form or LossForm(),
        "results": results,
        "refused": refused,
        "past": CleanUpRun.objects.filter(
            started_by=request.user, finished_at__isnull=False
        ).order_by("-finished_at", "-pk")[:5],
    }
    return render(request, "pipeline/hygiene/plan.html", page, status=status)


def usual_scope(user) -> str:
    is_all = sees_all_deals(user) and not user.has_role("sales_manager", "vp_sales")
    return CleanUpRun.Scope.ALL if is_all else CleanUpRun.Scope.LINE


def shown_step(step: Step, run: CleanUpRun | None, counts: dict[str, int]) -> Shown:
    kept = run.counts.get(step.key, {}) if run else {}
    return Shown(
        step,
        kept.get("before"),
        counts.get(step.key),
        bool(run) and run.step == step.number,
        bool(run) and run.step > step.number,
    )


def shown_deals(step: Step, deals, context):
    found = oldest_first(deals_of(step, deals, context))
    return found.select_related(*queries.SHOWN)[:DEALS_SHOWN]


@login_required
@require_POST
def clean_up_plan_start(request):
    check_can_plan(by=Actor.from_request(request))
    try:
        start_clean_up(scope=usual_scope(request.user), **by_and_at(request))
    except Refused as refused:
        return show_plan(request, refused=refused, status=refused.status)
    return redirect("pipeline:clean-up-plan")


@login_required
@require_POST
def clean_up_plan_step(request):
    """Go to the next step or to another one; after the last one the run is finished."""
    run = running(request)
    facts = {"run": run, "version": version_in(request), **by_and_at(request)}
    try:
        if "finish" in request.POST:
            finish_clean_up(**facts)
            messages.success(request, "The clean-up is finished.")
        else:
            step_clean_up(to=number_in(request.POST.get("to", "")), **facts)
    except Refused as refused:
        return show_plan(request, refused=refused, status=refused.status)
    return redirect("pipeline:clean-up-plan")


@login_required
@require_POST
def clean_up_plan_lose(request):
    """Close the chosen deals as lost, each judged by itself."""
    running(request)
    chosen = pks(request.POST.getlist("deal"))[:DEALS_SHOWN]
    deals = Deal.objects.open().visible_to(request.user).filter(pk__in=chosen)
    form = LossForm(request.POST)
    if not form.is_valid():
        return show_plan(request, form=form, status=422)
    results = lose_deals(
        deals=list(deals.order_by("pk")),
        evidence=form.evidence(),
        note=form.cleaned_data["note"],
        **by_and_at(request),
    )
    failed = any(result.refusal for result in results)
    return show_plan(request, results=results, status=422 if failed else 200)


def running(request) -> CleanUpRun:
    check_can_plan(by=Actor.from_request(request))
    return get_object_or_404(CleanUpRun, started_by=request.user, finished_at=None)
