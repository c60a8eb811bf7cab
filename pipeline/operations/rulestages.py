"""The stages of a draft: added, changed, put in order, taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from pipeline.models import Pipeline, PipelineVersion, StageRemoval, StageRule
from pipeline.operations.drafting import (
    edit_draft,
    held_in,
    key_from,
    lock_draft,
    process_in_force,
    save_draft,
    stage_called,
)
from pipeline.operations.rules import read_name
from pipeline.ruledrafts import (
    deals,
    moved,
    ordered,
    settled,
    with_changed_stage,
    with_rules,
    with_stage,
    without_stage,
)
from pipeline.stages import Process, Rule, read_process
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import Role
from revops.refusals import Missing, Refused

Kind = StageRule.Kind
DAYS_AT_MOST = 3650

FEATURES = frozenset(
    {
        "name",
        "kind",
        "probability_percent",
        "forecast_category",
        "default_stale_days",
        "may_create_here",
        "entry_roles",
    }
)


@transaction.atomic(durable=True)
def add_stage(
    *,
    pipeline: Pipeline,
    name: str,
    after: str = "",
    features: Mapping[str, Any] | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> tuple[PipelineVersion, str]:
    """Add a stage to the draft, behind the stage named or last of its kind; return its key too."""
    given = read_features({"may_create_here": False, "name": name, **(features or {})})
    made: list[str] = []

    def change(process: Process, draft: PipelineVersion) -> Process:
        known = {stage.key: stage for stage in draft.pipeline.stages.all()}
        key = key_from(name, known)
        stage = stage_called(draft.pipeline, key, given["name"])
        made.append(key)
        rule = settled(replace(Rule(stage.pk, key, given["name"], 0), **given))
        return with_stage(process, rule, after=after)

    draft = edit_draft(pipeline, change, version=version, by=by, at=at)
    return draft, made[0]


@transaction.atomic(durable=True)
def change_stage(
    *,
    pipeline: Pipeline,
    stage: str,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Change what the draft says of a stage: its name, kind, probability and the like."""
    given = read_features(changes)
    return edit_draft(
        pipeline,
        lambda process, _: with_changed_stage(process, stage, **given),
        version=version,
        by=by,
        at=at,
    )


