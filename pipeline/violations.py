"""Which open deals a draft would find fault with, where the rules in force do not.

A deal violates a draft when its stage (or the one it would go to) would ask something that it
lacks and that is not asked now. However many deals there are, so many are looked at and no more;
what is told says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.base import ModelState

from pipeline import registry
from pipeline.cards import shown_deals
from pipeline.findings.batches import facts_of_many
from pipeline.gates import Ask, asks_of, still_unmet
from pipeline.models import Deal, StageRollup
from pipeline.registry import DealFacts
from pipeline.stages import Process

LOOKED_AT = 2_000
CAP = 1_000
AT_ONCE, FEW_AT_ONCE = CAP, 250
"""Deals judged together: to count them, and to show a page of them."""


@dataclass(frozen=True)
class Violation:
    """One open deal, and what the draft would ask that it lacks."""

    deal: Deal
    asks: tuple[Ask, ...]

    @property
    def labels(self) -> str:
        return ", ".join(ask.label for ask in self.asks)


@dataclass
class Violations:
    """How many were found among how many."""

    count: int = 0
    looked_at: int = 0
    there_are: int = 0
    by_ask: dict[str, int] = field(default_factory=dict)
    """By stage and label of what is asked anew."""

    @property
    def is_capped(self) -> bool:
        return self.count >= CAP

    @property
    def is_partial(self) -> bool:
        return self.looked_at < self.there_are and not self.is_capped

    @property
    def number(self) -> str:
        if self.is_capped:
            return f"{CAP:,}+"
        return f"at least {self.count:,}" if self.is_partial else f"{self.count:,}"

    @property
    def sentence(self) -> str:
        noun = "open deal" if self.count == 1 and not self.is_capped else "open deals"
        said = f"{self.number} {noun} would violate this draft."
        said = said[:1].upper() + said[1:]
        if self.is_partial:
            said += (
                f" The first {self.looked_at:,} of {self.there_are:,} deals in the stages "
                "concerned were looked at."
            )
        return said


@dataclass(frozen=True)
class Asked:
    """What the draft would ask anew of the deals that stand in a stage, and how it asks now."""

    now: tuple[Ask, ...]
    then: tuple[Ask, ...]


def changed_asks(
    before: Process | None, draft: Process, goes_to: Mapping[str, str]
) -> dict[int, Asked]:
    """By the stage that deals stand in, where the draft would ask something else of them."""
    found: dict[int, Asked] = {}
    for rule in before.open_rules if before else ():
        target = draft.by_key.get(goes_to.get(rule.key, rule.key))
        if target is None or not target.is_open:
            continue
        now, then = asks_of(rule), asks_of(target)
        same = {as_asked(ask) for ask in now}
        changed = [ask for ask in then if as_asked(ask) not in same]
        if changed:
            # Of what is asked now, only what is asked otherwise then can make a difference.
            again = {identity(ask) for ask in changed}
            found[rule.stage_id] = Asked(
                tuple(ask for ask in now if identity(ask) in again), tuple(changed)
            )
    return found


def as_asked(ask: Ask) -> tuple[object, ...]:
    """What makes an ask another one: what it is, and what answers it."""
    return (*identity(ask), ask.none_allowed, ask.derived_from)


def identity(ask: Ask) -> tuple[str, str]:
    """An item is the same in every stage; a criterion is confirmed for its own."""
    return (ask.stage if ask.is_criterion else "", ask.key)


def deals_concerned(asks: Mapping[int, Asked]) -> QuerySet[Deal]:
    """The open deals in these stages."""
    return Deal.objects.open().filter(stage__in=list(asks))


def columns_read(asks: Iterable[Ask]) -> set[str] | None:
    """The columns of a deal that these asks look at; None where that may be any."""
    found: set[str] = set()
    for ask in asks:
        kind = None if ask.is_criterion else registry.item_kind(ask.key)
        if ask.derived_from or (kind and kind.reads is None):
            return None
        found |= set(kind.reads or ()) if kind else set()
    return found


def count_violations(
    before: Process | None, draft: Process, goes_to: Mapping[str, str], *, at: datetime
) -> Violations:
    """Count the deals that would violate the draft, up to the cap, among those looked at."""
    asks = changed_asks(before, draft, goes_to)
    found = Violations()
    if not asks:
        return found
    found.there_are = concerned(list(asks))
    names = {rule.key: rule.name for rule in draft.rules}
    for batch in batches(asks, AT_ONCE):
        lacked = [asked for _, asked in judged(batch, asks, at=at)]
        found.count += len(lacked)
        for ask, number in Counter(ask for asked in lacked for ask in asked).items():
            label = f"{names[ask.stage]}: {ask.label}"
            found.by_ask[label] = found.by_ask.get(label, 0) + number
        found.looked_at += len(batch)
        if found.is_capped or found.looked_at >= LOOKED_AT:
            break
    return found


def concerned(stage_ids: Sequence[int]) -> int:
    """How many open deals stand in these open stages, as the rollups have it."""
    rows = StageRollup.objects.filter(stage__in=stage_ids)
    return sum(rows.values_list("count", flat=True))


def batches(asks: Mapping[int, Asked], number: int, after: int = 0) -> Iterator[list[Deal]]:
    """The deals concerned, with the columns by which they are judged, so many at a time."""
    columns = columns_read(ask for asked in asks.values() for ask in (*asked.now, *asked.then))
    deals = deals_concerned(asks).order_by("pk")
    while batch := read(deals.filter(pk__gt=after)[:number], columns):
        yield batch
        after = batch[-1].pk


def read(deals: QuerySet[Deal], columns: Iterable[str] | None) -> list[Deal]:
    """These deals; any other column is read when it is asked for, as of rows read by `only`."""
    if columns is None:
        return list(deals)
    fields: list[Any] = [Deal._meta.get_field(name) for name in ("id", "stage", *columns)]
    rows = deals.values(*(field.attname for field in fields))
    return [deal_of(values, deals.db) for values in rows]


def deal_of(values: dict[str, Any], database: str) -> Deal:
    # `only` looks at each of the other fields of each deal: four fifths of the time for thousands.
    deal = Deal.__new__(Deal)
    deal.__dict__.update(values)
    deal._state = ModelState()
    deal._state.adding, deal._state.db = False, database
    return deal


def judged(
    deals: Sequence[Deal], asks: Mapping[int, Asked], *, at: datetime
) -> list[tuple[Deal, tuple[Ask, ...]]]:
    """Those of `deals` that lack what is not asked of them now, with what it is."""
    facts = facts_of_many(deals, at)
    pairs = [(deal, lacking(deal, asks[deal.stage_id], facts[deal.pk])) for deal in deals]
    return [(deal, asked) for deal, asked in pairs if asked]


def lacking(deal: Deal, asked: Asked, facts: DealFacts) -> tuple[Ask, ...]:
    then = still_unmet(deal, asked.then, facts)
    if not then or not asked.now:
        return tuple(then)
    now = {identity(ask) for ask in still_unmet(deal, asked.now, facts)}
    return tuple(ask for ask in then if identity(ask) not in now)


@dataclass(frozen=True)
class ViolationPage:
    """Some of the deals that would violate a draft, and where the search went on from."""

    rows: list[Violation]
    next: int | None
    looked_at: int


def find_violations(
    before: Process | None,
    draft: Process,
    goes_to: Mapping[str, str],
    *,
    at: datetime,
    after: int = 0,
    size: int = 50,
) -> ViolationPage:
    """A page of those deals, oldest first; a page looks at so many deals and no more."""
    asks = changed_asks(before, draft, goes_to)
    found: list[tuple[Deal, tuple[Ask, ...]]] = []
    looked_at = 0
    for batch in batches(asks, FEW_AT_ONCE, after) if asks else ():
        found += judged(batch, asks, at=at)
        looked_at += len(batch)
        after = batch[-1].pk
        if len(found) >= size or looked_at >= LOOKED_AT or len(batch) < FEW_AT_ONCE:
            break
    more = bool(asks) and deals_concerned(asks).filter(pk__gt=after).exists()
    if len(found) > size:
        found, more = found[:size], True
        after = found[-1][0].pk
    shown = shown_deals().in_bulk([deal.pk for deal, _ in found])
    rows = [Violation(shown[deal.pk], asked) for deal, asked in found if deal.pk in shown]
    return ViolationPage(rows, after if more else None, looked_at)
