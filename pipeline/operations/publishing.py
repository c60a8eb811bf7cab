"""Publishing a draft: from then on every deal of the pipeline is judged by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from pipeline.findings import keeping
from pipeline.models import Pipeline, PipelineVersion, Stage
from pipeline.operations.drafting import drop_unused_stages, ground_of, lock_draft
from pipeline.operations.restaging import restage_deals
from pipeline.ruledrafts import Difference, Ground, differences, faults_of, gone
from pipeline.stages import Process, Rule, read_process
from pipeline.standings import follow_rules
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.locks import Lock, lock_exclusively
from revops.people.actor import Actor
from revops.refusals import Refused


@transaction.atomic(durable=True)
def publish_draft(
    *, pipeline: Pipeline, note: str = "", version: int | None = None, by: Actor, at: datetime
) -> PipelineVersion:
    """Put the draft in force; deals of stages that it has no more move where it says.

    Raises Refused naming every fault at once, or when nothing differs; Conflict when another
    administrator changed, published or threw away the draft meanwhile.
    """
    check_can_administer(by)
    return publish(pipeline, note, version=version, by=by, at=at)


def publish(
    pipeline: Pipeline, note: str, *, version: int | None, by: Actor, at: datetime
) -> PipelineVersion:
    """Publish within the caller's transaction."""
    # Whoever moves a deal shares this lock, and so judges by the old rules before the deals are
    # moved, or by the new ones afterwards.
    lock_exclusively(Lock.RULES)
    draft = lock_draft(pipeline, version, by=by)
    process = read_process(draft)
    ground = ground_of(draft, process)
    found = differences(ground.before, process, goes_to=ground.goes_to)
    check_fit(process, ground, found)
    put_in_force(draft, note, by=by, at=at)
    name_stages(process)
    moved = restage_deals(draft, process, leading(process, ground), by=by, at=at)
    drop_unused_stages(draft.pipeline)
    follow_rules(draft.pipeline_id, at=at)
    keeping.recount(draft.pipeline, at)
    write_publication(draft, ground.before, found, moved, by=by, at=at)
    return draft


def check_fit(process: Process, ground: Ground, found: Sequence[Difference]) -> None:
    faults = faults_of(process, ground)
    if faults:
        text = "These rules cannot be published yet. "
        text += " ".join(dict.fromkeys(fault.sentence for fault in faults))
        raise Refused(text, code="unfit_rules", missing=faults)
    if not found:
        raise Refused("These very rules are in force already.", code="unchanged")


def put_in_force(draft: PipelineVersion, note: str, *, by: Actor, at: datetime) -> None:
    draft.note = note.strip() or draft.note
    draft.published_at, draft.published_by = at, by.user
    draft.save_version(update_fields=["note", "published_at", "published_by"])


def name_stages(process: Process) -> None:
    """Call each stage what the version calls it, for lists and reports."""
    names = {rule.stage_id: rule.name for rule in process.rules}
    stages = [
        stage for stage in Stage.objects.filter(pk__in=names) if stage.name != names[stage.pk]
    ]
    for stage in stages:
        stage.name = names[stage.pk]
    Stage.objects.bulk_update(stages, ["name"])


def leading(process: Process, ground: Ground) -> list[tuple[Rule, Rule]]:
    """The stages that are no more and have somewhere for their deals, with where that is."""
    return [
        (rule, process.rule(ground.goes_to[rule.key]))
        for rule in gone(ground.before, process)
        if rule.key in ground.goes_to
    ]


def write_publication(
    draft: PipelineVersion,
    before: Process | None,
    found: Sequence[Difference],
    moved: int,
    *,
    by: Actor,
    at: datetime,
) -> None:
    record(
        "pipeline.published",
        draft.pipeline,
        by=by,
        at=at,
        before={"version": before.number} if before else None,
        after={
            "version": draft.number,
            "changes": [str(each) for each in found],
            "deals_moved": moved,
        },
        why=draft.note,
    )
