"""What other apps tell the pipeline at start-up, so that it needs to import none of them.

Items       evidence a stage can ask for; whether it is there, and how it is filled in
Checks      questions a move asks before it happens (read only)
Effects     what else must become true in the transaction of a move (write)
Panels      what the deal page shows beside the pipeline's own facts
Facts       what a card says, asked in batch by deal ids
Visibility  deals a person may see for reasons that only another app knows
Locks       typed fields of a deal that another app keeps, such as the amount of its primary quote
Stories     how the ledger's entries read on a deal's timeline
Home        what the home page shows beside the pipeline's own
Waits       whom deals waited for beside their owner and the buyer, asked in batch
Findings    what can be wrong with an open deal for reasons that only another app knows
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.junk import JUNK
from revops.refusals import Missing

if TYPE_CHECKING:
    from django.db.models import Q

    from pipeline.forecasting.delay import Timeline
    from pipeline.limits import Context
    from pipeline.models import Deal
    from revops.ledger.models import Entry
    from revops.people.actor import Actor
    from revops.people.models import User


class FillItem(Protocol):
    def __call__(self, deal: Deal, value: Any, *, by: Actor, at: datetime) -> None: ...


@dataclass(frozen=True)
class ItemKind:
    """One kind of evidence.

    `present` reads the deal (its `facts`, see pipeline.gates, are loaded once);
    `field` names the typed column of the deal that a form can fill, "" where the item is a
    related fact; `fill` then makes that fact within the transaction of a move, or, where no
    form can, `fill_url` leads to where it is made. `input` says what a form shows: text,
    long_text, number, date, choice, account, contact, file, custom, or "" for nothing.
    `reads` names the columns of the deal's own row that `present` looks at, so that no others are
    read when many deals are judged; None means any.
    """

    key: str
    label: str
    present: Callable[[Deal, DealFacts], bool]
    sentence: str
    field: str = ""
    fill_url: Callable[[Deal], str] | None = None
    fill: FillItem | None = None
    input: str = ""
    reads: Sequence[str] | None = None


@dataclass
class DealFacts:
    """Everything the gates ask about one deal, read once per move."""

    contacts_reachable: bool = False
    contact_roles: frozenset[str] = frozenset()
    attachments: frozenset[str] = frozenset()
    declared_none: frozenset[str] = frozenset()
    ticks: frozenset[tuple[str, str]] = frozenset()
    at: datetime | None = None
    """The moment of asking."""
    junk: frozenset[str] = JUNK
    """The placeholders that count as nothing."""
    derived: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What facts say of derived criteria, by stage and key; filled as gates ask."""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedMove:
    """A move about to happen: what the checks and effects are told."""

    deal: Deal
    kind: str
    from_stage: str
    to_stage: str
    leaves: tuple[str, ...]
    """Keys of the stages left behind: the present one and those jumped over."""
    skipped: tuple[str, ...] = ()
    """Keys of the stages jumped over by a move forward."""


class StageCheck(Protocol):
    def __call__(self, move: PlannedMove, *, at: datetime) -> Sequence[Missing]: ...


class DealEffect(Protocol):
    def __call__(self, move: PlannedMove, *, by: Actor, at: datetime) -> None: ...


class DealChanged(Protocol):
    """Told inside the transaction that facts of a deal changed which a rule may read."""

    def __call__(self, deal: Deal, fields: frozenset[str], *, by: Actor, at: datetime) -> None: ...


@dataclass(frozen=True)
class Panel:
    """A part of the deal page that another app renders: a template and its context."""

    key: str
    template: str
    context: Callable[[Deal, User, datetime], Mapping[str, Any]]
    order: int = 100
    sheet: str = ""
    """The style sheet it needs, as static files name it."""


