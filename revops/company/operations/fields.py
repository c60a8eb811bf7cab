"""Changes of the fields that the company defines itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from revops.company.fields import LISTS, SEARCHED
from revops.company.models import FieldDefinition
from revops.company.permissions import check_can_administer
from revops.company.registry import tell_field_changed, uses_of
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Missing, Refused

Kind = FieldDefinition.Kind
CHANGEABLE = frozenset({"label", "help_text", "position", "options", "is_searchable"})
LONGEST_KEY_OF_A_FILE = 34
"""The file's kind is "field:<key>", and a kind has 40 characters."""


@transaction.atomic(durable=True)
def define_field(
    *,
    entity: str,
    key: str,
    kind: str,
    label: str,
    options: list[dict[str, Any]] | None = None,
    help_text: str = "",
    position: int | None = None,
    is_searchable: bool = False,
    by: Actor,
    at: datetime,
) -> FieldDefinition:
    """Add a field of the company's own to a kind of record, after those that are there."""
    check_can_administer(by)
    if entity not in FieldDefinition.Entity.values or kind not in FieldDefinition.Kind.values:
        raise Refused(f"A {entity} cannot have a field of the kind {kind}.")
    check_key(entity, key, kind)
    check_label(label)
    check_options(kind, options or [])
    check_search(kind, is_searchable)
    if position is None:
        position = FieldDefinition.objects.filter(entity=entity).count()
    definition = FieldDefinition.objects.create(
        entity=entity,
        key=key,
        kind=kind,
        label=label.strip(),
        options=options or [],
        help_text=help_text.strip(),
        position=position,
        is_searchable=is_searchable,
    )
    after = {"entity": entity, "key": key, "kind": kind, "label": label, "options": options or []}
    record("field.defined", definition, by=by, at=at, after=after)
    tell_field_changed(definition, frozenset({"archived_at"}), by=by, at=at)
    return definition


def check_key(entity: str, key: str, kind: str) -> None:
    """Raise Refused unless the key is a slug of its own, short enough for what it names."""
    try:
        validate_slug(key)
    except ValidationError:
        refuse("key", "Key", "A key has letters, digits, hyphens and underscores.")
    if kind == Kind.FILE and len(key) > LONGEST_KEY_OF_A_FILE:
        refuse("key", "Key", f"The key of a file has at most {LONGEST_KEY_OF_A_FILE} characters.")
    if FieldDefinition.objects.filter(entity=entity, key=key).exists():
        refuse("key", "Key", f"There is a field {key} already. A key is never used twice.")


def check_label(label: str) -> None:
    if not label.strip():
        refuse("label", "Name", "Give the field a name.")


def check_search(kind: str, is_searchable: bool) -> None:
    if is_searchable and kind not in SEARCHED:
        refuse("is_searchable", "Search", "Records are not searched by a field of this kind.")


def check_options(kind: str, options: Sequence[Mapping[str, Any]]) -> None:
    needs = kind in LISTS
    keys = [option.get("key") for option in options]
    if needs and (not keys or not all(keys) or len(set(keys)) < len(keys)):
        refuse("options", "Options", "A list needs options, each with a key of its own.")
    if options and not needs:
        refuse("options", "Options", "Only a list has options.")


def refuse(key: str, label: str, sentence: str) -> None:
    raise Refused(sentence, code="invalid", missing=[Missing(key, label, sentence)])


@transaction.atomic(durable=True)
def change_field(
    *,
    definition: FieldDefinition,
    changes: Mapping[str, Any],
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> FieldDefinition:
    """Change what a field is called, its help, position and options, and whether it is searched."""
    check_can_administer(by)
    definition = FieldDefinition.objects.select_for_update().get(pk=definition.pk)
    check_version(definition, version)
    if set(changes) - CHANGEABLE:
        raise Refused("The key and the kind of a field never change. Define another field.")
    changed = {name: new for name, new in changes.items() if getattr(definition, name) != new}
    if "label" in changed:
        check_label(changed["label"])
    if "options" in changed:
        check_options(definition.kind, changed["options"])
        check_keeps_options(definition, changed["options"])
    if "is_searchable" in changed:
        check_search(definition.kind, changed["is_searchable"])
    if changed:
        write_field(definition, changed, "field.changed", by=by, at=at)
    return definition


def check_keeps_options(definition: FieldDefinition, options: Sequence[Mapping[str, Any]]) -> None:
    """Raise Refused when an option would vanish: records may hold it, so it is retired instead."""
    gone = {option["key"] for option in definition.options} - {o.get("key") for o in options}
    if gone:
        refuse("options", "Options", f"Retire {', '.join(sorted(gone))} instead of removing it.")


def write_field(
    definition: FieldDefinition,
    changed: Mapping[str, Any],
    verb: str,
    *,
    by: Actor,
    at: datetime,
    why: str = "",
) -> None:
    before = {name: getattr(definition, name) for name in changed}
    for name, value in changed.items():
        setattr(definition, name, value)
    definition.save_version(update_fields=changed)
    record(verb, definition, by=by, at=at, before=before, after=changed, why=why)
    tell_field_changed(definition, frozenset(changed), by=by, at=at)


@transaction.atomic(durable=True)
def order_fields(
    *, entity: str, keys: Sequence[str], by: Actor, at: datetime
) -> list[FieldDefinition]:
    """Put the fields of a kind of record in the order of `keys`; the others follow."""
    check_can_administer(by)
    rows = FieldDefinition.objects.select_for_update().filter(entity=entity)
    known = {row.key: row for row in rows.order_by("position", "pk")}
    wanted = list(dict.fromkeys([*(key for key in keys if key in known), *known]))
    for position, key in enumerate(wanted):
        if known[key].position != position:
            write_field(known[key], {"position": position}, "field.changed", by=by, at=at)
    return [known[key] for key in wanted]


@transaction.atomic(durable=True)
def archive_field(
    *,
    definition: FieldDefinition,
    although_required: bool = False,
    by: Actor,
    at: datetime,
) -> FieldDefinition:
    """Offer a field no longer; the values it has are kept, and no gate asks it any more.

    Raises Refused, naming where the field is required, unless that was known.
    """
    check_can_administer(by)
    definition = FieldDefinition.objects.select_for_update().get(pk=definition.pk)
    if definition.archived_at:
        raise Refused(f"{definition.label} is archived already.")
    places = uses_of(definition)
    if places and not although_required:
        raise Refused(
            f"{definition.label} is required: {'; '.join(places)}.", code="required", places=places
        )
    why = f"Required until now: {'; '.join(places)}" if places else ""
    write_field(definition, {"archived_at": at}, "field.archived", by=by, at=at, why=why)
    return definition


@transaction.atomic(durable=True)
def restore_field(*, definition: FieldDefinition, by: Actor, at: datetime) -> FieldDefinition:
    """Offer an archived field again, with the values it has kept."""
    check_can_administer(by)
    definition = FieldDefinition.objects.select_for_update().get(pk=definition.pk)
    if definition.archived_at is None:
        raise Refused(f"{definition.label} is not archived.")
    write_field(definition, {"archived_at": None}, "field.restored", by=by, at=at)
    return definition
