"""The values of pick lists: added, called otherwise, put in order, offered no longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from pipeline.models import Choice
from pipeline.operations.drafting import key_from
from pipeline.ruledrafts import moved, ordered
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Missing, Refused

USED_BY_RULES = {
    (
        Choice.List.PUSH_REASON,
        "reopened",
    ): "Reopening a deal pushes its close date.",
    (Choice.List.PUSH_REASON, "imported"): "An import that moves a close date later is a push.",
    (Choice.List.PUSH_REASON, "other"): "“Other” is what people choose when nothing else fits.",
    (Choice.List.LOSS_REASON, "other"): "“Other” is what people choose when nothing else fits.",
}
"""Values that the software itself writes or asks about: they stay."""


@transaction.atomic(durable=True)
def add_choice(*, list: str, label: str, by: Actor, at: datetime) -> Choice:
    """Add a value to the end of a pick list; its key is made of the label and never changes."""
    check_can_administer(by)
    choices = lock_list(list)
    label = read_label(label, choices)
    key = key_from(label, {choice.key: choice for choice in choices}).replace("-", "_")
    if any(choice.key == key for choice in choices):
        raise Refused(f"There is a value “{key}” already.", code="taken")
    last = max((choice.position for choice in choices), default=-1)
    choice = Choice.objects.create(list=list, key=key, label=label, position=last + 1)
    record("choice.added", choice, by=by, at=at, after={"list": list, "key": key, "label": label})
    return choice


def lock_list(list_: str) -> list[Choice]:
    """Every value of a list, held; Refused when there is no such list."""
    if list_ not in Choice.List.values:
        raise Refused(f"There is no list “{list_}”.", code="invalid")
    rows = Choice.objects.select_for_update().filter(list=list_)
    return [*rows.order_by("position", "pk")]


def read_label(label: str, choices: Sequence[Choice], but: Choice | None = None) -> str:
    label = " ".join(label.split())
    sentence = ""
    if not label:
        sentence = "Say what it is called."
    elif len(label) > 100:
        sentence = "A label has 100 letters at most."
    elif any(each != but and each.label.casefold() == label.casefold() for each in choices):
        sentence = f"“{label}” is in the list already."
    if sentence:
        fault = Missing("label", "Label", sentence)
        raise Refused(sentence, code="invalid", missing=[fault])
    return label


@transaction.atomic(durable=True)
def rename_choice(*, choice: Choice, label: str, by: Actor, at: datetime) -> Choice:
    """Call a value something else, on every deal that has it too."""
    check_can_administer(by)
    choices = lock_list(choice.list)
    choice = next(each for each in choices if each.pk == choice.pk)
    label = read_label(label, choices, choice)
    before = choice.label
    if label != before:
        choice.label = label
        choice.save(update_fields=["label"])
        was, now = {"label": before}, {"label": label}
        record("choice.renamed", choice, by=by, at=at, before=was, after=now)
    return choice


@transaction.atomic(durable=True)
def order_choices(*, list: str, keys: Sequence[str], by: Actor, at: datetime) -> None:
    """Put the values of a list in this order; every one that is offered is named once."""
    check_can_administer(by)
    offered = [choice for choice in lock_list(list) if not choice.retired_at]
    put_in_order(offered, keys, by=by, at=at)


def put_in_order(
    offered: Sequence[Choice], keys: Sequence[str], *, by: Actor, at: datetime
) -> None:
    was = [choice.key for choice in offered]
    found = ordered(offered, keys, "value")
    for position, choice in enumerate(found):
        choice.position = position
    Choice.objects.bulk_update(found, ["position"])
    if found and was != [*keys]:
        before, after = {"order": was}, {"order": [*keys]}
        others = found[1:]
        record("choice.ordered", found[0], by=by, at=at, before=before, after=after, related=others)


@transaction.atomic(durable=True)
def shift_choice(*, choice: Choice, places: int, by: Actor, at: datetime) -> None:
    """Move one value up (a negative number) or down by so many places."""
    check_can_administer(by)
    offered = [each for each in lock_list(choice.list) if not each.retired_at]
    keys = moved([each.key for each in offered], choice.key, places)
    put_in_order(offered, keys, by=by, at=at)


@transaction.atomic(durable=True)
def retire_choice(*, choice: Choice, by: Actor, at: datetime) -> Choice:
    """Offer a value no longer; deals that have it keep it.

    Raises Refused for the last value of a list and for those that the software itself uses.
    """
    check_can_administer(by)
    choices = lock_list(choice.list)
    choice = next(each for each in choices if each.pk == choice.pk)
    if choice.retired_at:
        raise Refused(f"{choice.label} is not offered as it is.", code="retired")
    if why := USED_BY_RULES.get((Choice.List(choice.list), choice.key)):
        raise Refused(f"{choice.label} stays: {why}", code="in_use")
    if sum(each.retired_at is None for each in choices) == 1:
        raise Refused("A list offers one value at least.", code="last")
    choice.retired_at = at
    choice.save(update_fields=["retired_at"])
    record("choice.retired", choice, by=by, at=at)
    return choice


@transaction.atomic(durable=True)
def restore_choice(*, choice: Choice, by: Actor, at: datetime) -> Choice:
    """Offer a value again, at the end of its list."""
    check_can_administer(by)
    choices = lock_list(choice.list)
    choice = next(each for each in choices if each.pk == choice.pk)
    if not choice.retired_at:
        raise Refused(f"{choice.label} is offered as it is.", code="offered")
    choice.retired_at = None
    choice.position = max(each.position for each in choices) + 1
    choice.save(update_fields=["retired_at", "position"])
    record("choice.restored", choice, by=by, at=at)
    return choice
