"""The tasks that come with each stage: seen and set by RevOps."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations
from pipeline.forms.alerts import StageActionForm
from pipeline.models import Pipeline, Stage, StageAction
from pipeline.stages import process_of
from pipeline.views.shared import by_and_at, version_in
from revops.addresses import number_in
from revops.company.permissions import check_can_administer
from revops.people.actor import Actor
from revops.refusals import NotAllowed, Refused


def check(request) -> None:
    try:
        check_can_administer(Actor.from_request(request))
    except NotAllowed as refused:
        raise PermissionDenied(refused.message) from refused


@login_required
@require_safe
def stage_action_list(request):
    check(request)
    return show(request)


def show(request, *, stage=None, form=None, refused=None, status=200) -> HttpResponse:
    """Every open stage of every pipeline with its tasks, and a line to add one."""
    actions: dict[int, list[StageAction]] = {}
    for action in StageAction.objects.filter(retired_at=None).order_by("pk"):
        actions.setdefault(action.stage_id, []).append(action)
    pipelines = Pipeline.objects.filter(retired_at=None, versions__published_at__isnull=False)
    sheets = [
        {
            "pipeline": pipeline,
            "stages": [
                {
                    "rule": rule,
                    "actions": actions.get(rule.stage_id, []),
                    "form": form if form and stage.pk == rule.stage_id else fresh(rule.stage_id),
                    "refused": refused if stage and stage.pk == rule.stage_id else None,
                }
                for rule in process_of(pipeline).open_rules
            ],
        }
        for pipeline in pipelines.distinct().order_by("position", "pk")
    ]
    return render(request, "pipeline/alerts/actions.html", {"sheets": sheets}, status=status)


def fresh(stage_id: int) -> StageActionForm:
    return StageActionForm(prefix=f"stage{stage_id}")


@login_required
@require_POST
def stage_action_add(request):
    """Let a stage bring one more task."""
    check(request)
    stage = get_object_or_404(Stage, pk=number_in(request.POST.get("stage", "")) or 0)
    form = StageActionForm(request.POST, prefix=f"stage{stage.pk}")
    if not form.is_valid():
        return show(request, stage=stage, form=form, status=422)
    try:
        action = operations.add_stage_action(stage=stage, **form.cleaned_data, **by_and_at(request))
    except Refused as refused:
        return show(request, stage=stage, form=form, refused=refused, status=refused.status)
    messages.success(request, f"{action.title}: asked of deals that enter {stage.name} from now.")
    return redirect("pipeline:stage-action-list")


@login_required
@require_POST
def stage_action_retire(request, number):
    """Let a stage bring a task no more."""
    check(request)
    action = get_object_or_404(StageAction.objects.select_related("stage"), pk=number)
    try:
        operations.retire_stage_action(
            action=action, version=version_in(request), **by_and_at(request)
        )
    except Refused as refused:
        return show(request, stage=action.stage, refused=refused, status=refused.status)
    messages.success(request, f"{action.title} is asked of no more deals.")
    return redirect("pipeline:stage-action-list")
