"""What is known of deals while they are being invented, and the rows they have become so far."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

from dealdesk.demo.offers import Offer
from dealdesk.demo.world import (
    STRIDE,
    Seller,
    World,
)
from dealdesk.terms import Segment
from pipeline.models import Move
from pipeline.standings import DateMove
from revops.canonical import canonical_json, jsonable
from revops.ledger.chain import (
    GENESIS,
    Subject,
    commitment,
    entry_hash,
    entry_payload,
    facts_json,
)

Row = tuple[Any, ...]

OPEN = ("qualified", "discovery", "demo", "proposal", "negotiation")
HEADS = {
    "smb": (8, 50),
    "mid_market": (51, 500),
    "enterprise": (501, 5000),
    "strategic": (5001, 42_000),
}
SEGMENTS = tuple(HEADS)


class Numbers:
    """Hands out the numbers that were set aside for one chunk."""

    def __init__(self, world: World, chunk: int) -> None:
        self._next = {kind: world.first_of(kind, chunk) for kind in STRIDE}
        self._end = {kind: world.first_of(kind, chunk + 1) for kind in STRIDE}

    def take(self, kind: str) -> int:
        number = self._next[kind]
        if number >= self._end[kind]:
            raise OverflowError(f"A chunk of deals needs more than its {STRIDE[kind]} {kind}s.")
        self._next[kind] = number + 1
        return number


@dataclass
class AccountFacts:
    id: int
    name: str
    segment: Segment
    seller: Seller
    contacts: list[int]
    created_at: datetime


@dataclass
class Visit:
    """One stay in a stage while the deal's history is being written."""

    stage: str
    move: Move
    entered_at: datetime
    left_at: datetime | None = None
    reason: str = ""
    skipped: tuple[str, ...] = ()


@dataclass
class DealDraft:
    """A deal while it is being invented; its row is written last."""

    id: int
    name: str
    account: AccountFacts
    seller: Seller
    status: str
    reach: str
    visits: list[Visit]
    created_at: datetime
    closed_at: datetime | None = None
    source: str = ""
    external_id: str = ""
    amount: Decimal | None = None
    currency: str = ""
    close_date: date | None = None
    push_count: int = 0
    buyer_acted_at: datetime | None = None
    version: int = 1
    attempt: int = 0
    revision: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    moved: list[DateMove] = field(default_factory=list)

    def visit(self, stage: str) -> Visit | None:
        """The last stay in a stage."""
        return next((visit for visit in reversed(self.visits) if visit.stage == stage), None)


@dataclass
class QuoteDraft:
    id: int
    offer: Offer
    revision: int
    based_on: int | None
    created_at: datetime
    is_primary: bool = False
    submitted_at: datetime | None = None


def spelled_facts(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    why: str,
    related: Sequence[Subject],
    personal: Mapping[str, str] | None,
) -> str:
    """The same text as the ledger's own `facts_json`, in a fifth of the time.

    A million entries are spelled; a test holds this against the other.
    """
    return facts_json(
        before=before, after=after, why=why, related=related, personal=personal, spell=_SPELL
    )


_SPELL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=jsonable
).encode


class Scribe:
    """Writes down rows and ledger entries of one chunk, at moments when people are at work."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.rng = Random(f"{world.seed}:deals:{number}")
        self.numbers = Numbers(world, number)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.heads: dict[Subject, tuple[int, str]] = {}
        self.rules = world.process.by_key

    # The ledger

    def record(
        self,
        verb: str,
        subject: Subject,
        *,
        at: datetime,
        by: int | None,
        via: str = "web",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        why: str = "",
        related: Sequence[Subject] = (),
        personal: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an entry to the chain of `subject`, spelled and hashed as the ledger does it."""
        number = self.numbers.take("entry")
        sequence, previous = self.heads.get(subject, (0, GENESIS))
        committed = self.commit(number, subject, personal) if personal else None
        facts = spelled_facts(before, after, why, related, committed)
        payload = entry_payload(
            subject=subject,
            sequence=sequence + 1,
            verb=verb,
            actor_id=by,
            on_behalf_of_id=None,
            via=via,
            at=at,
            facts=facts,
        )
        hash = entry_hash(previous, payload)
        self.heads[subject] = (sequence + 1, hash)
        kind, pk = subject
        self.rows["entry"].append(
            (number, kind, pk, sequence + 1, verb, by, via, at, facts, previous, hash)
        )
        for other_kind, other in related:
            self.rows["relation"].append((number, other_kind, other))

    def commit(self, entry: int, subject: Subject, personal: Mapping[str, Any]) -> dict[str, str]:
        """Commit to personal values; the salt of an invented person need not be secret."""
        committed = {}
        for name, value in personal.items():
            text = canonical_json(value)
            salt = sha256(f"{self.world.seed}:{entry}:{name}".encode()).hexdigest()
            committed[name] = commitment(salt, text)
            self.rows["personal"].append((entry, *subject, name, salt, text))
        return committed

    # Time

    def office(self, moment: datetime, not_before: datetime | None = None) -> datetime:
        """A moment near the one given at which people are at work, in the past."""
        rng = self.rng
        weekday = moment.weekday()
        if weekday > 4:
            moment += timedelta(days=7 - weekday)
        moment = moment.replace(hour=rng.randint(8, 15), minute=rng.randrange(60), second=0)
        moment = moment.replace(microsecond=0)
        if not_before is not None and moment <= not_before:
            moment = not_before + timedelta(minutes=rng.randint(15, 90))
        return moment

    def between(self, start: datetime, end: datetime, share: float) -> datetime:
        """A moment at work, strictly between two others."""
        moment = self.office(start + (end - start) * share)
        if not start < moment < end:
            moment = (start + (end - start) * share).replace(microsecond=0)
        return moment
