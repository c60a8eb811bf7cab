"""Names for the numbers that entries hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipeline import registry
from pipeline.gates import CRITERION
from pipeline.models import Account, Activity, Choice, Contact, Deal, Pipeline, Stage
from pipeline.stages import Process, process_by_id
from revops.ledger.models import Entry
from revops.people.models import User
from revops.remembering import remembered
from revops.work.models import Attachment, Task

ELSEWHERE = frozenset({"deal.transferred", "deal.restaged"})
"""Verbs whose stages are not those of the deal's present rules."""
PEOPLE = ("owner", "person", "assignee")


@dataclass
class Names:
    """Everything that the sentences of one batch call by name."""

    people: dict[int, User] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    accounts: dict[int, str] = field(default_factory=dict)
    activities: dict[int, Activity] = field(default_factory=dict)
    files: dict[int, Attachment] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    choices: dict[tuple[str, str], str] = field(default_factory=dict)
    process: Process | None = None
    stages: dict[str, str] = field(default_factory=dict)
    pipelines: dict[str, str] = field(default_factory=dict)

    def person(self, pk: Any) -> str:
        found = self.people.get(pk)
        return found.name if found else "somebody"

    def contact(self, pk: Any) -> str:
        found = self.contacts.get(pk)
        return found.name if found else "a contact"

    def stage(self, key: Any) -> str:
        rule = self.process.by_key.get(str(key)) if self.process else None
        if rule:
            return rule.name
        return self.stages.get(str(key), str(key).replace("-", " ").capitalize())

    def choice(self, list_: str, key: Any) -> str:
        return self.choices.get((list_, str(key)), str(key).replace("_", " ").capitalize())

    def item(self, key: Any) -> str:
        key = str(key).removeprefix(CRITERION)
        for rule in self.process.rules if self.process else ():
            labels = {item.key: item.label for item in rule.items}
            labels |= {criterion.key: criterion.label for criterion in rule.criteria}
            if key in labels:
                return labels[key]
        kind = registry.item_kind(key)
        return kind.label if kind else key.replace("_", " ")


def names_for(entries: Sequence[Entry], user: User) -> Names:
    """Read every name that these entries need, in a fixed number of questions."""
    facts = [{**entry.before, **entry.after} for entry in entries]
    both = [side for entry in entries for side in (entry.before, entry.after)]
    names = Names()
    names.people = User.objects.in_bulk(numbers(both, *PEOPLE))
    subjects = {e.subject_id for e in entries if e.subject_type == "contact"}
    contacts = Contact.objects.visible_to(user).in_bulk(numbers(both, "contact") | subjects)
    names.contacts = contacts
    accounts = Account.objects.filter(pk__in=numbers(both, "account", "parent"))
    names.accounts = dict(accounts.values_list("pk", "name"))
    names.activities = Activity.objects.in_bulk(numbers(facts, "activity"))
    files = {e.subject_id for e in entries if e.subject_type == "attachment"}
    names.files = Attachment.objects.in_bulk(files)
    closed = {
        e.subject_id
        for e in entries
        if e.verb in ("task.done", "task.cancelled", "task.reassigned")
    }
    names.tasks = Task.objects.select_related("assignee").in_bulk(closed)
    names.choices = choice_labels()
    if any(entry.verb in ELSEWHERE for entry in entries):
        names.stages = dict(Stage.objects.values_list("key", "name"))
        names.pipelines = dict(Pipeline.objects.values_list("key", "name"))
    deals = [e.subject_id for e in entries if e.subject_type == "deal"]
    if deals:
        pipeline = remembered(("pipeline of", deals[0]), partial(pipeline_of_deal, deals[0]))
        names.process = process_by_id(pipeline) if pipeline else None
    return names


def choice_labels() -> dict[tuple[str, str], str]:
    """The label of every choice by its list and key, of retired ones too."""
    return remembered("choices", read_choice_labels)


def read_choice_labels() -> dict[tuple[str, str], str]:
    rows = Choice.objects.values_list("list", "key", "label")
    return {(list_, key): label for list_, key, label in rows}


def pipeline_of_deal(pk: int) -> int | None:
    return Deal.objects.filter(pk=pk).values_list("pipeline", flat=True).first()


def numbers(facts: Iterable[dict[str, Any]], *keys: str) -> set[int]:
    return {value for each in facts for key in keys if isinstance(value := each.get(key), int)}
