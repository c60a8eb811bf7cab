"""What all changes of a draft share. It assumes the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.utils.text import slugify

from pipeline import registry
from pipeline.criteria import derived_kinds
from pipeline.models import (
    Deal,
    ExitCriterion,
    Pipeline,
    PipelineVersion,
    RequiredItem,
    Stage,
    StageRemoval,
    StageRule,
)
from pipeline.registry import CUSTOM
from pipeline.ruledrafts import Ground, differences, gone, turned
from pipeline.stages import Process, Rule, read_process
from revops.company.models import FieldDefinition
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused


def lock_pipeline(pipeline: Pipeline, *, by: Actor) -> Pipeline:
    """Return the pipeline, held until the transaction ends, for somebody who may change rules."""
    check_can_administer(by)
    return Pipeline.objects.select_for_update(no_key=True).get(pk=pipeline.pk)


def drafts_of(pipeline: Pipeline) -> QuerySet[PipelineVersion]:
    return pipeline.versions.filter(published_at=None)


def published(pipeline: Pipeline) -> QuerySet[PipelineVersion]:
    return pipeline.versions.filter(published_at__isnull=False).order_by("-number")


def lock_draft(pipeline: Pipeline, version: int | None, *, by: Actor) -> PipelineVersion:
    """Return the draft, held; Conflict when it is gone or is not as its editor saw it."""
    pipeline = lock_pipeline(pipeline, by=by)
    draft = drafts_of(pipeline).select_related("debt_blocks_at").first()
    if draft is None:
        raise Conflict(
            f"There is no draft of {pipeline.name} any more: it was published or thrown away. "
            "Look at the versions, then start another.",
            code="no_draft",
        )
    check_version(draft, version)
    draft.pipeline = pipeline
    return draft


def process_in_force(pipeline: Pipeline) -> Process | None:
    version = published(pipeline).select_related("debt_blocks_at").first()
    return read_process(version) if version else None


# Writing


def open_draft(
    pipeline: Pipeline, *, based_on: PipelineVersion | None, by: Actor, at: datetime
) -> PipelineVersion:
    """Begin an empty draft with the next number; the pipeline is held."""
    last = pipeline.versions.aggregate(last=Max("number"))["last"] or 0
    return PipelineVersion.objects.create(
        pipeline=pipeline,
        number=last + 1,
        based_on=based_on,
        drafted_at=at,
        drafted_by=by.user,
    )


def write_process(version: PipelineVersion, process: Process) -> None:
    """Make the rows of a draft say what `process` says."""
    version.rules.all().delete()
    rules = StageRule.objects.bulk_create(
        row_of(version, rule, position) for position, rule in enumerate(process.rules)
    )
    pairs = list(zip(rules, process.rules, strict=True))
    RequiredItem.objects.bulk_create(
        RequiredItem(
            rule=row,
            key=item.key,
            label=item.label,
            none_allowed=item.none_allowed,
            position=number,
        )
        for row, rule in pairs
        for number, item in enumerate(rule.items)
    )
    ExitCriterion.objects.bulk_create(
        ExitCriterion(
            rule=row,
            key=each.key,
            label=each.label,
            needs_note=each.needs_note,
            derived_from=each.derived_from,
            position=number,
        )
        for row, rule in pairs
        for number, each in enumerate(rule.criteria)
    )
    write_liberties(version, process)


def row_of(version: PipelineVersion, rule: Rule, position: int) -> StageRule:
    return StageRule(
        version=version,
        stage_id=rule.stage_id,
        name=rule.name,
        position=position,
        kind=rule.kind,
        probability_percent=rule.probability_percent,
        forecast_category=rule.forecast_category,
        default_stale_days=rule.default_stale_days,
        may_create_here=rule.may_create_here,
        entry_roles=sorted(rule.entry_roles),
    )


LIBERTIES = ("skipping", "moving_back", "gate", "debt_days", "buyer_silence_days")


def write_liberties(version: PipelineVersion, process: Process) -> None:
    for name in LIBERTIES:
        setattr(version, name, getattr(process, name))
    blocks = process.by_key.get(process.debt_blocks_at)
    version.debt_blocks_at_id = blocks.stage_id if blocks else None


def save_draft(draft: PipelineVersion, *fields: str) -> None:
    draft.save_version(update_fields=[*LIBERTIES, "debt_blocks_at", *fields])


def edit_draft(
    pipeline: Pipeline,
    change: Callable[[Process, PipelineVersion], Process],
    *,
    version: int | None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Change the draft as `change` says, and write down in words what became different."""
    draft = lock_draft(pipeline, version, by=by)
    before = read_process(draft)
    after = change(before, draft)
    found = differences(before, after)
    if found:
        write_process(draft, after)
        drop_removals(draft, after)
        save_draft(draft)
        told = {"version": draft.number, "changes": [str(each) for each in found]}
        record("pipeline.draft_changed", draft.pipeline, by=by, at=at, after=told)
    return draft


