"""One stage of a draft: what it is, what it asks for, and taking it out."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from pipeline.forms.rules import (
    CriterionForm,
    ItemForm,
    NewCriterionForm,
    NewItemForm,
    NewStageForm,
    RemoveForm,
    StageForm,
)
from pipeline.models import Pipeline
from pipeline.operations import ruleasks, rulestages
from pipeline.operations.drafting import (
    derived_facts,
    goes_to,
    held_in,
    item_labels,
    process_in_force,
)
from pipeline.stages import Process, Rule, read_process
from pipeline.views.rules.drafts import no_draft
from pipeline.views.rules.pipelines import status_of
from pipeline.views.rules.shared import (
    answer,
    draft_of,
    for_administrators,
    others_changes,
    pipeline_or_404,
    to_draft,
)
from pipeline.views.shared import by_and_at, is_swap, version_in
from pipeline.violations import count_violations
from revops.refusals import Refused


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def rule_stage_add(request, pipeline):
    pipeline = pipeline_or_404(pipeline)
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    form = NewStageForm(request.POST or None, process=read_process(draft))
    refused = None
    if request.method == "POST" and form.is_valid():
        features = {**form.cleaned_data}
        name, after = features.pop("name"), features.pop("after")
        facts = {"name": name, "after": after, "features": features}
        try:
            _, key = rulestages.add_stage(
                pipeline=pipeline, version=version_in(request), **facts, **by_and_at(request)
            )
            return redirect("pipeline:rule-stage", pipeline.key, key)
        except Refused as exc:
            refused = None if form.mark(exc) else exc
    context = {
        "form": form,
        "refused": refused,
        "meanwhile": others_changes(request, pipeline) if refused else [],
        "draft": draft_of(pipeline) or draft,
        "opened": timezone.now(),
        "title": "New stage",
        "submit": "Add to the draft",
        "back": reverse("pipeline:rule-draft", args=[pipeline.key]),
        "back_label": f"Draft of {pipeline.name}",
    }
    return answer(request, "form.html", context, status=status_of(form, refused))


def rule_or_404(process: Process, key: str) -> Rule:
    if key not in process.by_key:
        raise Http404
    return process.by_key[key]


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def rule_stage(request, pipeline, stage):
    """A stage of the draft: its facts as a form, its items and criteria as lists."""
    pipeline = pipeline_or_404(pipeline)
    if request.method != "POST":
        return show_stage(request, pipeline, stage)
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    form = StageForm(request.POST, rule=rule_or_404(read_process(draft), stage))
    if not form.is_valid():
        return show_stage(request, pipeline, stage, form=form, status=422)
    return edit(
        request, pipeline, stage, rulestages.change_stage, {"changes": form.cleaned_data}, form=form
    )


def edit(request, pipeline: Pipeline, stage: str, operation, facts: dict, **forms):
    """Make one edit of a stage and show it, or why it was refused beside what was typed."""
    try:
        operation(
            pipeline=pipeline,
            stage=stage,
            version=version_in(request),
            **facts,
            **by_and_at(request),
        )
    except Refused as refused:
        placed = any(form.mark(refused) for form in forms.values())
        shown = None if placed else refused
        return show_stage(request, pipeline, stage, refused=shown, status=refused.status, **forms)
    if is_swap(request):
        return show_stage(request, pipeline, stage)
    return redirect("pipeline:rule-stage", pipeline.key, stage)


def show_stage(
    request,
    pipeline: Pipeline,
    stage: str,
    *,
    form: StageForm | None = None,
    new_item: NewItemForm | None = None,
    new_criterion: NewCriterionForm | None = None,
    item_form: ItemForm | None = None,
    criterion_form: CriterionForm | None = None,
    editing: str = "",
    refused: Refused | None = None,
    status: int = 200,
):
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    process = read_process(draft)
    rule = rule_or_404(process, stage)
    labels, facts = item_labels(), derived_facts()
    asked = {item.key for item in rule.items}
    found = count_violations(process_in_force(pipeline), process, goes_to(draft), at=timezone.now())
    context = {
        "pipeline": pipeline,
        "draft": draft,
        "rule": rule,
        "form": form or StageForm(rule=rule),
        "items": [
            {
                "item": item,
                "known": labels.get(item.key, ""),
                "form": chosen_form(
                    item_form,
                    editing == item.key,
                    lambda item=item: ItemForm(
                        initial={"label": item.label, "none_allowed": item.none_allowed},
                        auto_id=f"item-{item.key}-%s",
                    ),
                ),
            }
            for item in rule.items
        ],
        "criteria": [
            {
                "criterion": each,
                "fact": facts.get(each.derived_from, each.derived_from),
                "form": chosen_form(
                    criterion_form,
                    editing == each.key,
                    lambda each=each: CriterionForm(
                        initial={
                            "label": each.label,
                            "needs_note": each.needs_note,
                            "derived_from": each.derived_from,
                        },
                        facts=facts,
                        auto_id=f"criterion-{each.key}-%s",
                    ),
                ),
            }
            for each in rule.criteria
        ],
        "new_item": new_item or NewItemForm(labels=labels, asked=asked),
        "new_criterion": new_criterion or NewCriterionForm(facts=facts),
        "violations": found,
        "refused": refused,
        "meanwhile": others_changes(request, pipeline) if status == 409 else [],
        "opened": timezone.now(),
        "editing": editing,
    }
    return answer(request, "stage.html", context, part="_stage.html", status=status)


def chosen_form(typed, is_this: bool, fresh):
    """The form with what was typed, for the one that was refused; a fresh one for the others."""
    return typed if typed is not None and is_this else fresh()


@for_administrators
@require_POST
def rule_item_add(request, pipeline, stage):
    pipeline = pipeline_or_404(pipeline)
    form = NewItemForm(request.POST, labels=item_labels(), asked=set())
    if not form.is_valid():
        return show_stage(request, pipeline, stage, new_item=form, status=422)
    return edit(request, pipeline, stage, ruleasks.add_item, form.cleaned_data, new_item=form)


@for_administrators
@require_POST
def rule_item_change(request, pipeline, stage, item):
    pipeline = pipeline_or_404(pipeline)
    form = ItemForm(request.POST, auto_id=f"item-{item}-%s")
    if not form.is_valid():
        return show_stage(request, pipeline, stage, item_form=form, editing=item, status=422)
    facts = {"item": item, **form.cleaned_data}
    return edit(request, pipeline, stage, ruleasks.change_item, facts)


@for_administrators
@require_POST
def rule_items(request, pipeline, stage):
    """One item up, down or out."""
    pipeline = pipeline_or_404(pipeline)
    return one_of_list(request, pipeline, stage, "item", ruleasks.shift_item, ruleasks.remove_item)


@for_administrators
@require_POST
def rule_criteria(request, pipeline, stage):
    """One criterion up, down or out."""
    pipeline = pipeline_or_404(pipeline)
    return one_of_list(
        request, pipeline, stage, "criterion", ruleasks.shift_criterion, ruleasks.remove_criterion
    )


def one_of_list(request, pipeline, stage, name, shift, remove):
    for word, places in (("up", -1), ("down", 1)):
        if key := request.POST.get(word):
            return edit(request, pipeline, stage, shift, {name: key, "places": places})
    return edit(request, pipeline, stage, remove, {name: request.POST.get("remove", "")})


@for_administrators
@require_POST
def rule_criterion_add(request, pipeline, stage):
    pipeline = pipeline_or_404(pipeline)
    form = NewCriterionForm(request.POST, facts=derived_facts())
    if not form.is_valid():
        return show_stage(request, pipeline, stage, new_criterion=form, status=422)
    facts = form.cleaned_data
    return edit(request, pipeline, stage, ruleasks.add_criterion, facts, new_criterion=form)


@for_administrators
@require_POST
def rule_criterion_change(request, pipeline, stage, criterion):
    pipeline = pipeline_or_404(pipeline)
    form = CriterionForm(request.POST, facts=derived_facts(), auto_id=f"criterion-{criterion}-%s")
    if not form.is_valid():
        return show_stage(
            request, pipeline, stage, criterion_form=form, editing=criterion, status=422
        )
    facts = {"criterion": criterion, **form.cleaned_data}
    return edit(request, pipeline, stage, ruleasks.change_criterion, facts)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def rule_stage_remove(request, pipeline, stage):
    """Take a stage out of the draft, or say where the deals of one taken out go."""
    pipeline = pipeline_or_404(pipeline)
    draft = draft_of(pipeline)
    if draft is None:
        return no_draft(request, pipeline)
    process, before = read_process(draft), process_in_force(pipeline)
    is_out = stage not in process.by_key
    rule = rule_or_404(before if is_out and before else process, stage)
    held = held_in([rule.stage_id]).get(rule.stage_id, {})
    holds = sum(held.values())
    chosen = {"goes_to": goes_to(draft).get(stage, "")}
    form = RemoveForm(request.POST or None, rule=rule, process=process, holds=holds, initial=chosen)
    refused = None
    if request.method == "POST" and form.is_valid():
        operation = rulestages.redirect_removal if is_out else rulestages.remove_stage
        try:
            operation(
                pipeline=pipeline,
                stage=stage,
                version=version_in(request),
                **form.cleaned_data,
                **by_and_at(request),
            )
            return to_draft(pipeline)
        except Refused as exc:
            refused = None if form.mark(exc) else exc
    context = {
        "form": form,
        "refused": refused,
        "meanwhile": others_changes(request, pipeline) if refused else [],
        "draft": draft_of(pipeline) or draft,
        "opened": timezone.now(),
        "rule": rule,
        "holds": holds,
        "title": f"Take out {rule.name}",
        "submit": "Take it out of the draft",
        "is_grave": True,
        "lead": lead_of_removal(rule, holds),
        "back": reverse("pipeline:rule-draft", args=[pipeline.key]),
        "back_label": f"Draft of {pipeline.name}",
    }
    return answer(request, "form.html", context, status=status_of(form, refused))


def lead_of_removal(rule: Rule, holds: int) -> str:
    if not holds:
        return f"{rule.name} holds no deal now. Its history stays as it is."
    are = "1 deal is" if holds == 1 else f"{holds:,} deals are"
    return (
        f"{are} in {rule.name} now. They move when the draft is published, whatever gates there "
        "are, and their history says that new rules moved them."
    )
