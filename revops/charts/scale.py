"""Round axis values: pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Maps values between `low` and `high` to pixels between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, count: int = 4, *, whole: bool = False) -> list[float]:
    """About `count` steps of 1, 2, 2.5 or 5 times a power of ten, covering low to high.

    What is counted has `whole` ones only: there is no half of a quote.
    """
    if high <= low:
        high = low + 1
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999999)
    if whole:
        step = math.ceil(step)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(at * step, 10) for at in range(first, last + 1)]


def bins(values: Sequence[float], count: int) -> list[tuple[float, float, int]]:
    """Half-open bins of one round width (the last one closed): from, to, how many."""
    if not values:
        return []
    edges = ticks(min(values), max(values), count)
    counts = [0] * (len(edges) - 1)
    for value in values:
        at = sum(edge <= value for edge in edges) - 1
        counts[min(at, len(counts) - 1)] += 1
    return [(edges[at], edges[at + 1], many) for at, many in enumerate(counts)]
