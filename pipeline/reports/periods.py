"""Spans of days: by name, as typed, and in words. Both ends belong to the span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from revops.frame.formats import day_text

NBSP = "\N{NO-BREAK SPACE}"
PRESETS = {
    "this-month": "This month",
    "last-month": "Last month",
    "this-quarter": "This quarter",
    "last-quarter": "Last quarter",
    "this-year": "This year",
    "last-year": "Last year",
    "last-12-months": "Last 12 months",
}
USUAL = "this-quarter"


@dataclass(frozen=True)
class Period:
    """From one day to another, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def label(self) -> str:
        """The span as one says it: November 2026, Q4 2026, 2026, or from one day to another."""
        if self == month_of(self.since):
            return f"{self.since:%B} {self.since.year}"
        if self == quarter_of(self.since):
            return f"Q{quarter_number(self.since)} {self.since.year}"
        if self == year_of(self.since):
            return str(self.since.year)
        return self.words

    @property
    def words(self) -> str:
        """The days themselves: 1 Oct – 31 Dec 2026."""
        last = day_text(self.until)
        if self.since == self.until:
            return last
        first = day_text(self.since)
        if self.since.year == self.until.year:
            first = first.removesuffix(f" {self.since.year}")
        return f"{first}{NBSP}– {last}"


def named(preset: str, today: date) -> Period:
    """The span that a preset means on that day."""
    this = {"month": month_of, "quarter": quarter_of, "year": year_of}
    which, _, unit = preset.partition("-")
    if unit not in this:
        first = month_of(today).since
        return Period(first.replace(year=first.year - 1), first - timedelta(days=1))
    now = this[unit](today)
    return now if which == "this" else this[unit](now.since - timedelta(days=1))


def name_of(period: Period, today: date) -> str:
    """The preset that means this span today; "" when none does."""
    return next((name for name in PRESETS if named(name, today) == period), "")


def month_of(day: date) -> Period:
    return months(day.year, day.month, 1)


def quarter_of(day: date) -> Period:
    return months(day.year, 3 * (quarter_number(day) - 1) + 1, 3)


def year_of(day: date) -> Period:
    return months(day.year, 1, 12)


def quarter_number(day: date) -> int:
    return (day.month - 1) // 3 + 1


def months(year: int, month: int, many: int) -> Period:
    """That many whole months from the first of one."""
    return Period(date(year, month, 1), month_start(year, month + many) - timedelta(days=1))


def month_start(year: int, month: int) -> date:
    """The first of a month; months beyond December fall in the next year."""
    more, at = divmod(month - 1, 12)
    return date(year + more, at + 1, 1)


def before(period: Period) -> Period:
    """The span of the same kind just before: the previous month, quarter, year, or as many days."""
    yesterday = period.since - timedelta(days=1)
    for whole in (month_of, quarter_of, year_of):
        if period == whole(period.since):
            return whole(yesterday)
    return Period(period.since - timedelta(days=period.days), yesterday)
