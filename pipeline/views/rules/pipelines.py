"""Pipelines and their published versions: what anybody may read, and who may begin another."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline.forms.rules import NameForm, PipelineForm
from pipeline.models import Pipeline
from pipeline.operations import rules
from pipeline.ruledrafts import FEATURES, LIBERTIES, differences
from pipeline.stages import read_process
from pipeline.views.rules.shared import (
    answer,
    deals_held,
    draft_of,
    for_administrators,
    pipeline_or_404,
    to_draft,
)
from pipeline.views.shared import by_and_at
from revops.ledger.models import Entry
from revops.refusals import Conflict, Refused

VERSIONS_SHOWN = 20


@login_required
@require_safe
def rule_list(request):
    """Every pipeline, with the version in force and whether somebody drafts another."""
    rows = [
        row_of(pipeline, list(pipeline.versions.all()))
        for pipeline in Pipeline.objects.prefetch_related("versions").order_by("position", "pk")
    ]
    return answer(request, "list.html", {"rows": rows, "may_change": request.user.is_staff})


def row_of(pipeline: Pipeline, versions) -> dict:
    published = [each for each in versions if each.published_at]
    return {
        "pipeline": pipeline,
        "in_force": max(published, key=lambda each: each.number, default=None),
        "draft": next((each for each in versions if not each.published_at), None),
        "holds": sum(deals_held(pipeline).values()),
    }


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def rule_new(request):
    form = PipelineForm(request.POST or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            pipeline = rules.create_pipeline(**form.cleaned_data, **by_and_at(request))
            messages.success(request, f"{pipeline.name} is begun. Publish its draft to use it.")
            return to_draft(pipeline)
        except Refused as exc:
            refused = None if form.mark(exc) else exc
    context = {
        "form": form,
        "refused": refused,
        "title": "New pipeline",
        "submit": "Begin its draft",
        "back": reverse("pipeline:rule-list"),
        "back_label": "Pipelines",
        "lead": "A pipeline is one way of selling, with stages and rules of its own. Deals can be "
        "entered once its draft is published.",
    }
    return answer(request, "form.html", context, status=status_of(form, refused))


def status_of(form, refused) -> int:
    if refused is not None:
        return refused.status
    return 422 if form.errors else 200


@login_required
@require_safe
def rule_detail(request, pipeline):
    """A pipeline with its versions and what each changed."""
    pipeline = pipeline_or_404(pipeline)
    published = pipeline.versions.filter(published_at__isnull=False)
    versions = list(
        published.select_related("published_by", "based_on", "debt_blocks_at").order_by("-number")[
            : VERSIONS_SHOWN + 1
        ]
    )
    processes = [read_process(version) for version in versions]
    entries = changes_told(pipeline)
    history = [
        {
            "version": version,
            "differences": differences(before, process),
            "told": entries.get(version.number),
        }
        for version, process, before in zip(
            versions, processes, [*processes[1:], None], strict=False
        )
    ]
    context = {
        "pipeline": pipeline,
        "history": history[:VERSIONS_SHOWN],
        "process": processes[0] if processes else None,
        "draft": draft_of(pipeline),
        "holds": deals_held(pipeline),
        "may_change": request.user.is_staff,
        "rename": NameForm(initial={"name": pipeline.name}),
    }
    return answer(request, "detail.html", context)


def changes_told(pipeline: Pipeline) -> dict[int, dict]:
    """What the ledger says of each publication, by the number of the version."""
    entries = Entry.objects.about(pipeline).filter(verb="pipeline.published")
    facts = [json.loads(entry.facts_json).get("after") or {} for entry in entries[:VERSIONS_SHOWN]]
    return {each["version"]: each for each in facts if "version" in each}


@login_required
@require_safe
def rule_version(request, pipeline, number):
    """One published version, whole: what it says of every stage."""
    pipeline = pipeline_or_404(pipeline)
    published = pipeline.versions.filter(published_at__isnull=False)
    version = get_object_or_404(
        published.select_related("published_by", "based_on", "debt_blocks_at"), number=number
    )
    earlier = published.filter(number__lt=number).select_related("debt_blocks_at")
    before = earlier.order_by("-number").first()
    process = read_process(version)
    context = {
        "pipeline": pipeline,
        "version": version,
        "process": process,
        "stages": [(rule, words_of(rule)) for rule in process.rules],
        "liberties": [(label, words(getattr(process, name))) for name, label, words in LIBERTIES],
        "blocks_at": process.by_key.get(process.debt_blocks_at),
        "before": before,
        "differences": differences(read_process(before), process) if before else [],
        "is_in_force": not published.filter(number__gt=number).exists(),
        "draft": draft_of(pipeline),
        "may_change": request.user.is_staff,
    }
    return answer(request, "version.html", context)


def words_of(rule) -> list[tuple[str, str]]:
    return [(label, words(getattr(rule, name))) for name, label, words in FEATURES]


@for_administrators
@require_POST
def rule_rename(request, pipeline):
    pipeline = pipeline_or_404(pipeline)
    return carried(request, pipeline, rules.rename_pipeline, name=request.POST.get("name", ""))


@for_administrators
@require_POST
def rule_retire(request, pipeline):
    return carried(request, pipeline_or_404(pipeline), rules.retire_pipeline)


@for_administrators
@require_POST
def rule_restore(request, pipeline):
    return carried(request, pipeline_or_404(pipeline), rules.restore_pipeline)


def carried(request, pipeline: Pipeline, operation, **facts):
    """Do it, and say on the pipeline's page what came of it."""
    try:
        operation(pipeline=pipeline, **facts, **by_and_at(request))
        messages.success(request, "Saved.")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("pipeline:rule-detail", pipeline.key)


@for_administrators
@require_POST
def rule_draft_start(request, pipeline):
    """Begin a draft of the version in force, or of the older one that is named."""
    pipeline = pipeline_or_404(pipeline)
    origin = None
    if number := request.POST.get("number"):
        known = pipeline.versions.filter(published_at__isnull=False)
        if not number.isdecimal():
            raise Http404
        origin = get_object_or_404(known, number=int(number[:9]))
    try:
        rules.start_draft(pipeline=pipeline, origin=origin, **by_and_at(request))
    except Conflict as refused:
        messages.info(request, refused.message)
    return to_draft(pipeline)
