"""The draft of a pipeline's rules: its stages in order, its liberties, what it would find."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.forms.rules import LibertiesForm, PublishForm
from pipeline.models import Pipeline
from pipeline.operations import publishing, rules, rulestages
from pipeline.operations.drafting import goes_to, process_in_force
from pipeline.stages import read_process
from pipeline.views.rules.pipelines import status_of
from pipeline.views.rules.shared import (
    answer,
    draft_context,
    draft_of,
    for_administrators,
    others_changes,
    pipeline_or_404,
    to_draft,
)
from pipeline.views.shared import by_and_at, is_swap, version_in
from pipeline.violations import LOOKED_AT, find_violations
from revops.addresses import number_in
from revops.refusals import Refused

ROWS_AT_ONCE = 50


def no_draft(request, pipeline: Pipeline):
    messages.info(request, f"There is no draft of {pipeline.name}. Start one.")
    return redirect("pipeline:rule-detail", pipeline.key)


@for_administrators
@require_safe
def rule_draft(request, pipeline):
    pipeline = pipeline_or_404(pipeline)
    return show_draft(request, pipeline)


def show_draft(request, pipeline: Pipeline, *, refused: Refused | None = None):
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    context = draft_context(request, pipeline, draft, timezone.now())
    if refused is not None:
        context |= {"refused": refused, "meanwhile": others_changes(request, pipeline)}
    status = refused.status if refused else 200
    return answer(request, "draft.html", context, part="_draft.html", status=status)


def act(request, pipeline: Pipeline, operation, **facts):
    """Make one edit of the draft and show the draft, or why it was refused."""
    try:
        operation(pipeline=pipeline, version=version_in(request), **facts, **by_and_at(request))
    except Refused as refused:
        return show_draft(request, pipeline, refused=refused)
    return show_draft(request, pipeline) if is_swap(request) else to_draft(pipeline)


@for_administrators
@require_POST
def rule_order(request, pipeline):
    """One stage up or down, or all of them in the order given."""
    pipeline = pipeline_or_404(pipeline)
    for name, places in (("up", -1), ("down", 1)):
        if key := request.POST.get(name):
            return act(request, pipeline, rulestages.shift_stage, stage=key, places=places)
    stages = request.POST.getlist("stage")
    return act(request, pipeline, rulestages.order_stages, stages=stages)


@for_administrators
@require_POST
def rule_stage_keep(request, pipeline, stage):
    """Put a stage back that the draft took out."""
    return act(request, pipeline_or_404(pipeline), rulestages.keep_stage, stage=stage)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def rule_liberties(request, pipeline):
    pipeline = pipeline_or_404(pipeline)
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    form = LibertiesForm(request.POST or None, process=read_process(draft), note=draft.note)
    refused, meanwhile = None, []
    if request.method == "POST" and form.is_valid():
        facts = {"changes": form.cleaned_data, "version": version_in(request)}
        try:
            rules.change_draft(pipeline=pipeline, **facts, **by_and_at(request))
            return to_draft(pipeline)
        except Refused as exc:
            refused = None if form.mark(exc) else exc
            meanwhile = others_changes(request, pipeline)
    context = {
        "form": form,
        "refused": refused,
        "meanwhile": meanwhile,
        "draft": draft_of(pipeline) or draft,
        "opened": timezone.now(),
        "title": "Liberties",
        "submit": "Save in the draft",
        "back": reverse("pipeline:rule-draft", args=[pipeline.key]),
        "back_label": f"Draft of {pipeline.name}",
    }
    return answer(request, "form.html", context, status=status_of(form, refused))


@for_administrators
@require_safe
def rule_violations(request, pipeline):
    """The open deals that would violate the draft, with what each would be asked for."""
    pipeline = pipeline_or_404(pipeline)
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    after = number_in(request.GET.get("after", "")) or 0
    page = find_violations(
        process_in_force(pipeline),
        read_process(draft),
        goes_to(draft),
        at=timezone.now(),
        after=after,
        size=ROWS_AT_ONCE,
    )
    context = {
        "pipeline": pipeline,
        "draft": draft,
        "page": page,
        "is_first": not after,
        "looked_at_most": LOOKED_AT,
    }
    return answer(request, "violations.html", context)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def rule_publish(request, pipeline):
    """Say what a publication will do, ask once more, and do it."""
    pipeline = pipeline_or_404(pipeline)
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    form = PublishForm(request.POST or None, initial={"note": draft.note})
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            version = publishing.publish_draft(
                pipeline=pipeline,
                note=form.cleaned_data["note"],
                version=version_in(request),
                **by_and_at(request),
            )
            messages.success(request, f"Version {version.number} is in force.")
            return redirect("pipeline:rule-detail", pipeline.key)
        except Refused as exc:
            refused = exc
    draft = draft_of(pipeline)
    if draft is None:
        messages.error(request, refused.message if refused else "There is no draft any more.")
        return redirect("pipeline:rule-detail", pipeline.key)
    context = draft_context(request, pipeline, draft, timezone.now())
    context |= {"form": form, "refused": refused}
    if refused:
        context["meanwhile"] = others_changes(request, pipeline)
    return answer(request, "publish.html", context, status=status_of(form, refused))


@for_administrators
@require_POST
def rule_discard(request, pipeline):
    pipeline = pipeline_or_404(pipeline)
    try:
        rules.discard_draft(pipeline=pipeline, version=version_in(request), **by_and_at(request))
    except Refused as refused:
        return show_draft(request, pipeline, refused=refused)
    messages.success(request, "The draft is thrown away. The rules in force stay as they are.")
    return redirect("pipeline:rule-detail", pipeline.key)
