"""A mapping as the page draws it: one column or one constant for each field. Pure.

A sketch becomes the body of the same file that the command takes. Not every such file is a
sketch: `sketch_of` returns None for one that says more, and the page shows that as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

from revops.imports.fieldtypes import Reference
from revops.imports.kinds import Entity, Field, Kind
from revops.imports.mapping import EXTERNAL_ID, PLACEHOLDER
from revops.imports.profile import Profile, column_of

ID = "external_id"
FILE = ("encoding", "delimiter", "date_format", "decimal_separator", "thousands_separator")
ALIKE = 0.72
KNOWN_AS = {
    "external_id": ("id", "record id", "opportunity id", "account id", "contact id", "number"),
    "owner": ("sales agent", "deal owner", "account owner", "opportunity owner", "rep"),
    "amount": ("value", "close value", "deal value", "opportunity amount"),
    "name": ("title", "deal name", "account name", "opportunity name", "full name"),
    "email": ("mail", "email address"),
    "closed_on": ("close date", "closed date", "won date"),
    "opened_on": ("created", "create date", "engage date", "created date"),
    "deal_source": ("source", "lead source"),
    "employees": ("staff", "headcount", "number of employees"),
    "industry": ("sector",),
    "country": ("office location", "location"),
    "account": ("company", "customer"),
    "list_price": ("price", "sales price"),
    "product": ("main product",),
    "discount_percent": ("discount", "discount %", "discount pct"),
    "list_amount": ("list price", "list total", "gross amount", "total list price"),
    "term_months": ("term", "contract term", "contract length"),
    "payment": ("payment terms", "net terms"),
    "billing": ("billing frequency",),
    "submitted_on": ("submitted", "submitted date", "quote date"),
    "non_standard_terms": ("special terms", "custom terms"),
}


@dataclass
class FieldSketch:
    """Where one field comes from: a column, and what stands where that is blank or none is named.

    What stands otherwise is a constant, or a template such as `{Account}: {Product}`.
    """

    column: str = ""
    constant: str = ""
    by: str = ""
    scale: str = ""
    values: dict[str, str] = field(default_factory=dict)

    @property
    def is_used(self) -> bool:
        return bool(self.column or self.constant)

    def rule(self) -> Any:
        """What the mapping says of this field."""
        is_template = bool(PLACEHOLDER.search(self.constant))
        if not self.column and not self.by and not self.scale:
            return self.constant
        if not self.column:
            rule: dict[str, Any] = {"template" if is_template else "constant": self.constant}
        else:
            rule = {"column": self.column}
            if self.constant:
                rule["fallback" if is_template else "default"] = self.constant
        if self.by:
            rule["by"] = self.by
        if self.scale:
            rule["scale"] = number_of(self.scale)
        if told := {key: value for key, value in self.values.items() if value}:
            rule["values"] = told
        return rule


@dataclass
class StageSketch:
    """What one value of the stage column means."""

    stage: str = ""
    status: str = ""
    dates: list[str] | None = None
    """The dates that count at this stage; None for all of them."""

    def rule(self) -> dict[str, Any]:
        said = {"stage": self.stage, "status": self.status}
        rule: dict[str, Any] = {key: text for key, text in said.items() if text}
        return rule if self.dates is None else rule | {"dates": self.dates}


@dataclass
class Sketch:
    """A whole mapping as the page draws it."""

    kind: Kind
    source: str = ""
    file: dict[str, str] = field(default_factory=dict)
    entities: dict[str, dict[str, FieldSketch]] = field(default_factory=dict)
    stage_column: str = ""
    stages: dict[str, StageSketch] = field(default_factory=dict)

    def field(self, entity: str, key: str) -> FieldSketch:
        return self.entities.setdefault(entity, {}).setdefault(key, FieldSketch())

    def body(self) -> dict[str, Any]:
        """The body of the mapping file."""
        body: dict[str, Any] = {"kind": self.kind.key, "source": self.source}
        if self.stage_column:
            body["stage_column"] = self.stage_column
        body["file"] = {key: self.file[key] for key in FILE if self.file.get(key)}
        for entity in self.kind.entities:
            table = self.table(entity)
            if table:
                body[entity.key] = table
        if self.stage_column:
            # A value without a stage is left out, so that its rows are named as such.
            drawn = {value: each.rule() for value, each in self.stages.items()}
            body["stages"] = {value: rule for value, rule in drawn.items() if rule}
        return body

    def table(self, entity: Entity) -> dict[str, Any]:
        """The table of one entity; none where only its id or nothing is given."""
        used = {
            key: each for key, each in self.entities.get(entity.key, {}).items() if each.is_used
        }
        if not set(used) - {ID} and entity.key != self.kind.main:
            return {}
        table: dict[str, Any] = {}
        if entity.key != self.kind.main and not entity.attached_to:
            table |= {"repeats": True, "optional": True}
        for key, each in used.items():
            if key == ID:
                table[key] = each.rule()
            elif key.startswith("custom."):
                table.setdefault("custom", {})[key.removeprefix("custom.")] = each.rule()
            else:
                table[key] = each.rule()
        return table


def number_of(text: str) -> Decimal | str:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return text


def fields_of(entity: Entity) -> list[Field]:
    """The fields of an entity that the page asks for, its id first."""
    return [*([] if entity.attached_to else [EXTERNAL_ID]), *entity.fields]


# From a mapping that is there


def sketch_of(body: Mapping[str, Any], kind: Kind) -> Sketch | None:
    """The sketch that makes this very mapping; None where it says more than one can draw."""
    sketch = Sketch(kind, str(body.get("source", "")))
    sketch.file = {key: str(each) for key, each in table_in(body, "file").items()}
    sketch.stage_column = str(body.get("stage_column", ""))
    for value, each in table_in(body, "stages").items():
        if isinstance(each, dict):
            said = (str(each.get("stage", "")), str(each.get("status", "")))
            sketch.stages[value] = StageSketch(*said, each.get("dates"))
    for entity in kind.entities:
        table = body.get(entity.key, {})
        if not isinstance(table, dict):
            return None
        for key, rule in flat(table).items():
            if key not in ("repeats", "optional"):
                drawn = field_sketch(rule)
                if drawn is None:
                    return None
                sketch.entities.setdefault(entity.key, {})[key] = drawn
    return sketch if says_the_same(sketch, body) else None


def says_the_same(sketch: Sketch, body: Mapping[str, Any]) -> bool:
    return plain(sketch.body()) == plain({"kind": sketch.kind.key, "file": {}, **body})


def plain(value: Any) -> Any:
    """A body with every way of saying the same thing said in one way."""
    if isinstance(value, Mapping):
        if set(value) == {"constant"}:
            return str(value["constant"])
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, str) and (found := PLACEHOLDER.fullmatch(value)) and not found[2]:
        return {"column": found[1].strip()}
    return value


def flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table with the company's own fields under their keys."""
    custom = table.get("custom", {})
    own = custom.items() if isinstance(custom, dict) else ()
    rest = {key: each for key, each in table.items() if key != "custom"}
    return rest | {f"custom.{key}": each for key, each in own}


