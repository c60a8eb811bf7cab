"""How deals ended: win rates, cycle length, losses, slippage, and their course by month."""

from __future__ import annotations

from pipeline.reports.scope import Scope
from pipeline.reports.shapes import CycleLength, Losses, Slippage, Trend, WinRates


def win_rates(scope: Scope, by: str = "owner") -> WinRates:
    """Won and lost in the period, apart by source, owner, team, product, segment or competitor.

    Owner, team and segment are those stamped when the deal closed.
    """
    raise NotImplementedError


def cycle_length(scope: Scope, by: str = "owner") -> CycleLength:
    """Days from opening to winning, of the deals won in the period."""
    raise NotImplementedError


def losses(scope: Scope) -> Losses:
    """Why deals were lost in the period, and against whom."""
    raise NotImplementedError


def slippage(scope: Scope) -> Slippage:
    """Of the deals due in the period as it began, those that did not close in it."""
    raise NotImplementedError


def trend(scope: Scope) -> Trend:
    """Deals opened, won and lost in each month of the period."""
    raise NotImplementedError
