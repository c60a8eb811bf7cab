"""What other apps tell the company at start-up: where a field is asked, who follows a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from revops.company.models import FieldDefinition
    from revops.people.actor import Actor

Uses = Callable[["FieldDefinition"], Sequence[str]]
"""Says in words where a field is required, such as "Proposal of New business"."""


class FieldChanged(Protocol):
    """Told inside the transaction that a field was defined, changed, archived or restored."""

    def __call__(
        self, definition: FieldDefinition, fields: frozenset[str], *, by: Actor, at: datetime
    ) -> None: ...


class SettingsChanged(Protocol):
    """Told inside the transaction which of the company's settings now say something else."""

    def __call__(self, names: frozenset[str], *, at: datetime) -> None: ...


_uses: dict[str, Uses] = {}
_changed: list[FieldChanged] = []
_settings_changed: list[SettingsChanged] = []


def register_use(key: str, describe: Uses) -> None:
    _uses[key] = describe


def uses_of(definition: FieldDefinition) -> list[str]:
    """Everywhere that a field is required."""
    return [place for describe in _uses.values() for place in describe(definition)]


def register_field_changed(listener: FieldChanged) -> None:
    if listener not in _changed:
        _changed.append(listener)


def tell_field_changed(
    definition: FieldDefinition, fields: frozenset[str], *, by: Actor, at: datetime
) -> None:
    for listener in _changed:
        listener(definition, fields, by=by, at=at)


def register_settings_changed(listener: SettingsChanged) -> None:
    if listener not in _settings_changed:
        _settings_changed.append(listener)


def tell_settings_changed(names: frozenset[str], *, at: datetime) -> None:
    for listener in _settings_changed:
        listener(names, at=at)