def table_in(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = body.get(key, {})
    return found if isinstance(found, dict) else {}


def field_sketch(rule: Any) -> FieldSketch | None:
    """One rule as a sketch; what that loses shows when the whole is compared."""
    if isinstance(rule, str):
        found = PLACEHOLDER.fullmatch(rule)
        if found and not found[2]:
            return FieldSketch(column=found[1].strip())
        return FieldSketch(constant=rule)
    if not isinstance(rule, dict):
        return None
    values = rule.get("values", {})
    ways = (rule.get(key) for key in ("constant", "template", "fallback", "default"))
    return FieldSketch(
        column=str(rule.get("column", "")),
        constant=str(next((each for each in ways if each), "")),
        by=str(rule.get("by", "")),
        scale=str(rule.get("scale", "")),
        values=dict(values) if isinstance(values, dict) else {},
    )


# Guessing


def guess(kind: Kind, profile: Profile) -> Sketch:
    """A first mapping: fields whose name resembles a column's, each column used once."""
    sketch = Sketch(kind)
    sketch.file = {
        "encoding": profile["encoding"],
        "delimiter": profile["delimiter"],
        "date_format": profile["date_format"],
        "decimal_separator": profile["decimal_separator"],
    }
    columns = [each["name"] for each in profile["columns"]]
    main = next(entity for entity in kind.entities if entity.key == kind.main)
    drawn = {key: best_column(main.key, key, columns) for key in keys_of(main)}
    taken: set[str] = set()
    for key, (score, column) in sorted(drawn.items(), key=lambda pair: -pair[1][0]):
        if score >= ALIKE and column not in taken:
            taken.add(column)
            sketch.field(main.key, key).column = column
    for each in main.fields:
        drawn_field = sketch.field(main.key, each.key)
        if isinstance(each.type, Reference) and drawn_field.column:
            drawn_field.by = look_up_by(each.type, column_of(profile, drawn_field.column))
    if kind.stages:
        closing = sketch.field(main.key, kind.stages.closing_date)
        if not closing.column:
            # One column often says both when a deal is expected to close and when it did.
            closing.column = sketch.field(main.key, "close_date").column
        # Stages of another system are translated one by one, so they are asked for apart.
        drawn_stage = sketch.field(main.key, "stage")
        sketch.stage_column, drawn_stage.column = drawn_stage.column, ""
    return sketch


def look_up_by(kind: Reference, column: dict[str, Any] | None) -> str:
    """By what a reference is found: addresses are addresses, words with spaces are names."""
    examples = column["examples"] if column else []
    if "email" in kind.lookups and any("@" in text for text in examples):
        return "email"
    if "name" in kind.lookups and any(" " in text for text in examples):
        return "name"
    return ""


def keys_of(entity: Entity) -> list[str]:
    return [each.key for each in fields_of(entity)]


def best_column(entity: str, key: str, columns: Sequence[str]) -> tuple[float, str]:
    """The column whose name is most like the field's, and how much."""
    names = [key, f"{entity} {key}", *KNOWN_AS.get(key, ())]
    scored = [
        (max(likeness(name, column) for name in names), -number, column)
        for number, column in enumerate(columns)
    ]
    score, _, column = max(scored, default=(0.0, 0, ""))
    return score, column


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, words(one), words(other)).ratio()


def words(text: str) -> str:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()
