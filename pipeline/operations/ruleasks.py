"""What the stages of a draft ask for: required items and exit criteria."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from pipeline.models import Pipeline, PipelineVersion
from pipeline.operations.drafting import edit_draft, is_fact, is_item, item_labels, key_from
from pipeline.ruledrafts import moved, ordered, with_changed_stage
from pipeline.stages import Criterion, Item, Process
from revops.people.actor import Actor
from revops.refusals import Missing, Refused

LABEL_AT_MOST = {"item": 100, "criterion": 150}


@transaction.atomic(durable=True)
def add_item(
    *,
    pipeline: Pipeline,
    stage: str,
    item: str,
    label: str = "",
    none_allowed: bool = False,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Let a stage of the draft ask for one more item, of those that the pipeline knows."""
    if not is_item(item):
        fault = Missing("item", "Item", "Choose one of the list.")
        raise Refused(
            f"Nothing knows whether a deal has “{item}”.", code="invalid", missing=[fault]
        )
    added = Item(item, read_label(label or item_labels().get(item, item), "item"), none_allowed)

    def change(process: Process, draft: PipelineVersion) -> Process:
        items = process.rule(stage).items
        if any(each.key == item for each in items):
            name = process.rule(stage).name
            raise Refused(f"{name} asks for {added.label} already.", code="twice", field="item")
        return with_changed_stage(process, stage, items=(*items, added))

    return edit_draft(pipeline, change, version=version, by=by, at=at)


def read_label(label: str, what: str) -> str:
    label = " ".join(label.split())
    if not label:
        fault = Missing("label", "Label", "Say what it is called.")
        raise Refused(fault.sentence, code="invalid", missing=[fault])
    if len(label) > LABEL_AT_MOST[what]:
        raise Refused(f"A label has {LABEL_AT_MOST[what]} letters at most.", code="invalid")
    return label


@transaction.atomic(durable=True)
def change_item(
    *,
    pipeline: Pipeline,
    stage: str,
    item: str,
    label: str,
    none_allowed: bool,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Call an item of a stage something else, or say whether “there is none” is an answer."""
    new = Item(item, read_label(label, "item"), none_allowed)

    def change(process: Process, draft: PipelineVersion) -> Process:
        items = process.rule(stage).items
        check_there(item, items, "item")
        return with_changed_stage(
            process, stage, items=tuple(new if each.key == item else each for each in items)
        )

    return edit_draft(pipeline, change, version=version, by=by, at=at)


@transaction.atomic(durable=True)
def remove_item(
    *,
    pipeline: Pipeline,
    stage: str,
    item: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Let a stage of the draft ask for this item no longer."""

    def change(process: Process, draft: PipelineVersion) -> Process:
        items = process.rule(stage).items
        check_there(item, items, "item")
        kept = tuple(each for each in items if each.key != item)
        return with_changed_stage(process, stage, items=kept)

    return edit_draft(pipeline, change, version=version, by=by, at=at)


@transaction.atomic(durable=True)
def order_items(
    *,
    pipeline: Pipeline,
    stage: str,
    items: Sequence[str],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Put the items of a stage in this order; every one is named once."""

    def change(process: Process, draft: PipelineVersion) -> Process:
        found = tuple(ordered(process.rule(stage).items, items, "item"))
        return with_changed_stage(process, stage, items=found)

    return edit_draft(pipeline, change, version=version, by=by, at=at)


@transaction.atomic(durable=True)
def shift_item(
    *,
    pipeline: Pipeline,
    stage: str,
    item: str,
    places: int,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Move one item of a stage up (a negative number) or down by so many places."""

    def change(process: Process, draft: PipelineVersion) -> Process:
        items = process.rule(stage).items
        keys = moved([each.key for each in items], item, places)
        return with_changed_stage(process, stage, items=tuple(ordered(items, keys, "item")))

    return edit_draft(pipeline, change, version=version, by=by, at=at)


# Criteria


@transaction.atomic(durable=True)
def add_criterion(
    *,
    pipeline: Pipeline,
    stage: str,
    label: str,
    needs_note: bool = False,
    derived_from: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Let a stage of the draft ask for one more statement, confirmed by a person or by a fact."""
    label = read_label(label, "criterion")
    check_fact(derived_from)

    def change(process: Process, draft: PipelineVersion) -> Process:
        criteria = process.rule(stage).criteria
        key = key_from(label, {each.key: each for each in criteria}).replace("-", "_")
        added = Criterion(key, label, needs_note and not derived_from, derived_from)
        return with_changed_stage(process, stage, criteria=(*criteria, added))

    return edit_draft(pipeline, change, version=version, by=by, at=at)


def check_fact(derived_from: str) -> None:
    if derived_from and not is_fact(derived_from):
        fault = Missing("derived_from", "Confirmed by", "Choose one of the list, or a person.")
        raise Refused(f"Nothing knows the fact “{derived_from}”.", code="invalid", missing=[fault])


@transaction.atomic(durable=True)
def change_criterion(
    *,
    pipeline: Pipeline,
    stage: str,
    criterion: str,
    label: str,
    needs_note: bool = False,
    derived_from: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Word a criterion anew, or say who or what confirms it."""
    check_fact(derived_from)
    note = needs_note and not derived_from
    new = Criterion(criterion, read_label(label, "criterion"), note, derived_from)

    def change(process: Process, draft: PipelineVersion) -> Process:
        criteria = process.rule(stage).criteria
        check_there(criterion, criteria, "criterion")
        found = tuple(new if each.key == criterion else each for each in criteria)
        return with_changed_stage(process, stage, criteria=found)

    return edit_draft(pipeline, change, version=version, by=by, at=at)


@transaction.atomic(durable=True)
def remove_criterion(
    *,
    pipeline: Pipeline,
    stage: str,
    criterion: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Let a stage of the draft ask for this statement no longer."""

    def change(process: Process, draft: PipelineVersion) -> Process:
        criteria = process.rule(stage).criteria
        check_there(criterion, criteria, "criterion")
        kept = tuple(each for each in criteria if each.key != criterion)
        return with_changed_stage(process, stage, criteria=kept)

    return edit_draft(pipeline, change, version=version, by=by, at=at)


@transaction.atomic(durable=True)
def shift_criterion(
    *,
    pipeline: Pipeline,
    stage: str,
    criterion: str,
    places: int,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Move one criterion of a stage up (a negative number) or down by so many places."""

    def change(process: Process, draft: PipelineVersion) -> Process:
        criteria = process.rule(stage).criteria
        keys = moved([each.key for each in criteria], criterion, places)
        found = tuple(ordered(criteria, keys, "criterion"))
        return with_changed_stage(process, stage, criteria=found)

    return edit_draft(pipeline, change, version=version, by=by, at=at)


def check_there(key: str, asks: Sequence[Item] | Sequence[Criterion], what: str) -> None:
    if all(each.key != key for each in asks):
        raise Refused(f"The stage asks for no {what} “{key}”.", code="invalid")
