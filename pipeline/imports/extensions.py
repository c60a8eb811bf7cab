"""What other apps make of an imported deal (its quote), told to the pipeline at start-up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pipeline.imports.deals import DealPlan
    from revops.imports.drafts import Drafts
    from revops.imports.kinds import Entity
    from revops.ledger.operations import Draft
    from revops.people.actor import Actor


class DealExtension(Protocol):
    """One more table of a deals mapping, attached to the deal; one instance for each import.

    All of it happens within the transaction of the import.
    """

    @staticmethod
    def entity() -> Entity:
        """The table and the fields it may have."""

    def check(self, drafts: Drafts, plans: Sequence[DealPlan]) -> None:
        """Find what the rows refer to, and reject the rows that cannot be."""

    def keeps(self, plan: DealPlan) -> bool:
        """Whether this extension itself renews what locks the amount of the deal."""

    def stamp(self, plans: Sequence[DealPlan]) -> None:
        """Set what this app stamps on deals that are written closed."""

    def write(self, plans: Sequence[DealPlan], *, by: Actor, at: datetime) -> list[Draft]:
        """Write what belongs to deals that are now there; return the ledger's entries."""


_extensions: dict[str, Callable[[], DealExtension]] = {}


def register_extension(key: str, make: Callable[[], DealExtension]) -> None:
    _extensions[key] = make


def begin_extensions() -> list[DealExtension]:
    """One instance of each extension, for one import."""
    return [make() for make in _extensions.values()]