def read_features(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a stage as its rule keeps them. Raises Refused naming every fault."""
    found = dict(changes)
    faults = [
        Missing(name, name.replace("_", " ").capitalize(), sentence)
        for name, value in changes.items()
        if (sentence := fault_of_feature(name, value))
    ]
    if faults:
        text = " ".join(fault.sentence for fault in faults)
        raise Refused(text, code="invalid", missing=faults)
    if "name" in found:
        found["name"] = read_name(found["name"])
    if "entry_roles" in found:
        found["entry_roles"] = frozenset(found["entry_roles"])
    return found


def fault_of_feature(name: str, value: Any) -> str:
    if name not in FEATURES:
        return f"A stage has no “{name}”."
    if name == "name" and not str(value).strip():
        return "Give the stage a name."
    if name == "kind" and value not in Kind.values:
        return f"A stage is one of {', '.join(Kind.values)}."
    if name == "forecast_category" and value not in StageRule.ForecastCategory.values:
        return f"A category is one of {', '.join(StageRule.ForecastCategory.values)}."
    if name == "probability_percent" and not is_number(value, 100):
        return "A probability is a whole number from 0 to 100."
    if name == "default_stale_days" and value is not None and not is_number(value, DAYS_AT_MOST):
        return f"Days until stale are a whole number up to {DAYS_AT_MOST:,}, or nothing."
    if name == "may_create_here" and not isinstance(value, bool):
        return "Whether deals begin here is yes or no."
    if name == "entry_roles" and set(value) - set(Role.values):
        return f"There is no role {', '.join(sorted(set(value) - set(Role.values)))}."
    return ""


def is_number(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


@transaction.atomic(durable=True)
def order_stages(
    *,
    pipeline: Pipeline,
    stages: Sequence[str],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Put the stages of the draft in this order; every one is named once."""
    return edit_draft(
        pipeline,
        lambda process, _: with_rules(process, ordered(process.rules, stages, "stage")),
        version=version,
        by=by,
        at=at,
    )


@transaction.atomic(durable=True)
def shift_stage(
    *,
    pipeline: Pipeline,
    stage: str,
    places: int,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Move one stage of the draft up (a negative number) or down by so many places."""

    def change(process: Process, draft: PipelineVersion) -> Process:
        keys = moved([rule.key for rule in process.rules], stage, places)
        return with_rules(process, ordered(process.rules, keys, "stage"))

    return edit_draft(pipeline, change, version=version, by=by, at=at)


@transaction.atomic(durable=True)
def remove_stage(
    *,
    pipeline: Pipeline,
    stage: str,
    goes_to: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Take a stage out of the draft; the deals it holds go to the stage named.

    Nothing moves before the publication, which asks again. Raises Refused when it holds deals
    and no stage is named.
    """
    draft = lock_draft(pipeline, version, by=by)
    process = read_process(draft)
    rule, target = process.rule(stage), process.rule(goes_to) if goes_to else None
    check_removal(rule, target)
    edit_draft(
        pipeline, lambda found, _: without_stage(found, stage), version=version, by=by, at=at
    )
    before = process_in_force(draft.pipeline)
    if target and before and stage in before.by_key:
        StageRemoval.objects.create(
            version=draft, stage_id=rule.stage_id, goes_to_id=target.stage_id
        )
    return draft


def check_removal(rule: Rule, target: Rule | None) -> None:
    """Raise Refused unless the deals of this stage, if there are any, have where to go."""
    number = sum(held_in([rule.stage_id]).get(rule.stage_id, {}).values())
    if target is None and number:
        fault = Missing("goes_to", "Where they go", "Name the stage where they go.", stage=rule.key)
        raise Refused(
            f"{deals(number)} in {rule.name}. Name the stage where they go.",
            code="holds_deals",
            missing=[fault],
        )
    if target is not None and target.key == rule.key:
        raise Refused("Its deals cannot go to the stage that is taken out.", code="invalid")
    if target is not None and target.kind != rule.kind:
        sentence = f"{target.name} is of another kind than {rule.name}: choose one of the same."
        fault = Missing("goes_to", "Where they go", sentence, stage=rule.key)
        raise Refused(sentence, code="invalid", missing=[fault])


@transaction.atomic(durable=True)
def redirect_removal(
    *,
    pipeline: Pipeline,
    stage: str,
    goes_to: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Send the deals of a stage that the draft takes out to another stage than was named."""
    draft = lock_draft(pipeline, version, by=by)
    process, before = read_process(draft), process_in_force(draft.pipeline)
    if before is None or stage not in before.by_key or stage in process.by_key:
        raise Refused("The draft does not take this stage out.", code="invalid")
    rule, target = before.rule(stage), process.rule(goes_to)
    check_removal(rule, target)
    StageRemoval.objects.update_or_create(
        version=draft, stage_id=rule.stage_id, defaults={"goes_to_id": target.stage_id}
    )
    save_draft(draft)
    told = {"version": draft.number, "stage": rule.name, "goes_to": target.name}
    record("pipeline.draft_changed", draft.pipeline, by=by, at=at, after=told)
    return draft


@transaction.atomic(durable=True)
def keep_stage(
    *,
    pipeline: Pipeline,
    stage: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Put a stage back that the draft took out, as the rules in force have it."""

    def change(process: Process, draft: PipelineVersion) -> Process:
        before = process_in_force(draft.pipeline)
        if before is None or stage in process.by_key:
            raise Refused("The draft has this stage.", code="invalid")
        rule = before.rule(stage)
        earlier = [each.key for each in before.rules if each.position < rule.position]
        behind = [key for key in earlier if key in process.by_key]
        if behind:
            return with_stage(process, rule, after=behind[-1])
        return with_rules(process, [rule, *process.rules])

    return edit_draft(pipeline, change, version=version, by=by, at=at)
