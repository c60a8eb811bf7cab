"""What is tallied: each measure finds the facts of the days it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q

from pipeline.marks import UNKNOWN_DAY
from pipeline.tallies.cells import NOTHING

DAY = timedelta(days=1)
Span = tuple[date, date]
"""First and last day, both included."""

MOST_SPANS = 40
"""So many are asked of the database; beyond it everything between the first and the last is."""


@dataclass(frozen=True)
class Asked:
    """The days to count, and whose facts: everybody's without `owners`."""

    pipeline_id: int
    spans: tuple[Span, ...]
    zone: ZoneInfo
    owners: frozenset[int] | None = None

    def wants(self, day: date) -> bool:
        return any(since <= day <= until for since, until in self.spans)

    def on_days(self, field: str) -> Q:
        """The condition on a column of days; what has none lies on the unknown day."""
        found = Q()
        for since, until in self._asked():
            if until == UNKNOWN_DAY:
                found |= Q(**{f"{field}__isnull": True})
            else:
                found |= Q(**{f"{field}__gte": since, f"{field}__lte": until})
        return found

    def at_moments(self, field: str) -> Q:
        """The condition on a column of moments."""
        found = Q()
        for since, until in self._asked():
            if until == UNKNOWN_DAY:
                found |= Q(**{f"{field}__isnull": True})
            else:
                first, end = self.midnight(since), self.midnight(until + DAY)
                found |= Q(**{f"{field}__gte": first, f"{field}__lt": end})
        return found

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone)

    def day_of(self, moment: datetime | None) -> date:
        return moment.astimezone(self.zone).date() if moment else UNKNOWN_DAY

    def _asked(self) -> list[Span]:
        known = [span for span in self.spans if span[1] != UNKNOWN_DAY]
        unknown = [span for span in self.spans if span[1] == UNKNOWN_DAY]
        if len(known) > MOST_SPANS:
            known = [(min(known)[0], max(until for _, until in known))]
        return unknown + known


class Fact(NamedTuple):
    """One thing that happened on a day; it adds to a cell of every dimension of its measure.

    `keys` stand in the order of the measure's dimensions; None adds to no cell of that one. With
    `days` it adds to a spread.
    """

    day: date
    kind: str
    owner: int
    keys: tuple[str | None, ...]
    currency: str = ""
    amount: Decimal = NOTHING
    days: int | None = None


@dataclass(frozen=True)
class Grouping:
    """How the database may count a measure whose facts are deals: by which day, and which."""

    day: str
    only: Q = field(default_factory=Q)


@dataclass(frozen=True)
class Measure:
    """A kind of fact that is kept by day and month.

    `facts` reads base rows and nothing else, so that a day counted twice is counted alike; it
    may find more than it is asked for. The dimensions "" (all) and "owner" are there by
    themselves, unless it is not `plain`. `owned` names further dimensions that are also kept by
    owner ("stage@owner"), so that a reader who sees a line need not count base rows. A `team` is
    stamped on the fact, or its owner's. `on_first` measures have facts of the first day of each
    month only, and no months. With a `grouping` the database counts what a line asks, where that
    is not kept by owner. Facts of measures without `spreads` tell no days.
    """

    name: str
    facts: Callable[[Asked], Iterable[Fact]]
    dimensions: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    on_first: bool = False
    plain: bool = True
    grouping: Grouping | None = None
    spreads: bool = False

    @property
    def stamps_team(self) -> bool:
        return "team" in self.dimensions

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """Every dimension in which it is kept."""
        usual = ("", "owner") if self.plain else ()
        return (*usual, *self.dimensions, *(f"{each}@owner" for each in self.owned))

    @cached_property
    def owned_at(self) -> tuple[int, ...]:
        return tuple(self.dimensions.index(each) for each in self.owned)

    def places(self, fact: Fact) -> tuple[tuple[str, str] | None, ...]:
        """Owner and key of its cell in each dimension that is kept; None where it has none."""
        owner, keys = str(fact.owner), fact.keys
        usual = (("", ""), (owner, "")) if self.plain else ()
        told = [None if key is None else ("", key) for key in keys]
        own = [None if (key := keys[at]) is None else (owner, key) for at in self.owned_at]
        return (*usual, *told, *own)

    def key(self, fact: Fact, dimension: str) -> str:
        return fact.keys[self.dimensions.index(dimension)] or ""


_measures: dict[str, Measure] = {}


def register_measure(measure: Measure) -> None:
    """Keep tallies of this measure from now on; after adding one, rebuild them."""
    _measures[measure.name] = measure


def measures() -> list[Measure]:
    return [_measures[name] for name in sorted(_measures)]


def measure_named(name: str) -> Measure:
    return _measures[name]


def spans_of(days: Iterable[date]) -> tuple[Span, ...]:
    """The days as spans without gaps."""
    spans: list[list[date]] = []
    for day in sorted(set(days)):
        if spans and spans[-1][1] + DAY == day:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return tuple((since, until) for since, until in spans)
