"""The kinds of import, described by the apps that own their records, at start-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from revops.company.fields import normalise
from revops.company.models import FieldDefinition
from revops.imports.fieldtypes import Day, FieldType, Formats
from revops.imports.problems import BadValue

if TYPE_CHECKING:
    from revops.imports.drafts import Outcome


@dataclass(frozen=True)
class Field:
    """One field that a mapping may fill."""

    key: str
    type: FieldType
    required: bool = False


@dataclass(frozen=True)
class Entity:
    """One sort of record that a row can make.

    `attached_to` names the entity whose external id this one shares (the quote of a deal).
    """

    key: str
    fields: tuple[Field, ...]
    attached_to: str = ""

    def field(self, key: str) -> Field | None:
        return next((each for each in self.fields if each.key == key), None)


@dataclass(frozen=True)
class Stages:
    """What `[stages.X]` may say: which fields it sets, and for which entity."""

    entity: str
    sets: tuple[str, ...]
    dates: tuple[str, ...]
    options: tuple[tuple[str, str, str], ...] = ()
    """The stages there are: key, name, and whether it is open, won or lost."""
    closing_date: str = ""
    """The date that says nothing at an open stage."""
    placed: frozenset[str] = frozenset()
    """Fields that say where a record stands, and go together."""


@dataclass(frozen=True)
class Kind:
    """What KIND of `import_csv` names: the entities a mapping may fill, and the operation."""

    key: str
    main: str
    entities: tuple[Entity, ...]
    run: Callable[..., Outcome]
    stages: Stages | None = None
    tables: dict[str, Entity] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.tables.update({entity.key: entity for entity in self.entities})


_kinds: dict[str, Callable[[], Kind]] = {}


def register_kind(key: str, describe: Callable[[], Kind]) -> None:
    """Make KIND known; `describe` is asked at each import, so that extensions are in it."""
    _kinds[key] = describe


def kind_keys() -> list[str]:
    return sorted(_kinds)


def kind_of(key: str) -> Kind:
    return _kinds[key]()


def custom_fields(entity: str) -> tuple[Field, ...]:
    """The fields the company added to `entity`, as `custom.<key>`; a file comes by no table."""
    definitions = FieldDefinition.objects.filter(entity=entity, archived_at=None)
    definitions = definitions.exclude(kind=FieldDefinition.Kind.FILE)
    return tuple(Field(f"custom.{each.key}", CompanyDefined(each)) for each in definitions)


@dataclass(frozen=True)
class CompanyDefined(FieldType):
    """A field the company defined itself, read as its own definition says."""

    definition: FieldDefinition

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> Any:
        if self.definition.kind == FieldDefinition.Kind.DATE:
            text = Day().read(text, formats).isoformat()
        try:
            return normalise(self.definition, text)
        except ValueError as problem:
            raise BadValue(str(problem).rstrip(".")) from None
