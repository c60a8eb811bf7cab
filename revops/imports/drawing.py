"""What the page of a mapping shows: each field with its column, examples and translations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from revops.imports.fieldtypes import Choice, Choices, Day, FieldType, Number, Reference, YesNo
from revops.imports.forms import file_choices, values_of
from revops.imports.kinds import Entity, Field, kind_keys, kind_of
from revops.imports.models import FieldWinner
from revops.imports.profile import column_of
from revops.imports.sketch import FieldSketch, Sketch, fields_of

MOST_TRANSLATED = 20
REMEMBERED = frozenset({"team", "person", "account", "contact", "product", "deal"})
"""Records of which it is kept what a source said last, so that somebody can win."""
LOOKUPS = {
    "external_id": "its id in the source",
    "email": "e-mail address",
    "name": "name",
    "domain": "web address",
    "key": "key",
}


@dataclass
class DrawnField:
    """One line of the form."""

    name: str
    anchor: str
    label: str
    hint: str
    required: bool
    drawn: FieldSketch
    examples: list[str] = field(default_factory=list)
    filled: int = 0
    values: list[dict[str, Any]] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    lookups: list[tuple[str, str]] = field(default_factory=list)
    scales: bool = False


@dataclass
class DrawnEntity:
    """One table of the form."""

    key: str
    label: str
    is_main: bool
    is_used: bool
    fields: list[DrawnField]


def label_of(key: str) -> str:
    if key == "external_id":
        return "Id in the source"
    return key.removeprefix("custom.").replace("_", " ").capitalize()


def hint_of(kind: FieldType) -> str:
    """What a cell has to hold, in a few words."""
    if isinstance(kind, Reference):
        return f"{'an' if kind.entity[0] in 'aeiou' else 'a'} {kind.entity}"
    if isinstance(kind, Day):
        return "a date"
    if isinstance(kind, YesNo):
        return "yes or no"
    if isinstance(kind, Choice | Choices):
        codes = [code for code, _ in kind.options]
        return ", ".join([*codes[:4], *(["…"] if len(codes) > 4 else [])])
    return "a number" if kind.scales else ""


def drawn_mapping(sketch: Sketch, profile: dict[str, Any]) -> dict[str, Any]:
    """Everything the form shows."""
    stages = sketch.kind.stages
    placed = {"stage", "status"} if stages and sketch.stage_column else set()
    return {
        "source": sketch.source,
        "entities": [
            drawn_entity(entity, sketch, profile, placed) for entity in sketch.kind.entities
        ],
        "columns": [each["name"] for each in profile["columns"]],
        "file": [
            {
                "key": key,
                "label": key.replace("_", " ").capitalize(),
                "value": sketch.file.get(key, profile.get(key, "")),
                "options": with_present(options, sketch.file.get(key, "")),
            }
            for key, options in file_choices(profile).items()
        ],
        "stage_column": sketch.stage_column,
        "stages": stage_rows(sketch, profile) if stages else [],
    }


def with_present(options: list[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    """The options, with what a mapping says already though nobody would offer it."""
    return options if value in dict(options) or not value else [*options, (value, value)]


def drawn_entity(
    entity: Entity, sketch: Sketch, profile: dict[str, Any], placed: set[str]
) -> DrawnEntity:
    drawn = sketch.entities.get(entity.key, {})
    is_main = entity.key == sketch.kind.main
    return DrawnEntity(
        key=entity.key,
        label=entity.key.replace("_", " ").capitalize(),
        is_main=is_main,
        is_used=is_main or any(each.is_used for each in drawn.values()),
        fields=[
            drawn_field(entity, each, drawn.get(each.key, FieldSketch()), profile)
            for each in fields_of(entity)
            if each.key not in placed
        ],
    )


def drawn_field(
    entity: Entity, target: Field, drawn: FieldSketch, profile: dict[str, Any]
) -> DrawnField:
    name = f"{entity.key}.{target.key}"
    described = column_of(profile, drawn.column) or {}
    lookups = target.type.lookups if isinstance(target.type, Reference) else ()
    return DrawnField(
        name=name,
        anchor=name.replace(".", "-"),
        label=label_of(target.key),
        hint=hint_of(target.type),
        required=target.required,
        drawn=drawn,
        examples=described.get("examples", []),
        filled=described.get("filled", 0),
        values=translations(target, drawn, profile),
        options=list(target.type.options) if isinstance(target.type, Choice) else [],
        lookups=[(key, LOOKUPS.get(key, key)) for key in lookups] if len(lookups) > 1 else [],
        scales=target.type.scales,
    )


def translations(
    target: Field, drawn: FieldSketch, profile: dict[str, Any]
) -> list[dict[str, Any]]:
    """The values of the column, each with what it becomes, where there are few of them."""
    values = values_of(profile, drawn.column)
    if target.key == "external_id" or len(values) > MOST_TRANSLATED or is_figure(target.type):
        return []
    return [
        {"number": number, "value": value, "to": drawn.values.get(value, "")}
        for number, value in enumerate(values)
    ]


def is_figure(kind: FieldType) -> bool:
    """Whether values are written rather than chosen."""
    return isinstance(kind, Number | Day) or kind.scales


def examples_of(
    entity: Entity, key: str, column: str, profile: dict[str, Any]
) -> DrawnField | None:
    """One line of the form for another column; None for a field that there is not."""
    target = next((each for each in fields_of(entity) if each.key == key), None)
    return drawn_field(entity, target, FieldSketch(column=column), profile) if target else None


def stage_rows(sketch: Sketch, profile: dict[str, Any]) -> dict[str, Any]:
    """The values of the stage column, each with the stage that it means."""
    stages = sketch.kind.stages
    assert stages is not None
    described = column_of(profile, sketch.stage_column)
    values = values_of(profile, sketch.stage_column)
    return {
        "column": sketch.stage_column,
        "is_too_many": bool(described) and described is not None and described["values"] is None,
        "options": [(key, label) for key, label, _ in stages.options],
        "values": [
            {
                "number": number,
                "value": value,
                "stage": sketch.stages[value].stage
                if value in sketch.stages
                else likely_stage(value, stages.options),
            }
            for number, value in enumerate(values)
        ],
    }


def likely_stage(value: str, options: tuple[tuple[str, str, str], ...]) -> str:
    """The stage that a value of another system most likely means; blank where none is alike."""
    from revops.imports.sketch import likeness, words

    if words(value) in ("won", "closed won"):
        return next((key for key, _, kind in options if kind == "won"), "")
    if words(value) in ("lost", "closed lost"):
        return next((key for key, _, kind in options if kind == "lost"), "")
    scored = [(max(likeness(value, key), likeness(value, label)), key) for key, label, _ in options]
    score, key = max(scored, default=(0.0, ""))
    return key if score >= 0.7 else ""


# Which system wins


def winner_tables(source: str) -> list[dict[str, Any]]:
    """Every field of every record that imports make, with who wins; attached records follow."""
    chosen = {
        (row.entity, row.field): row.winner for row in FieldWinner.objects.filter(source=source)
    }
    tables: dict[str, dict[str, Any]] = {}
    for key in kind_keys():
        kind = kind_of(key)
        placed = kind.stages.placed - {"stage"} if kind.stages else frozenset()
        for entity in kind.entities:
            if entity.key not in REMEMBERED:
                continue
            rows = [
                {
                    "name": f"{entity.key}.{each.key}",
                    "label": label_of(each.key),
                    "is_ours": chosen.get((entity.key, each.key)) == FieldWinner.Winner.OURS,
                    "is_stage": each.key == "stage",
                }
                for each in entity.fields
                if each.key not in placed
            ]
            tables[entity.key] = {"label": entity.key.capitalize(), "rows": rows}
    return list(tables.values())
