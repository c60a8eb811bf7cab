"""Whose delay: a closed deal's time, each second of it given to whom it waited on. Pure.

buyer      after our last act (something we said or did, an approval that let the quote go out),
           until the buyer next acts
approver   while a person of a role had been asked and had not answered; several roles asked at
           once share the time equally
system     between asking an approver and the delivery of the mail that tells them
rep        the rest

Where several apply, system goes before approvers, approvers before the buyer, the buyer before
the rep: what waits for ourselves is never put on the buyer. The parts of a deal add up to its
whole time exactly. Time is the calendar's, nights and weekends included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import lcm
from typing import NamedTuple

BUYER, REP, SYSTEM, APPROVER = "buyer", "rep", "system", "approver:"
MICROSECOND = timedelta(microseconds=1)
PARTS = lcm(*range(1, 17))
"""Of a microsecond: so many can be shared equally by up to sixteen, and stay whole numbers."""

SECOND = PARTS * 10**6
Shares = dict[str, int]
"""Parts of microseconds by party; SECOND of them are a second."""


class Wait(NamedTuple):
    """That a deal waited for a party; without an end it waits still."""

    party: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Timeline:
    """What is known of a deal: the waits others told of, and when each side acted."""

    waits: Sequence[Wait] = ()
    ours: Sequence[datetime] = ()
    theirs: Sequence[datetime] = ()

    def __add__(self, other: Timeline) -> Timeline:
        return Timeline(
            [*self.waits, *other.waits], [*self.ours, *other.ours], [*self.theirs, *other.theirs]
        )


class Segment(NamedTuple):
    """A stretch of time that waited on the same parties throughout."""

    since: datetime
    until: datetime
    parties: tuple[str, ...]


def segments(
    start: datetime, end: datetime, timeline: Timeline, cuts: Iterable[datetime] = ()
) -> Iterator[Segment]:
    """The time from `start` to `end` in stretches, cut where anything changes and at `cuts`."""
    turns: defaultdict[datetime, list[tuple[str, int]]] = defaultdict(list)
    for party, begun, ended in (*timeline.waits, *buyer_waits(timeline)):
        if begun < end and (ended is None or ended > start):
            turns[max(begun, start)].append((party, 1))
            turns[min(ended or end, end)].append((party, -1))
    moments = sorted({start, end, *turns, *(cut for cut in cuts if start < cut < end)})
    active: defaultdict[str, int] = defaultdict(int)
    parties = waited_on(frozenset())
    for since, until in pairwise(moments):
        if since in turns:
            for party, change in turns[since]:
                active[party] += change
            parties = waited_on(frozenset(each for each, n in active.items() if n > 0))
        yield Segment(since, until, parties)


def buyer_waits(timeline: Timeline) -> Iterator[Wait]:
    """From our last act before the buyer's silence until the buyer acts."""
    acts = sorted([(at, 0) for at in timeline.ours] + [(at, 1) for at in timeline.theirs])
    since: datetime | None = None
    for at, is_theirs in acts:
        if is_theirs and since is not None:
            yield Wait(BUYER, since, at)
        since = None if is_theirs else at if since is None else since
    if since is not None:
        yield Wait(BUYER, since, None)


@cache
def waited_on(active: frozenset[str]) -> tuple[str, ...]:
    """The parties that a moment is given to."""
    if SYSTEM in active:
        return (SYSTEM,)
    approvers = tuple(sorted(party for party in active if party.startswith(APPROVER)))
    return approvers or ((BUYER,) if BUYER in active else (REP,))


def shares_of(found: Iterable[Segment]) -> Shares:
    """The time of each party; those who share a stretch take equal parts of it."""
    total: defaultdict[str, int] = defaultdict(int)
    for since, until, parties in found:
        each, left = divmod(PARTS * ((until - since) // MICROSECOND), len(parties))
        assert not left, "More share a stretch than PARTS can be divided by."
        for party in parties:
            total[party] += each
    return dict(total)


def together(shares: Iterable[Shares]) -> Shares:
    """The time of each party in all of them."""
    total: defaultdict[str, int] = defaultdict(int)
    for each in shares:
        for party, share in each.items():
            total[party] += share
    return dict(total)


class Stay(NamedTuple):
    """A deal's stay in a stage."""

    stage: str
    since: datetime
    until: datetime


def by_stage(found: Iterable[Segment], stays: Sequence[Stay]) -> dict[str, Shares]:
    """The time of each party in each stage, under no name what lies between stays.

    The segments are cut at the stays' ends.
    """
    starts = [stay.since for stay in stays]
    groups: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in found:
        place = bisect_right(starts, segment.since) - 1
        is_within = place >= 0 and segment.since < stays[place].until
        groups[stays[place].stage if is_within else ""].append(segment)
    return {stage: shares_of(group) for stage, group in groups.items()}


@dataclass(frozen=True)
class Part:
    """What one party took of several deals: all of it, and per deal."""

    party: str
    seconds: Fraction
    mean: Fraction
    median: Fraction
    n: int
    """Deals in which it took any time."""
    of: int
    """All the deals."""
    share: Fraction | None


@dataclass
class Gathered:
    """The shares of several deals."""

    deals: list[Shares] = field(default_factory=list)

    def parts(self, parties: Iterable[str]) -> list[Part]:
        """The part of each of these parties."""
        total = sum(share for deal in self.deals for share in deal.values())
        return [self.part(party, total) for party in parties]

    def part(self, party: str, total: int) -> Part:
        """Mean and median are over all the deals, those without any of it included."""
        taken = sorted(deal[party] for deal in self.deals if party in deal)
        whole, n, of = sum(taken), len(taken), len(self.deals)
        return Part(
            party,
            Fraction(whole, SECOND),
            Fraction(whole, of * SECOND) if of else Fraction(0),
            median([0] * (of - n) + taken) / SECOND,
            n - bisect_right(taken, 0),
            of,
            Fraction(whole, total) if total else None,
        )

    @property
    def parties(self) -> set[str]:
        return {party for deal in self.deals for party in deal}


def median(ordered: Sequence[int]) -> Fraction:
    if not ordered:
        return Fraction(0)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[middle])
    return Fraction(ordered[middle - 1] + ordered[middle], 2)


def in_order(parties: Iterable[str]) -> list[str]:
    """Buyer, rep, the approvers by role, system."""
    rank: Mapping[str, int] = {BUYER: 0, REP: 1, SYSTEM: 3}
    return sorted(parties, key=lambda party: (rank.get(party, 2), party))
