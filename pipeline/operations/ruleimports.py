"""Rules from a file: drafted, and published where that is asked, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from pipeline.models import Choice, Pipeline, PipelineVersion, StageRemoval
from pipeline.operations.drafting import (
    drafts_of,
    ground_of,
    lock_pipeline,
    open_draft,
    process_in_force,
    published,
    stage_called,
    write_process,
)
from pipeline.operations.publishing import publish
from pipeline.ruledrafts import Difference, differences, faults_of, in_order, settled
from pipeline.rulefiles import ChosenValue, RuleFile
from pipeline.stages import Process
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.locks import Lock, lock_exclusively
from revops.people.actor import Actor
from revops.refusals import Conflict, Missing, Refused


@dataclass(frozen=True)
class RulesRead:
    """What came, or would come, of a file."""

    pipeline: Pipeline
    version: PipelineVersion | None
    is_new: bool
    differences: Sequence[Difference]
    choices: Sequence[str]
    faults: Sequence[Missing]


class DryRun(Exception):
    """Ends the transaction of a trial, with what it found."""

    def __init__(self, found: RulesRead) -> None:
        super().__init__()
        self.found = found


def import_rules(
    *,
    file: RuleFile,
    publish_it: bool = False,
    replace_draft: bool = False,
    dry_run: bool = False,
    by: Actor,
    at: datetime,
) -> RulesRead:
    """Draft what the file says, put the pick lists right, and publish if that is asked.

    A dry run writes nothing and says what would come. Raises Conflict when there is a draft and
    it is not to be replaced, Refused naming every fault when unfit rules are to be published.
    """
    check_can_administer(by)
    try:
        with transaction.atomic(durable=True):
            may_replace = replace_draft or dry_run
            found = write_file(file, may_replace=may_replace, by=by, at=at)
            if dry_run:
                raise DryRun(found)
            if publish_it and found.version:
                publish(found.pipeline, file.note, version=None, by=by, at=at)
            return found
    except DryRun as trial:
        return trial.found


def write_file(file: RuleFile, *, may_replace: bool, by: Actor, at: datetime) -> RulesRead:
    # Before any row: whoever publishes or moves deals takes this lock first.
    lock_exclusively(Lock.RULES)
    pipeline, is_new = pipeline_of(file, by=by, at=at)
    told = [
        sentence
        for list_, values in file.choices.items()
        for sentence in write_choices(list_, values, by=by, at=at)
    ]
    before, process = process_in_force(pipeline), own(pipeline, file.process)
    if not differences(before, process):
        return RulesRead(pipeline, None, is_new, [], told, [])
    draft = redraft(pipeline, file, process, may_replace=may_replace, by=by, at=at)
    ground = ground_of(draft, process)
    found = differences(before, process, goes_to=ground.goes_to)
    return RulesRead(pipeline, draft, is_new, found, told, faults_of(process, ground))


def pipeline_of(file: RuleFile, *, by: Actor, at: datetime) -> tuple[Pipeline, bool]:
    """The pipeline of that key, held, called as the file says; made where there is none."""
    known = Pipeline.objects.filter(key=file.key).first()
    if known is None:
        last = Pipeline.objects.aggregate(last=Max("position"))["last"] or 0
        made = Pipeline.objects.create(key=file.key, name=file.name, position=last + 1)
        record("pipeline.created", made, by=by, at=at, after={"key": made.key, "name": made.name})
        return made, True
    pipeline = lock_pipeline(known, by=by)
    if pipeline.name != file.name:
        before, pipeline.name = pipeline.name, file.name
        pipeline.save(update_fields=["name"])
        was, now = {"name": before}, {"name": file.name}
        record("pipeline.renamed", pipeline, by=by, at=at, before=was, after=now)
    return pipeline, False


def redraft(
    pipeline: Pipeline,
    file: RuleFile,
    process: Process,
    *,
    may_replace: bool,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """A draft that says what the file says, in place of the one there was."""
    replaced = drafts_of(pipeline).first()
    if replaced and not may_replace:
        raise Conflict(
            f"{pipeline.name} has a draft already. Publish it or throw it away first, "
            "or say that this file replaces it.",
            code="has_draft",
        )
    if replaced:
        before = {"version": replaced.number}
        replaced.delete()
        record("pipeline.draft_discarded", pipeline, by=by, at=at, before=before)
    draft = open_draft(pipeline, based_on=published(pipeline).first(), by=by, at=at)
    draft.note = file.note
    write_process(draft, process)
    draft.save()
    write_removals(draft, file.goes_to)
    after = {"version": draft.number, "from": "file"}
    record("pipeline.draft_started", pipeline, by=by, at=at, after=after)
    return draft


def own(pipeline: Pipeline, process: Process) -> Process:
    rules = [
        settled(replace(rule, stage_id=stage_called(pipeline, rule.key, rule.name).pk))
        for rule in process.rules
    ]
    return replace(process, pipeline_id=pipeline.pk, rules=in_order(rules))


def write_removals(draft: PipelineVersion, goes_to: Mapping[str, str]) -> None:
    stages = {stage.key: stage for stage in draft.pipeline.stages.all()}
    unknown = sorted(set(goes_to) - set(stages))
    if unknown:
        raise Refused(f"There is no stage {', '.join(unknown)} whose deals could go elsewhere.")
    there = set(draft.rules.values_list("stage__key", flat=True))
    StageRemoval.objects.bulk_create(
        StageRemoval(version=draft, stage=stages[key], goes_to=stages[target])
        for key, target in goes_to.items()
        if key not in there
    )


# Pick lists


def write_choices(
    list_: str, values: Sequence[ChosenValue], *, by: Actor, at: datetime
) -> Iterable[str]:
    """Make a pick list say what the file says; values that it does not name stay behind them."""
    known = {
        row.key: row for row in Choice.objects.select_for_update().filter(list=list_).order_by("pk")
    }
    told: list[str] = []
    label = Choice.List(list_).label
    for position, value in enumerate(values):
        row = known.pop(value.key, None)
        facts = {"label": value.label, "retired": value.is_retired, "position": position}
        if row is None:
            row = Choice(list=list_, key=value.key)
            told.append(f"{label}: {value.label} is new.")
        was = {
            "label": row.label,
            "retired": row.retired_at is not None,
            "position": row.position,
        }
        if row.pk and was == facts:
            continue
        told += words_of(label, row, was, facts) if row.pk else []
        row.label, row.position = value.label, position
        row.retired_at = (row.retired_at or at) if value.is_retired else None
        is_new = row.pk is None
        row.save()
        verb = "choice.added" if is_new else "choice.changed"
        record(verb, row, by=by, at=at, before=None if is_new else was, after=facts)
    for number, row in enumerate(sorted(known.values(), key=lambda each: each.position)):
        Choice.objects.filter(pk=row.pk).update(position=len(values) + number)
    return told


def words_of(
    label: str, row: Choice, was: Mapping[str, object], facts: Mapping[str, object]
) -> list[str]:
    found = []
    if was["label"] != facts["label"]:
        found.append(f"{label}: {was['label']} is called {facts['label']}.")
    if was["retired"] != facts["retired"]:
        is_ = "is offered no longer" if facts["retired"] else "is offered again"
        found.append(f"{label}: {facts['label']} {is_}.")
    if was["position"] != facts["position"]:
        found.append(
            f"{label}: {facts['label']} stands at place {int(str(facts['position'])) + 1}."
        )
    return found
