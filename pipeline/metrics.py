"""Every number about the pipeline, defined once: its formula, unit and source.

Nothing here reads the database. Rates are exact fractions, rounded only where they are printed;
without a denominator there is no rate, neither nought nor infinity.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

ENOUGH = 20
"""Below so many cases a rate says little (domain 8.2)."""

CERTAIN = 200
"""From so many cases on a rate is shown without its interval."""

Z = 1.959963984540054
"""Of the normal distribution, for an interval of 95 %."""


@dataclass(frozen=True)
class Metric:
    """How a number is made, for whoever asks on the page."""

    key: str
    label: str
    formula: str
    unit: str
    source: str


METRICS: dict[str, Metric] = {}


def metric(key: str, label: str, *, unit: str, source: str) -> Callable[[F], F]:
    """Register what follows as the definition of a number; its docstring is the formula."""

    def register(defined: F) -> F:
        METRICS[key] = Metric(key, label, inspect.cleandoc(defined.__doc__ or ""), unit, source)
        return defined

    return register


def define(key: str, label: str, formula: str, *, unit: str, source: str) -> None:
    """Register a number that is a plain count or sum."""
    METRICS[key] = Metric(key, label, formula, unit, source)


# Rates


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    hits: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n:
            raise ValueError(f"{self.hits} of {self.n} is no rate.")

    @property
    def value(self) -> Fraction | None:
        """The fraction, unrounded; None where there is nothing to divide by."""
        return Fraction(self.hits, self.n) if self.n else None

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH

    @property
    def is_certain(self) -> bool:
        return self.n >= CERTAIN

    @property
    def low(self) -> float | None:
        """The lower end of Wilson's interval; None where n is large, or nought."""
        return self._ends[0]

    @property
    def high(self) -> float | None:
        return self._ends[1]

    @property
    def _ends(self) -> tuple[float | None, float | None]:
        if not self.n or self.is_certain:
            return None, None
        return wilson(self.hits, self.n)

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.hits + other.hits, self.n + other.n)


