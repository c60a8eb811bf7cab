"""What reports answer, as frozen values that pages, files and the API show alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipeline.metrics import Rate, Spread

SEPARATE = ("source", "owner", "team", "product", "segment", "competitor")
"""What results can be told apart by."""


@dataclass(frozen=True)
class Money:
    """A sum in company currency at the rate of the report's last day, unrounded.

    `unconverted` are amounts whose currency has no rate then, by currency; they are not in it.
    """

    amount: Decimal
    currency: str
    unconverted: Mapping[str, Decimal]


@dataclass(frozen=True)
class Named:
    """What a row is about: its stored key, and the name people read."""

    key: str
    name: str


@dataclass(frozen=True)
class WinRateRow:
    """One source, owner, team … or, in `total`, all of them."""

    of: Named
    won: int
    lost: int
    rate: Rate
    won_value: Money
    lost_value: Money
    cycle: Spread
    cycle_unknown: int
    """Deals won whose opening day is not known; they are not in `cycle`."""
    created: int | None
    """Deals opened in the period; None where open deals cannot be told apart so (segment)."""
    created_won: int | None
    created_lost: int | None
    cohort_rate: Rate | None


@dataclass(frozen=True)
class WinRates:
    """Metrics win_rate, cohort_win_rate, won_value, cycle_days."""

    by: str
    rows: list[WinRateRow]
    total: WinRateRow
    unknown_opened: int
    """Deals of the pipeline whose opening day is not known; no cohort holds them."""


@dataclass(frozen=True)
class ConversionRow:
    stage: Named
    entered: int
    """Cohort: deals that first entered in the period, those that skipped it included."""
    passed: int
    skipped: int
    cohort_rate: Rate
    left: int
    """In period: stays that ended in it, skips included."""
    onward: int
    skipped_in_period: int
    period_rate: Rate


@dataclass(frozen=True)
class StageConversion:
    """Metrics conversion (cohort, by entry in the period) and period_conversion."""

    rows: list[ConversionRow]
    unknown_entered: int
    """Stays whose beginning is not known; no cohort holds them."""


@dataclass(frozen=True)
class TimeRow:
    stage: Named
    days: Spread
    default_stale_days: int | None


@dataclass(frozen=True)
class TimeInStage:
    """Metric time_in_stage: stays that ended in the period."""

    rows: list[TimeRow]
    unknown_entered: int


@dataclass(frozen=True)
class CycleRow:
    of: Named
    days: Spread
    unknown: int


@dataclass(frozen=True)
class CycleLength:
    """Metric cycle_days: deals won in the period."""

    by: str
    rows: list[CycleRow]
    total: CycleRow


@dataclass(frozen=True)
class LossRow:
    reason: Named
    count: int
    share: Rate
    value: Money


@dataclass(frozen=True)
class CompetitorRow:
    competitor: Named
    won: int
    lost: int
    rate: Rate


@dataclass(frozen=True)
class Losses:
    """Metric losses: deals lost in the period, most frequent reason first."""

    rows: list[LossRow]
    total: int
    value: Money
    competitors: list[CompetitorRow]


@dataclass(frozen=True)
class Velocity:
    """Metrics velocity, coverage, remaining_coverage, attainment.

    Open deals are those of now; win rate, cycle and won value those of the period.
    """

    open_deals: int
    open_value: Money
    average_size: Fraction | None
    rate: Rate
    cycle: Spread
    per_day: Fraction | None
    expected: int
    expected_value: Money
    """Open deals whose close date lies in the period."""
    won_value: Money
    quota: Money | None
    quota_people: int
    coverage: Fraction | None
    remaining_coverage: Fraction | None
    attainment: Fraction | None

    @property
    def rows(self) -> list[Velocity]:
        return [self]


@dataclass(frozen=True)
class SlippageRow:
    """One month of the period, or in `total` the whole period."""

    start: date
    until: date
    due: int
    won: int
    lost: int
    slipped: int
    rate: Rate
    slipped_value: Money


@dataclass(frozen=True)
class Slippage:
    """Metric slippage: of deals due in the period as it began."""

    rows: list[SlippageRow]
    total: SlippageRow


@dataclass(frozen=True)
class TrendRow:
    """One month; `is_whole` is false where the period or today cuts it."""

    month: date
    created: int
    won: int
    lost: int
    rate: Rate
    won_value: Money
    is_whole: bool


@dataclass(frozen=True)
class Trend:
    """Metric trend."""

    rows: list[TrendRow]


@dataclass(frozen=True)
class AgingRow:
    """Open deals of one age band, by stage; `high` is None for the oldest."""

    low: int
    high: int | None
    count: int
    value: Money
    stages: list[tuple[Named, int]]

    @property
    def label(self) -> str:
        return f"{self.low}+" if self.high is None else f"{self.low}–{self.high}"


@dataclass(frozen=True)
class Aging:
    """Metric aging: deals open now, whatever the period."""

    rows: list[AgingRow]
    stages: list[Named]
    unknown_opened: int


@dataclass(frozen=True)
class PushRow:
    """Pushes of one length in days."""

    low: int
    high: int | None
    count: int

    @property
    def label(self) -> str:
        return f"{self.low}+" if self.high is None else f"{self.low}–{self.high}"


@dataclass(frozen=True)
class ReasonRow:
    reason: Named
    count: int
    days: Spread


@dataclass(frozen=True)
class Pushes:
    """Metric pushes."""

    rows: list[PushRow]
    days: Spread
    count: int
    total_days: int
    months_crossed: int
    quarters_crossed: int
    reasons: list[ReasonRow]
    pull_ins: int
    pulled_days: int


@dataclass(frozen=True)
class FunnelRow:
    stage: Named
    entered: int
    passed: int
    skipped: int
    rate: Rate
    here: int
    """Deals in the stage now."""
    value: Money


@dataclass(frozen=True)
class Funnel:
    """Metric funnel; the won stage comes last."""

    rows: list[FunnelRow]
    unknown_entered: int


def as_json(answer: Any) -> Any:
    """Plain values: fractions unrounded as numbers, money as text, days as ISO dates.

    A rate is {"hits", "n", "rate", "low", "high", "enough"}, a spread {"n", "mean", "median",
    "p90"}.
    """
    if isinstance(answer, Rate):
        return {
            "hits": answer.hits,
            "n": answer.n,
            "rate": as_json(answer.value),
            "low": answer.low,
            "high": answer.high,
            "enough": answer.enough,
        }
    if isinstance(answer, Spread):
        return {
            "n": answer.n,
            "mean": as_json(answer.mean),
            "median": as_json(answer.median),
            "p90": answer.p90,
        }
    if isinstance(answer, Fraction):
        return int(answer) if answer.denominator == 1 else float(answer)
    if isinstance(answer, Decimal):
        return money_text(answer)
    if isinstance(answer, date):
        return answer.isoformat()
    if is_dataclass(answer) and not isinstance(answer, type):
        return {each.name: as_json(getattr(answer, each.name)) for each in fields(answer)}
    if isinstance(answer, Mapping):
        return {str(key): as_json(value) for key, value in answer.items()}
    if isinstance(answer, list | tuple):
        return [as_json(each) for each in answer]
    return answer


def money_text(amount: Decimal) -> str:
    """An amount with its cents, half up; more digits are kept nowhere."""
    from decimal import ROUND_HALF_UP

    return str(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
