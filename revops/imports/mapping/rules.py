"""What a mapping says: which column becomes which field of which record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from slugify import slugify

from revops.imports.fieldtypes import Formats, Text
from revops.imports.kinds import Entity, Field, Kind
from revops.imports.problems import BadMapping, unknown

FILTERS: dict[str, Callable[[str], str]] = {
    "slug": lambda text: slugify(text),
    "lower": str.lower,
    "upper": str.upper,
}
PLACEHOLDER = re.compile(r"\{([^{}|]+)((?:\|[^{}|]*)*)\}")
EXTERNAL_ID = Field("external_id", Text(max_length=120), required=True)


@dataclass(frozen=True)
class Template:
    """Text with places for cells: `{sales_agent|slug}@maventech.example`."""

    text: str

    def parts(self) -> list[tuple[str, list[str]]]:
        return [
            (name.strip(), [each for each in filters.split("|") if each])
            for name, filters in PLACEHOLDER.findall(self.text)
        ]

    def columns(self) -> set[str]:
        return {name for name, _ in self.parts()}

    def problems(self) -> Iterable[str]:
        if re.search(r"[{}]", PLACEHOLDER.sub("", self.text)):
            yield f"The template “{self.text}” has a brace that is not closed or not opened."
        for _, filters in self.parts():
            for name in filters:
                if name not in FILTERS:
                    yield unknown("The filter", name, tuple(FILTERS))

    def fill(self, cells: dict[str, str]) -> str:
        """The text with its cells; blank when any of them is, so that a fallback can speak."""
        parts = self.parts()
        if any(not cells[name] for name, _ in parts):
            return ""

        def filled(found: re.Match[str]) -> str:
            value = cells[found[1].strip()]
            for name in filter(None, found[2].split("|")):
                value = FILTERS[name](value)
            return value

        return PLACEHOLDER.sub(filled, self.text).strip()


@dataclass(frozen=True)
class FieldRule:
    """Where one field gets its value."""

    target: Field
    templates: tuple[Template, ...]
    formats: Formats
    values: dict[str, str] = field(default_factory=dict)
    strict: bool = False
    default: str = ""
    scale: Decimal | None = None
    by: str = "external_id"
    source: str = ""

    def columns(self) -> set[str]:
        return {name for template in self.templates for name in template.columns()}


@dataclass(frozen=True)
class RecordRule:
    """One record made from each row."""

    entity: Entity
    external_id: FieldRule | None
    fields: tuple[FieldRule, ...]
    repeats: bool = False
    optional: bool = False

    def columns(self) -> set[str]:
        rules = [*self.fields, *([self.external_id] if self.external_id else [])]
        return {name for rule in rules for name in rule.columns()}


@dataclass(frozen=True)
class StageRule:
    """What a row becomes whose stage column holds one value."""

    sets: dict[str, str]
    dates: frozenset[str] | None
    without: frozenset[str]
    fields: dict[str, tuple[FieldRule, ...]]

    def columns(self) -> set[str]:
        rules = [rule for rules in self.fields.values() for rule in rules]
        return {name for rule in rules for name in rule.columns()}


@dataclass(frozen=True)
class Mapping:
    """A checked mapping, ready to be used on the rows of a file."""

    kind: Kind
    source: str
    file: dict[str, str]
    translate: dict[str, dict[str, str]]
    records: tuple[RecordRule, ...]
    stage_column: str = ""
    stages: dict[str, StageRule] = field(default_factory=dict)

    def columns(self) -> set[str]:
        named = set(self.translate) | ({self.stage_column} - {""})
        for record in self.records:
            named |= record.columns()
        for stage in self.stages.values():
            named |= stage.columns()
        return named

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise BadMapping naming each column that the file does not have."""
        absent = sorted(self.columns() - set(columns))
        if absent:
            raise BadMapping([unknown("The column", name, columns) for name in absent])