@dataclass(frozen=True)
class CardFact:
    """One short statement on a card; `tone` is good, warn, bad, info or "" ."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class HomePanel:
    """A part of the home page that another app renders; a context of None leaves it out."""

    key: str
    template: str
    context: Callable[[User, datetime], Mapping[str, Any] | None]
    order: int = 100
    sheet: str = ""


@dataclass(frozen=True)
class Story:
    """How one entry of the ledger reads after the name of who did it: "moved it to Discovery"."""

    sentence: str
    icon: str = "circle-dot"
    tone: str = ""
    body: str = ""
    changes: Sequence[tuple[str, str, str]] = ()
    """What changed: label, before, after."""
    url: str = ""


BAD, WARN, INFO = "bad", "warn", "info"
"""How much a finding matters: wrong, going wrong, good to know."""


@dataclass(frozen=True)
class Seen:
    """That a deal has a finding: since which day, where that is known, and in what words."""

    since: date | None
    sentence: str


class JudgeDeal(Protocol):
    def __call__(self, deal: Deal, context: Context, fact: Any) -> Seen | None: ...


@dataclass(frozen=True)
class FindingKind:
    """One thing that can be wrong with an open deal, and the one act that clears it.

    `condition` finds such deals in the database and `judge` says it of one at hand; they must
    agree. What the deal's own row does not tell, `read` reads beside many deals at once, and
    `judge` is given it. `order` is the column by which the longest standing come first.
    """

    key: str
    label: str
    severity: str
    sentence: str
    condition: Callable[[Context], Q]
    judge: JudgeDeal
    act_label: str
    act_url: Callable[[Deal, Context], str]
    read: Callable[[Sequence[Deal], Context], Mapping[int, Any]] | None = None
    order: str = "entered_stage_at"


Storyteller = Callable[[Sequence["Entry"], "User"], Mapping[int, Story]]
"""Told in one batch, by the entry's number; an entry left out is not shown."""

CUSTOM = "custom."
"""What the keys of fields that the company added begin with."""

CardFacts = Callable[[Sequence[int], datetime], Mapping[int, Sequence[CardFact]]]

Waits = Callable[[Sequence[int]], "Mapping[int, Timeline]"]

_items: dict[str, ItemKind] = {}
_waits: dict[str, Waits] = {}
_custom_kinds: list[Callable[[str], ItemKind | None]] = []
_checks: list[StageCheck] = []
_effects: list[DealEffect] = []
_changed: list[DealChanged] = []
_panels: dict[str, Panel] = {}
_card_facts: dict[str, CardFacts] = {}
_extra_facts: dict[str, Callable[[Deal, datetime], Any]] = {}
_extra_facts_of_many: dict[str, Callable[[Sequence[int], datetime], Mapping[int, Any]]] = {}
_kept: list[KeepFacts] = []
_visibility: list[Callable[[User], Q]] = []
_locks: dict[str, Callable[[Deal], str]] = {}
_storytellers: dict[str, Storyteller] = {}
_home_panels: dict[str, HomePanel] = {}
_findings: dict[str, FindingKind] = {}


def register_item(kind: ItemKind) -> None:
    """Make `kind` an item that stages can ask for; the last registration of a key counts."""
    _items[kind.key] = kind


def item_kind(key: str) -> ItemKind | None:
    """The kind registered under `key`; fields that the company added are `custom.<key>`."""
    if key.startswith(CUSTOM):
        return custom_kind(key.removeprefix(CUSTOM))
    return _items.get(key)


def custom_kind(name: str) -> ItemKind | None:
    """The kind of a field that the company added; None for one it does not offer (any more)."""
    return _custom_kinds[0](name) if _custom_kinds else None


def register_custom_kinds(make: Callable[[str], ItemKind | None]) -> None:
    """Let `make` describe the fields that the company added, by their key."""
    _custom_kinds[:] = [make]


def item_kinds() -> Iterable[ItemKind]:
    return _items.values()


def register_check(check: StageCheck) -> None:
    if check not in _checks:
        _checks.append(check)


