"""Pipelines and the drafts of their rules: begun, given their liberties, thrown away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.validators import validate_slug
from django.db import transaction
from django.db.models import Max

from pipeline.models import Deal, Pipeline, PipelineVersion, StageRule
from pipeline.operations.drafting import (
    drafts_of,
    drop_unused_stages,
    edit_draft,
    lock_draft,
    lock_pipeline,
    open_draft,
    published,
    save_draft,
    stage_called,
    write_process,
)
from pipeline.stages import Freedom, Item, Process, Rule, process_in_force, read_process
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Conflict, Missing, Refused

Kind = StageRule.Kind
Forecast = StageRule.ForecastCategory

BLANK = (
    Rule(0, "first", "First stage", 0, probability_percent=10),
    Rule(
        0,
        "closed-won",
        "Closed Won",
        1,
        kind=Kind.WON,
        probability_percent=100,
        forecast_category=Forecast.CLOSED,
        may_create_here=False,
        items=(
            Item("signed_contract", "Signed contract"),
            Item("payment_terms", "Payment terms"),
        ),
    ),
    Rule(
        0,
        "closed-lost",
        "Closed Lost",
        2,
        kind=Kind.LOST,
        forecast_category=Forecast.OMITTED,
        may_create_here=False,
        items=(
            Item("loss_reason", "Loss reason"),
            Item("competitor", "Competitor", none_allowed=True),
        ),
    ),
)
"""What a pipeline that copies none begins with: an open stage and the two ways to close."""


@transaction.atomic(durable=True)
def create_pipeline(
    *, key: str, name: str, copied_from: Pipeline | None = None, by: Actor, at: datetime
) -> Pipeline:
    """Begin a pipeline with a draft: a copy of another's rules in force, or the least there is.

    Deals can be entered once the draft is published. Raises Refused when the key is taken.
    """
    check_can_administer(by)
    name, key = read_name(name), read_key(key)
    if Pipeline.objects.filter(key=key).exists():
        raise Refused(f"There is a pipeline “{key}” already.", code="taken", field="key")
    last = Pipeline.objects.aggregate(last=Max("position"))["last"] or 0
    pipeline = Pipeline.objects.create(key=key, name=name, position=last + 1)
    origin = process_in_force(copied_from.pk) if copied_from else None
    draft = open_draft(pipeline, based_on=None, by=by, at=at)
    write_process(draft, own_copy(pipeline, origin))
    draft.save()
    after = {"key": key, "name": name, "copied_from": copied_from.key if copied_from else ""}
    record("pipeline.created", pipeline, by=by, at=at, after=after)
    return pipeline


def own_copy(pipeline: Pipeline, origin: Process | None) -> Process:
    """The rules of another pipeline, about stages of this one."""
    rules = tuple(
        replace(rule, stage_id=stage_called(pipeline, rule.key, rule.name).pk)
        for rule in (origin.rules if origin else BLANK)
    )
    copied = origin or Process(0, 0, 0, (), debt_blocks_at="closed-won")
    return replace(copied, pipeline_id=pipeline.pk, rules=rules)


def read_name(name: str) -> str:
    name = name.strip()
    if not name:
        fault = Missing("name", "Name", "Give it a name.")
        raise Refused(fault.sentence, code="invalid", missing=[fault])
    if len(name) > 100:
        raise Refused("A name has 100 letters at most.", code="invalid")
    return name


def read_key(key: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,49}", key):
        fault = Missing(
            "key", "Key", "A key is small letters, digits and hyphens; it never changes."
        )
        raise Refused(fault.sentence, code="invalid", missing=[fault])
    validate_slug(key)
    return key


@transaction.atomic(durable=True)
def rename_pipeline(*, pipeline: Pipeline, name: str, by: Actor, at: datetime) -> Pipeline:
    """Call the pipeline something else; its key stays."""
    pipeline = lock_pipeline(pipeline, by=by)
    before, pipeline.name = pipeline.name, read_name(name)
    if before != pipeline.name:
        pipeline.save(update_fields=["name"])
        changes: dict[str, Any] = {"before": {"name": before}, "after": {"name": pipeline.name}}
        record("pipeline.renamed", pipeline, by=by, at=at, **changes)
    return pipeline


@transaction.atomic(durable=True)
def retire_pipeline(*, pipeline: Pipeline, by: Actor, at: datetime) -> Pipeline:
    """Offer the pipeline no longer; what was closed in it stays.

    Raises Refused while it holds open deals, and for the last one in use.
    """
    pipeline = lock_pipeline(pipeline, by=by)
    if pipeline.retired_at:
        raise Conflict(f"{pipeline.name} is retired already.", code="retired")
    number = Deal.objects.open().filter(pipeline=pipeline).count()
    if number:
        holds = "1 open deal" if number == 1 else f"{number:,} open deals"
        raise Refused(
            f"{pipeline.name} holds {holds}. Transfer or close them first.", code="in_use"
        )
    if not Pipeline.objects.in_use().exclude(pk=pipeline.pk).exists():
        raise Refused("This is the only pipeline in use. Publish another first.", code="last")
    pipeline.retired_at = at
    pipeline.save(update_fields=["retired_at"])
    record("pipeline.retired", pipeline, by=by, at=at)
    return pipeline


@transaction.atomic(durable=True)
def restore_pipeline(*, pipeline: Pipeline, by: Actor, at: datetime) -> Pipeline:
    """Offer a retired pipeline again."""
    pipeline = lock_pipeline(pipeline, by=by)
    if not pipeline.retired_at:
        raise Conflict(f"{pipeline.name} is in use.", code="in_use")
    pipeline.retired_at = None
    pipeline.save(update_fields=["retired_at"])
    record("pipeline.restored", pipeline, by=by, at=at)
    return pipeline


@transaction.atomic(durable=True)
def start_draft(
    *, pipeline: Pipeline, origin: PipelineVersion | None = None, by: Actor, at: datetime
) -> PipelineVersion:
    """Begin a draft: a copy of the version in force, or of an older one that is to come again.

    Where nothing was ever published it begins with the least there is.
    Raises Conflict when there is a draft already, whoever began it.
    """
    pipeline = lock_pipeline(pipeline, by=by)
    if drafts_of(pipeline).exists():
        raise Conflict(f"{pipeline.name} has a draft already. Open it.", code="has_draft")
    versions = published(pipeline).select_related("debt_blocks_at")
    based_on = versions.filter(pk=origin.pk).first() if origin else versions.first()
    draft = open_draft(pipeline, based_on=based_on, by=by, at=at)
    write_process(draft, read_process(based_on) if based_on else own_copy(pipeline, None))
    draft.save()
    after = {"version": draft.number, "based_on": based_on.number if based_on else None}
    record("pipeline.draft_started", pipeline, by=by, at=at, after=after)
    return draft


@transaction.atomic(durable=True)
def change_draft(
    *,
    pipeline: Pipeline,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Change the liberties of the draft: skipping, moving back, gate, debts, silence, note.

    `debt_blocks_at` is the key of a stage, or "" for none. Raises Refused naming every fault.
    """
    faults = faults_of_liberties(changes)
    if faults:
        text = " ".join(fault.sentence for fault in faults)
        raise Refused(text, code="invalid", missing=faults)
    typed = {name: value for name, value in changes.items() if name != "note"}
    draft = edit_draft(
        pipeline, lambda process, _: replace(process, **typed), version=version, by=by, at=at
    )
    if "note" in changes and draft.note != changes["note"].strip():
        draft.note = changes["note"].strip()
        save_draft(draft, "note")
    return draft


