"""What the stages of a draft ask for: required items and exit criteria."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

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
    return edit_asks(pipeline, stage, "item", put_in(new), version=version, by=by, at=at)


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
    return edit_asks(
        pipeline, stage, "item", taken_out(item, "item"), version=version, by=by, at=at
    )


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

    def change(asks: Asks) -> Asks:
        return ordered(asks, items, "item")

    return edit_asks(pipeline, stage, "item", change, version=version, by=by, at=at)


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
    change = shifted(item, places, "item")
    return edit_asks(pipeline, stage, "item", change, version=version, by=by, at=at)


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

    def change(asks: Asks) -> Asks:
        key = key_from(label, {each.key: each for each in asks}).replace("-", "_")
        return [*asks, Criterion(key, label, needs_note and not derived_from, derived_from)]

    return edit_asks(pipeline, stage, "criterion", change, version=version, by=by, at=at)


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
    return edit_asks(pipeline, stage, "criterion", put_in(new), version=version, by=by, at=at)


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
    change = taken_out(criterion, "criterion")
    return edit_asks(pipeline, stage, "criterion", change, version=version, by=by, at=at)


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
    change = shifted(criterion, places, "criterion")
    return edit_asks(pipeline, stage, "criterion", change, version=version, by=by, at=at)


# What items and criteria have in common

Asks = list[Any]
"""What a stage asks for, in its order: items or criteria."""
Change = Callable[[Asks], Asks]
LISTS = {"item": "items", "criterion": "criteria"}


def edit_asks(
    pipeline: Pipeline,
    stage: str,
    what: str,
    change: Change,
    *,
    version: int | None,
    by: Actor,
    at: datetime,
) -> PipelineVersion:
    """Change the items or the criteria of one stage of the draft."""

    def edit(process: Process, draft: PipelineVersion) -> Process:
        asks = list(getattr(process.rule(stage), LISTS[what]))
        return with_changed_stage(process, stage, **{LISTS[what]: tuple(change(asks))})

    return edit_draft(pipeline, edit, version=version, by=by, at=at)


def put_in(new: Item | Criterion) -> Change:
    """Put this one in the place of the one with its key."""

    def change(asks: Asks) -> Asks:
        check_there(new.key, asks, "item" if isinstance(new, Item) else "criterion")
        return [new if each.key == new.key else each for each in asks]

    return change


def taken_out(key: str, what: str) -> Change:
    def change(asks: Asks) -> Asks:
        check_there(key, asks, what)
        return [each for each in asks if each.key != key]

    return change


def shifted(key: str, places: int, what: str) -> Change:
    return lambda asks: ordered(asks, moved([each.key for each in asks], key, places), what)


def check_there(key: str, asks: Asks, what: str) -> None:
    if all(each.key != key for each in asks):
        raise Refused(f"The stage asks for no {what} “{key}”.", code="invalid")
