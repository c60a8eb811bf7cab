"""Which close dates a waterfall between two days is about, and how one says so. Pure."""

from __future__ import annotations

from datetime import date

from pipeline.forecasting.bars import Window
from pipeline.forecasting.periods import end_of_month, month_of, quarter_of, read_period

ALL = "all"


def window_of(closes: str, since: date, until: date) -> tuple[Window, str]:
    """The close dates asked for; without a word those of the days' own month or quarter."""
    if closes == ALL:
        return Window(), "closing on any day"
    if period := read_period(closes):
        return Window(period.starts_on, period.ends_on), f"closing in {period.label}"
    for period in (month_of(since), quarter_of(since)):
        if period.holds(until):
            return Window(period.starts_on, period.ends_on), f"closing in {period.label}"
    first, last = since.replace(day=1), end_of_month(until)
    return Window(first, last), f"closing from {first:%B %Y} to {last:%B %Y}"
