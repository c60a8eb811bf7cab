"""The report that a command and the API give: results first, the rest of the numbers beside."""

from __future__ import annotations

from typing import Any

from pipeline.reports.flow import (
    aging,
    funnel,
    pushes,
    stage_conversion,
    time_in_stage,
    velocity,
)
from pipeline.reports.results import losses, slippage, trend, win_rates
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import WinRateRow, as_json, money_text


def summary(scope: Scope, by: str = "owner") -> dict[str, Any]:
    """The numbers of the period as plain values; rates are fractions unrounded, or None."""
    rates = win_rates(scope, by)
    times = time_in_stage(scope)  # First, as it reads most of the stays.
    rest = {
        "stage_conversion": stage_conversion(scope),
        "time_in_stage": times,
        "velocity": velocity(scope),
        "losses": losses(scope),
        "slippage": slippage(scope),
        "trend": trend(scope),
        "aging": aging(scope),
        "pushes": pushes(scope),
        "funnel": funnel(scope),
    }
    return {
        "pipeline": scope.pipeline.key,
        "from": scope.since.isoformat(),
        "to": scope.until.isoformat(),
        "currency": scope.company.currency,
        **figures(rates.total),
        "grouped_by": by,
        "by": {name: figures(row) for name, row in named(rates.rows)},
        "unknown_opened": rates.unknown_opened,
        **as_json(rest),
    }


def figures(row: WinRateRow) -> dict[str, Any]:
    """Win rate, won value and cycle of one group, and what they leave out."""
    cohort = row.cohort_rate
    return {
        "win_rate": {
            "won": row.won,
            "lost": row.lost,
            "rate": as_json(row.rate.value),
            "n": row.rate.n,
            "low": row.rate.low,
            "high": row.rate.high,
            "enough": row.rate.enough,
        },
        "won_value": money_text(row.won_value.amount),
        "cycle_days": {
            "mean": as_json(row.cycle.mean),
            "median": as_json(row.cycle.median),
            "p90": row.cycle.p90,
            "n": row.cycle.n,
            "unknown": row.cycle_unknown,
        },
        "cohort_win_rate": cohort
        and {
            "created": row.created,
            "won": row.created_won,
            "lost": row.created_lost,
            "rate": as_json(cohort.value),
        },
        "unconverted": as_json(row.won_value.unconverted),
    }


def named(rows: list[WinRateRow]) -> list[tuple[str, WinRateRow]]:
    """The rows by name; a name that two share says which key it is."""
    names = [row.of.name for row in rows]
    return [
        (row.of.name if names.count(row.of.name) == 1 else f"{row.of.name} ({row.of.key})", row)
        for row in rows
    ]
