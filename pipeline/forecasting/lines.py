"""Figures along the reporting line: of each person's own deals, and of their line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from pipeline.forecasting.money import Sums, added
from pipeline.metrics import attainment, coverage, remaining_coverage

NOTHING = Decimal(0)
OPEN = ("commit", "best_case", "pipeline")
"""The categories of open deals that count; what is omitted does not."""

CATEGORIES = ("closed", *OPEN, "omitted")


@dataclass(frozen=True)
class Figures:
    """Deals of a period by forecast category: how many, and how much by currency."""

    counts: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, Sums] = field(default_factory=dict)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            {
                key: self.counts.get(key, 0) + other.counts.get(key, 0)
                for key in {*self.counts, *other.counts}
            },
            {
                key: added([self.sums.get(key, {}), other.sums.get(key, {})])
                for key in {*self.sums, *other.sums}
            },
        )

    def of(self, *categories: str) -> dict[str, Decimal]:
        return added(self.sums.get(key, {}) for key in categories)


@dataclass(frozen=True)
class Call:
    """What was called for a line, in company currency, with who, when and why."""

    pk: int
    amount: Decimal
    by: str
    at: object
    reason: str
    typed: Decimal
    currency: str


@dataclass
class Line:
    """A person with everybody below them, in company currency."""

    person_id: int
    name: str
    own: Figures
    total: Figures
    quota: Decimal | None
    quota_is_own: bool
    amounts: dict[str, Decimal]
    forecast: Decimal
    best: Decimal
    call: Call | None = None
    best_call: Call | None = None
    below: list[Line] = field(default_factory=list)

    @cached_property
    def computed(self) -> Decimal:
        """What is closed and committed, as the deals of the line add up."""
        return self.amounts["closed"] + self.amounts["commit"]

    @cached_property
    def open_amount(self) -> Decimal:
        return sum((self.amounts[key] for key in OPEN), NOTHING)

    @cached_property
    def gap(self) -> Decimal | None:
        """What the forecast lacks to the quota; below nought where it is above."""
        return None if self.quota is None else self.quota - self.forecast

    @cached_property
    def coverage(self) -> Fraction | None:
        return None if self.quota is None else coverage(self.open_amount, self.quota)

    @cached_property
    def remaining(self) -> Fraction | None:
        if self.quota is None:
            return None
        return remaining_coverage(self.open_amount, self.quota, self.amounts["closed"])

    @cached_property
    def attainment(self) -> Fraction | None:
        return None if self.quota is None else attainment(self.amounts["closed"], self.quota)

    @property
    def count(self) -> int:
        return sum(self.total.counts.values())

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Line]]:
        yield depth, self
        for line in self.below:
            yield from line.walk(depth + 1)


def lines_of(
    managers: Mapping[int, int | None],
    names: Mapping[int, str],
    own: Mapping[int, Figures],
    quotas: Mapping[int, Sums],
    calls: Mapping[tuple[int, str], Call],
    convert: Callable[[Sums], Decimal],
) -> list[Line]:
    """The people as trees, from those whose manager is not among them; by name.

    A person's own quota is that of their line; who has none takes those of the people right
    below together. A call replaces what the line adds up to, there and in the lines above.
    """
    below: dict[int | None, list[int]] = {}
    for person, manager in managers.items():
        below.setdefault(manager if manager in managers else None, []).append(person)

    def line_of(person: int) -> Line:
        lines = [line_of(each) for each in in_order(below.get(person, []))]
        mine = own.get(person, Figures())
        total = sum((line.total for line in lines), mine)
        own_quota = convert(quotas[person]) if person in quotas else None
        known = [line.quota for line in lines if line.quota is not None]
        call, best_call = calls.get((person, "commit")), calls.get((person, "best_case"))
        sure = convert(mine.of("closed", "commit")) + sum(
            (line.forecast for line in lines), NOTHING
        )
        hoped = convert(mine.of("closed", "commit", "best_case")) + sum(
            (line.best for line in lines), NOTHING
        )
        return Line(
            person,
            names[person],
            mine,
            total,
            own_quota if own_quota is not None else sum(known, NOTHING) if known else None,
            own_quota is not None,
            {key: convert(total.sums.get(key, {})) for key in CATEGORIES},
            call.amount if call else sure,
            best_call.amount if best_call else hoped,
            call,
            best_call,
            lines,
        )

    def in_order(people: list[int]) -> list[int]:
        return sorted(people, key=lambda person: (names[person].casefold(), person))

    return [line_of(person) for person in in_order(below.get(None, []))]


def together(lines: list[Line]) -> Line:
    """Several lines as one that nobody leads."""
    known = [line.quota for line in lines if line.quota is not None]
    return Line(
        0,
        "All",
        Figures(),
        sum((line.total for line in lines), Figures()),
        sum(known, NOTHING) if known else None,
        False,
        {key: sum((line.amounts[key] for line in lines), NOTHING) for key in CATEGORIES},
        sum((line.forecast for line in lines), NOTHING),
        sum((line.best for line in lines), NOTHING),
        below=lines,
    )