def drop_removals(draft: PipelineVersion, process: Process) -> None:
    """Forget where deals of a stage go that stands again, or into one that is no more."""
    there = [rule.stage_id for rule in process.rules]
    draft.removals.filter(stage__in=there).delete()
    draft.removals.exclude(goes_to__in=there).delete()


def drop_unused_stages(pipeline: Pipeline) -> None:
    """Forget stages that no version has: they were added to a draft and never published."""
    pipeline.stages.filter(
        rules=None, visits=None, deals=None, pk__in=unreferenced(pipeline)
    ).delete()


def unreferenced(pipeline: Pipeline) -> list[int]:
    removed = StageRemoval.objects.filter(version__pipeline=pipeline)
    known = set(removed.values_list("stage", flat=True))
    known |= set(removed.values_list("goes_to", flat=True))
    return [pk for pk in pipeline.stages.values_list("pk", flat=True) if pk not in known]


# Reading


def goes_to(draft: PipelineVersion) -> dict[str, str]:
    """For each stage taken out whose deals have somewhere to go: its key, and where."""
    rows = draft.removals.select_related("stage", "goes_to")
    return {row.stage.key: row.goes_to.key for row in rows}


def held_in(stage_ids: list[int]) -> dict[int, dict[str, int]]:
    """How many deals stand in each of these stages, by status."""
    found: dict[int, dict[str, int]] = {}
    rows = Deal.objects.filter(stage__in=stage_ids).order_by()
    for stage_id, status, number in rows.values_list("stage", "status").annotate(Count("pk")):
        found.setdefault(stage_id, {})[status] = number
    return found


def ground_of(draft: PipelineVersion, process: Process) -> Ground:
    """What the draft is held against before it can be published."""
    before = process_in_force(draft.pipeline)
    asked = [rule.stage_id for rule in (*gone(before, process), *turned(before, process))]
    return Ground(
        before=before,
        held=held_in(asked) if asked else {},
        goes_to=goes_to(draft),
        is_item=is_item,
        is_fact=is_fact,
    )


def is_item(key: str) -> bool:
    """Whether something tells whether a deal has this; fields of the company's own do."""
    if key.startswith(CUSTOM):
        own = FieldDefinition.objects.filter(entity="deal", key=key.removeprefix(CUSTOM))
        return own.filter(archived_at=None).exists()
    return registry.item_kind(key) is not None


def is_fact(key: str) -> bool:
    """Whether a criterion can be derived from this fact."""
    return key in derived_facts()


def derived_facts() -> Mapping[str, str]:
    """The facts that can confirm a criterion: key and label."""
    return {kind.key: kind.label for kind in derived_kinds()}


def own_fields() -> dict[str, str]:
    """The company's own fields of a deal, as items: key and label."""
    rows = FieldDefinition.objects.filter(entity="deal", archived_at=None)
    return {f"{CUSTOM}{row.key}": row.label for row in rows.order_by("position", "pk")}


def item_labels() -> dict[str, str]:
    """Everything a stage can ask for: key and label, the company's own fields last."""
    known = {kind.key: kind.label for kind in registry.item_kinds()}
    return {**dict(sorted(known.items(), key=lambda pair: pair[1].casefold())), **own_fields()}


def stage_called(pipeline: Pipeline, key: str, name: str) -> Stage:
    """The stage of that key, made where there is none."""
    stage, _ = Stage.objects.get_or_create(pipeline=pipeline, key=key, defaults={"name": name})
    return stage


def key_from(name: str, taken: Mapping[str, Any]) -> str:
    """A key made of `name` that is not taken."""
    base = slugify(name)[:40].strip("-")
    if not base:
        raise Refused("Give it a name with letters or digits.", code="invalid", field="name")
    number, key = 1, base
    while key in taken:
        number += 1
        key = f"{base}-{number}"
    return key