NO_RATE = Rate(0, 0)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a rate after Wilson: right also near nought and one."""
    share, square = hits / n, Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == n else min(1.0, middle + half)
    return low, high


@metric("win_rate", "Win rate", unit="share of deals", source="domain 4.4, 8.2")
def win_rate(won: int, lost: int) -> Rate:
    """Deals won in the period ÷ deals won or lost in the period, by the day they closed."""
    return Rate(won, won + lost)


@metric("cohort_win_rate", "Win rate of the cohort", unit="share of deals", source="domain 8.2")
def win_rate_of_cohort(won: int, created: int) -> Rate:
    """Deals opened in the period and won by now ÷ all deals opened in the period.

    Deals of it that are still open count below the line, so a young cohort reads low.
    """
    return Rate(won, created)


@metric("conversion", "Stage conversion, cohort", unit="share of deals", source="domain 4.4")
def conversion(passed: int, entered: int) -> Rate:
    """Of the deals that first entered the stage in the period: those that by now went on to a
    later stage or were won ÷ all of them. A stage that was skipped counts as entered and passed.
    """
    return Rate(passed, entered)


@metric(
    "period_conversion", "Stage conversion, in period", unit="share of stays", source="domain 4.4"
)
def conversion_in_period(onward: int, left: int) -> Rate:
    """Of the stays in the stage that ended in the period: those that ended by going on to a later
    stage or by winning ÷ all of them (onward, sent back or lost). A stage that was skipped counts
    as left onward; moves to another pipeline or by new rules do not count.
    """
    return Rate(onward, left)


@metric("slippage", "Slippage", unit="share of deals", source="domain 4.4")
def slippage(slipped: int, due: int) -> Rate:
    """Of the open deals whose close date lay in the period when it began: those neither won nor
    lost by its last day ÷ all of them.
    """
    return Rate(slipped, due)


# Days


@dataclass(frozen=True)
class Spread:
    """How many cases had each whole number of days; mean, median and percentiles are exact."""

    counts: Mapping[int, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> Fraction | None:
        n = self.n
        return Fraction(sum(day * count for day, count in self.counts.items()), n) if n else None

    @property
    def median(self) -> Fraction | None:
        """The middle case; between two middle ones, the mean of both."""
        n = self.n
        if not n:
            return None
        return Fraction(self._case((n + 1) // 2) + self._case(n // 2 + 1), 2)

    @property
    def p90(self) -> int | None:
        """The least number of days that nine in ten cases did not exceed."""
        n = self.n
        return self._case(-(-9 * n // 10)) if n else None

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH

    def _case(self, place: int) -> int:
        seen = 0
        for days in sorted(self.counts):
            seen += self.counts[days]
            if seen >= place:
                return days
        raise IndexError(place)

    def __add__(self, other: Spread) -> Spread:
        return Spread(dict(Counter(self.counts) + Counter(other.counts)))


@metric("cycle_days", "Cycle length", unit="days", source="domain 4.4, 8.2")
def cycle_length(days: Mapping[int, int]) -> Spread:
    """Days from the day a deal was opened to the day it was won, over the deals won in the period:
    mean, median and the number that nine in ten did not exceed. Deals whose opening day is not
    known are left out, and their number is shown.
    """
    return Spread(days)


@metric("time_in_stage", "Time in stage", unit="days", source="domain 4.4")
def time_in_stage(days: Mapping[int, int]) -> Spread:
    """Whole days from entering to leaving the stage, over the stays that ended in the period: mean,
    median and 90th percentile. Stays that go on, or whose beginning is not known, are left out.
    """
    return Spread(days)


# Money and speed


@metric("average_size", "Average deal size", unit="company currency", source="domain 8.2")
def average_size(amount: Decimal, count: int) -> Fraction | None:
    """Sum of amounts ÷ number of deals."""
    return Fraction(amount) / count if count else None


@metric("velocity", "Pipeline velocity", unit="company currency per day", source="domain 4.4")
def velocity(
    open_deals: int, mean_size: Fraction | None, rate: Rate, cycle_days: Fraction | None
) -> Fraction | None:
    """Open deals × their average size × win rate of the period ÷ mean cycle length in days."""
    if mean_size is None or rate.value is None or not cycle_days:
        return None
    return open_deals * mean_size * rate.value / cycle_days


@metric("coverage", "Coverage", unit="times", source="domain 4.4, 8.2")
def coverage(open_amount: Decimal, quota: Decimal) -> Fraction | None:
    """Amount of open deals expected to close in the period ÷ quota of the period."""
    return Fraction(open_amount) / Fraction(quota) if quota else None


@metric("remaining_coverage", "Coverage of what remains", unit="times", source="domain 4.4")
def remaining_coverage(
    open_amount: Decimal, quota: Decimal, won_amount: Decimal
) -> Fraction | None:
    """Amount of open deals expected to close in the period ÷ (quota − won in the period).

    There is none once the quota is reached.
    """
    rest = quota - won_amount
    return Fraction(open_amount) / Fraction(rest) if rest > 0 else None


@metric("attainment", "Quota attainment", unit="share", source="domain 8.2")
def attainment(won_amount: Decimal, quota: Decimal) -> Fraction | None:
    """Amount won in the period ÷ quota of the period."""
    return Fraction(won_amount) / Fraction(quota) if quota else None


@metric("forecast_accuracy", "Forecast accuracy", unit="share", source="domain 4.4")
def forecast_accuracy(forecast: Decimal, actual: Decimal) -> Fraction | None:
    """1 − |forecast at the start of the period − won in the period| ÷ won in the period.

    The forecast is the snapshot taken then, never today's data. Below nought where it missed by
    more than was won.
    """
    if not actual:
        return None
    return 1 - abs(Fraction(forecast) - Fraction(actual)) / Fraction(actual)


define(
    "won_value",
    "Won value",
    "Sum of the amounts of deals won in the period, by the day they closed; other currencies at "
    "the rate of the period's last day.",
    unit="company currency",
    source="domain 8.2",
)
define(
    "losses",
    "Loss reasons",
    "Deals lost in the period by the reason given ÷ all deals lost in the period.",
    unit="share of lost deals",
    source="domain 4.1",
)
define(
    "aging",
    "Age of open deals",
    "Days from the day a deal was opened to the report's day, for deals open now.",
    unit="days",
    source="domain 4.3",
)
define(
    "pushes",
    "Pushes",
    "Each time in the period that a close date moved later, by the days it moved.",
    unit="pushes",
    source="domain 4.3",
)
define(
    "funnel",
    "Funnel",
    "Deals that first entered each stage in the period (skipped ones included), and those of them "
    "that by now went on; beside them the deals that are in the stage now.",
    unit="deals",
    source="domain 4.4",
)
define(
    "trend",
    "Trend",
    "By month: deals opened, won and lost in it, and its win rate.",
    unit="deals",
    source="domain 8.2",
)

BANDS = ((0, 30), (31, 60), (61, 90), (91, 180), (181, 365), (366, None))
"""Ages of open deals, in days, both ends included."""

PUSH_BANDS = ((1, 7), (8, 14), (15, 30), (31, 60), (61, 90), (91, None))
"""How far close dates moved, in days."""


def in_bands(
    counts: Mapping[int, int], bands: Iterable[tuple[int, int | None]]
) -> list[tuple[tuple[int, int | None], int]]:
    """How many cases lie in each band."""
    return [(band, sum(n for days, n in counts.items() if lies_in(days, band))) for band in bands]


def lies_in(days: int, band: tuple[int, int | None]) -> bool:
    low, high = band
    return low <= days and (high is None or days <= high)