def stage_checks() -> Sequence[StageCheck]:
    return tuple(_checks)


def register_effect(effect: DealEffect) -> None:
    if effect not in _effects:
        _effects.append(effect)


def deal_effects() -> Sequence[DealEffect]:
    return tuple(_effects)


def register_changed(listener: DealChanged) -> None:
    if listener not in _changed:
        _changed.append(listener)


def deal_changed() -> Sequence[DealChanged]:
    return tuple(_changed)


def register_panel(panel: Panel) -> None:
    _panels[panel.key] = panel


def panels() -> Sequence[Panel]:
    return sorted(_panels.values(), key=lambda panel: (panel.order, panel.key))


def register_card_facts(key: str, facts: CardFacts) -> None:
    _card_facts[key] = facts


def card_facts() -> Sequence[CardFacts]:
    return tuple(_card_facts.values())


def register_extra_fact(
    key: str,
    read: Callable[[Deal, datetime], Any],
    read_many: Callable[[Sequence[int], datetime], Mapping[int, Any]] | None = None,
) -> None:
    """Let an item of another app find its answer in `facts.extra[key]`.

    `read_many` answers for many deals at once, by their numbers; a deal left out has None.
    """
    _extra_facts[key] = read
    if read_many:
        _extra_facts_of_many[key] = read_many


def extra_facts() -> Mapping[str, Callable[[Deal, datetime], Any]]:
    return dict(_extra_facts)


class KeepFacts(Protocol):
    """What the kept columns of these deals ought to say, by column; a deal left out: nothing."""

    def __call__(self, deals: Sequence[int]) -> Mapping[int, Mapping[str, Any]]: ...


def register_kept(read: KeepFacts) -> None:
    """Let another app say how the approval of deals stands; see pipeline.findings.keeping."""
    if read not in _kept:
        _kept.append(read)


def kept_of_many(deals: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {pk: {} for pk in deals}
    for read in _kept:
        for pk, values in read(deals).items():
            found[pk].update(values)
    return found


def extra_fact_of_many(key: str, deals: Sequence[Deal], at: datetime) -> Mapping[int, Any]:
    """What another app answers for many deals: in one batch, where it knows how."""
    if many := _extra_facts_of_many.get(key):
        return many([deal.pk for deal in deals], at)
    read = _extra_facts.get(key)
    return {deal.pk: read(deal, at) for deal in deals} if read else {}


def register_visibility(rule: Callable[[User], Q]) -> None:
    if rule not in _visibility:
        _visibility.append(rule)


def visibility_rules() -> Sequence[Callable[[User], Q]]:
    return tuple(_visibility)


def register_field_lock(field: str, why: Callable[[Deal], str]) -> None:
    """Keep `field` of a deal from being typed while `why(deal)` gives a sentence."""
    _locks[field] = why


def field_locks() -> Mapping[str, Callable[[Deal], str]]:
    return dict(_locks)


def register_stories(noun: str, tell: Storyteller) -> None:
    """Let `tell` say how entries whose verb begins with `noun.` read, such as quote.submitted."""
    _storytellers[noun] = tell


def storytellers() -> Mapping[str, Storyteller]:
    return dict(_storytellers)


def register_home_panel(panel: HomePanel) -> None:
    _home_panels[panel.key] = panel


def home_panels() -> Sequence[HomePanel]:
    return sorted(_home_panels.values(), key=lambda panel: (panel.order, panel.key))


def register_finding(kind: FindingKind) -> None:
    _findings[kind.key] = kind


def finding_kinds() -> Sequence[FindingKind]:
    """The kinds that other apps registered."""
    return tuple(_findings.values())


def register_waits(key: str, waits: Waits) -> None:
    """Let `waits` say, by deal ids, for whom deals waited and when we acted; see forecasting."""
    _waits[key] = waits


def waits() -> Sequence[Waits]:
    return tuple(_waits.values())
