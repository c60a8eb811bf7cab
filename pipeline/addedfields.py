"""Fields that the company added, as deals, accounts and contacts have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.core.files.base import File
from django.db.models import Model
from django.urls import reverse

from pipeline import registry
from pipeline.junk import is_filled
from pipeline.models import Deal, Pipeline
from pipeline.registry import CUSTOM, DealFacts, ItemKind
from pipeline.searching import search_form
from pipeline.stages import process_of
from revops.addresses import number_in
from revops.company.fields import (
    fields_of,
    file_kind,
    searched_fields,
    searched_words,
    standing_fields,
    words_of,
)
from revops.company.models import FieldDefinition
from revops.company.registry import register_field_changed, register_use
from revops.frame.formats import day_text
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Missing, Refused
from revops.work.models import Attachment
from revops.work.operations import keep_file

Kind = FieldDefinition.Kind
TEXTS = frozenset({Kind.TEXT, Kind.LONG_TEXT})
REINDEXED_BY = frozenset({"is_searchable", "options", "archived_at"})
AT_ONCE = 500
SENTENCES = {
    Kind.DATE: "Give the day.",
    Kind.CHOICE: "Choose one.",
    Kind.MULTI_CHOICE: "Choose at least one.",
    Kind.BOOLEAN: "Say yes or no.",
    Kind.FILE: "Attach the file.",
    Kind.PERSON: "Choose a colleague.",
    Kind.URL: "Give the web address.",
    Kind.MONEY: "Give the amount with its currency.",
}


# As an item of a checklist


def kind_of_field(name: str) -> ItemKind | None:
    """The item that a stage asks for by `custom.<name>`; none for a field not offered."""
    definition = standing_fields("deal").get(name)
    if definition is None:
        return None
    return ItemKind(
        key=f"{CUSTOM}{name}",
        label=definition.label,
        present=partial(has_value, definition),
        sentence=SENTENCES.get(Kind(definition.kind), f"Fill in {definition.label}."),
        field=f"{CUSTOM}{name}",
        input="custom",
        reads=("custom",),
    )


def has_value(definition: FieldDefinition, deal: Deal, facts: DealFacts) -> bool:
    """Whether the field says something: a text must be no junk, every other value counts."""
    value = deal.custom.get(definition.key)
    if definition.kind == Kind.FILE:
        return file_kind(definition.key) in facts.attachments
    return is_filled(value, facts.junk) if definition.kind in TEXTS else value not in (None, "", [])


def field_items() -> Iterable[ItemKind]:
    """Every item that a stage can ask for among the fields of deals."""
    found = (kind_of_field(key) for key in standing_fields("deal"))
    return [kind for kind in found if kind is not None]


def places_of(definition: FieldDefinition) -> list[str]:
    """The stages whose rules in force ask for a field of deals."""
    if definition.entity != FieldDefinition.Entity.DEAL:
        return []
    key = f"{CUSTOM}{definition.key}"
    published = Pipeline.objects.filter(versions__published_at__isnull=False).distinct()
    return [
        f"{rule.name} of {pipeline.name}"
        for pipeline in published.order_by("position", "pk")
        for rule in process_of(pipeline).rules
        if any(item.key == key for item in rule.items)
    ]


# Files and text


def keep_files(
    record: Model, entity: str, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> dict[str, Any]:
    """Return `values` with uploads kept as attachments of the record.

    Raises Refused for a number that names no file of this field of this record.
    """
    files = {k for k, each in standing_fields(entity).items() if each.kind == Kind.FILE}
    return {
        key: kept_file(record, key, value, by=by, at=at) if key in files and value else value
        for key, value in values.items()
    }


def kept_file(record: Model, key: str, value: Any, *, by: Actor, at: datetime) -> Any:
    if record.pk is None:
        sentence = "Enter the record first, then attach the file to it."
        raise Refused(sentence, code="bad_field", missing=[Missing(key, key, sentence)])
    if isinstance(value, File):
        return keep_file(file=value, about=record, kind=file_kind(key), by=by, at=at).pk
    number = number_in(getattr(value, "pk", value))
    own = Attachment.objects.about(record).filter(kind=file_kind(key), pk=number or 0)
    if not own.exists():
        sentence = "This is no file that was attached here for this field."
        raise Refused(sentence, code="bad_field", missing=[Missing(key, key, sentence)])
    return number


def search_text(
    name: str,
    account: str,
    custom: Mapping[str, Any],
    fields: Iterable[FieldDefinition] | None = None,
) -> str:
    """What a deal is found by: its name, its account, and the fields that are searched."""
    return search_form(name, account, *searched_words("deal", custom, fields))


def follow_field(
    definition: FieldDefinition, fields: frozenset[str], *, by: Actor, at: datetime
) -> None:
    """Find deals anew by a field that has begun, or ceased, to be searched."""
    if definition.entity != FieldDefinition.Entity.DEAL or not fields & REINDEXED_BY:
        return
    if not (definition.is_searchable or "is_searchable" in fields):
        return
    pks = list(
        Deal.objects.filter(custom__has_key=definition.key)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    searched = searched_fields("deal")
    for start in range(0, len(pks), AT_ONCE):
        found = list(
            Deal.objects.filter(pk__in=pks[start : start + AT_ONCE]).select_related("account")
        )
        for deal in found:
            account = deal.account.name if deal.account else ""
            deal.search_text = search_text(deal.name, account, deal.custom, searched)
        Deal.objects.bulk_update(found, ["search_text"], batch_size=AT_ONCE)


# In words


@dataclass(frozen=True)
class AddedFact:
    """One field with its value as a page shows it."""

    key: str
    label: str
    text: str
    kind: str
    url: str = ""
    is_archived: bool = False


Names = dict[str, dict[int, str]]


def names_in(definitions: Sequence[FieldDefinition], customs: Iterable[Mapping[str, Any]]) -> Names:
    """The names of the people and files that these values point at: two questions at most."""
    wanted: dict[str, set[int]] = {Kind.PERSON: set(), Kind.FILE: set()}
    keys = {each.key: each.kind for each in definitions if each.kind in wanted}
    for custom in customs:
        for key in keys.keys() & custom.keys():
            if isinstance(custom[key], int):
                wanted[keys[key]].add(custom[key])
    people, files = wanted[Kind.PERSON], wanted[Kind.FILE]
    standing = Attachment.objects.filter(pk__in=files, removed_at=None)
    return {
        Kind.PERSON: dict(User.objects.filter(pk__in=people).values_list("pk", "name"))
        if people
        else {},
        Kind.FILE: dict(standing.values_list("pk", "name")) if files else {},
    }


def added_facts(entity: str, custom: Mapping[str, Any]) -> list[AddedFact]:
    """What a record has in the fields that the company added, archived ones too."""
    if not custom:
        return []
    definitions = [each for each in fields_of(entity) if each.key in custom]
    names = names_in(definitions, [custom])
    found = [fact_of(each, custom[each.key], names) for each in definitions]
    return [fact for fact in found if fact.text]


def fact_of(definition: FieldDefinition, value: Any, names: Names) -> AddedFact:
    url = ""
    if definition.kind == Kind.FILE and value in names.get(Kind.FILE, {}):
        url = reverse("work:attachment-download", args=[value])
    elif definition.kind == Kind.URL and str(value).startswith(("http://", "https://")):
        url = str(value)
    return AddedFact(
        definition.key,
        definition.label,
        shown_words(definition, value, names),
        definition.kind,
        url,
        definition.archived_at is not None,
    )


def shown_words(definition: FieldDefinition, value: Any, names: Names) -> str:
    """A value as a page says it: a day as people write one."""
    if definition.kind == Kind.DATE and value:
        try:
            return day_text(date.fromisoformat(str(value)))
        except ValueError:
            return str(value)
    return words_of(definition, value, names)


def register() -> None:
    registry.register_custom_kinds(kind_of_field)
    register_use("pipeline", places_of)
    register_field_changed(follow_field)