DAYS_AT_MOST = 3650


def faults_of_liberties(changes: Mapping[str, Any]) -> list[Missing]:
    choices = {
        "skipping": Freedom.values,
        "moving_back": Freedom.values,
        "gate": PipelineVersion.Gate.values,
    }
    found = []
    for name, value in changes.items():
        label = name.replace("_", " ").capitalize()
        if name in choices and value not in choices[name]:
            found.append(Missing(name, label, f"{label} is one of {', '.join(choices[name])}."))
        elif name in ("debt_days", "buyer_silence_days"):
            if not isinstance(value, int) or not 0 <= value <= DAYS_AT_MOST:
                sentence = f"{label} is a number of days up to {DAYS_AT_MOST:,}."
                found.append(Missing(name, label, sentence))
        elif name not in (*choices, "debt_blocks_at", "note"):
            found.append(Missing(name, label, f"A draft has no “{name}”."))
    return found


@transaction.atomic(durable=True)
def discard_draft(
    *, pipeline: Pipeline, version: int | None = None, by: Actor, at: datetime
) -> Pipeline:
    """Throw the draft away; the rules in force stay as they are."""
    draft = lock_draft(pipeline, version, by=by)
    pipeline, number = draft.pipeline, draft.number
    check_version(draft, version)
    draft.delete()
    drop_unused_stages(pipeline)
    record("pipeline.draft_discarded", pipeline, by=by, at=at, before={"version": number})
    return pipeline
