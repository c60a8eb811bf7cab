"""How much two requests are alike: a distance over a handful of facts, with no model behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

POINTS_APART = Decimal(50)
"""What sharing no exception at all counts, in points of discount."""

OTHER_SEGMENT = Decimal(8)
TOO_FAR = Decimal(45)
"""Beyond this two requests are not called alike."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What of a request is compared: what kind of exception, how much off, for which segment.

    `asks` are kinds such as "discount" and "payment", and catalogue terms by their label.
    """

    number: int
    asks: frozenset[str]
    percent: Decimal
    segment: str


def distance(one: Likeness, other: Likeness) -> Decimal:
    """Points between two requests; 0 is the same ask. It is the same both ways."""
    both, either = one.asks & other.asks, one.asks | other.asks
    shared = Decimal(len(both)) / len(either) if either else Decimal(1)
    apart = POINTS_APART * (1 - shared) + abs(one.percent - other.percent)
    return apart + (OTHER_SEGMENT if one.segment != other.segment else 0)


def nearest(asked: Likeness, others: Iterable[Likeness], count: int = 3) -> list[Likeness]:
    """The most alike first, the newest of equals first; whatever is too far is left out."""
    found = [(distance(asked, other), other) for other in distinct(others)]
    found.sort(key=lambda pair: (pair[0], -pair[1].number))
    return [other for apart, other in found if apart <= TOO_FAR][:count]


def distinct(others: Iterable[Likeness]) -> list[Likeness]:
    return list({other.number: other for other in others}.values())
