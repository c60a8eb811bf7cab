"""Exit criteria that facts confirm: nobody needs to say what the records show by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pipeline.models import Deal, StageVisit
    from pipeline.registry import DealFacts


@dataclass(frozen=True)
class Derived:
    """The fact that confirms a criterion: since when, where that is known, and in words."""

    when: datetime | None
    sentence: str


class Holds(Protocol):
    def __call__(
        self, deal: Deal, visit: StageVisit | None, facts: DealFacts
    ) -> Derived | None: ...


@dataclass(frozen=True)
class DerivedFact:
    """One fact that can confirm a criterion; `sentence` says how to make it true."""

    key: str
    label: str
    holds: Holds
    sentence: str


_facts: dict[str, DerivedFact] = {}


def register_derived(key: str, label: str, holds: Holds, sentence: str = "") -> None:
    """Let criteria be confirmed by a fact; the last registration of a key counts."""
    _facts[key] = DerivedFact(key, label, holds, sentence)


def derived_kinds() -> Iterable[DerivedFact]:
    """Every fact that a criterion can be derived from."""
    return tuple(_facts.values())


def sentence_of(key: str) -> str:
    """How to make the fact true; "" for one that nobody registered."""
    fact = _facts.get(key)
    return fact.sentence if fact else ""


def derive(key: str, deal: Deal, stage_key: str, facts: DealFacts) -> Derived | None:
    """What the records say about a fact since the deal last entered that stage.

    A fact that no app registers (any more) confirms nothing: then a person does.
    """
    fact = _facts.get(key)
    if fact is None:
        return None
    visits = deal.visits.filter(stage__key=stage_key).order_by("-pk")
    return fact.holds(deal, visits.first(), facts)


def since(deal: Deal, visit: StageVisit | None) -> datetime:
    """The moment from which something counts as after entering the stage.

    Where that moment is unknown, what happened since the deal is kept here is surely after it.
    """
    return (visit.entered_at if visit else None) or deal.created_at
