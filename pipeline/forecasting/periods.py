"""Months and quarters, as forecasts, quotas and the waterfall count them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

KEY = re.compile(r"(\d{4})-(?:(0[1-9]|1[0-2])|Q([1-4]))\Z")
FIRST_YEAR, LAST_YEAR = 1990, 2150
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Period:
    """Some whole months, from the first day of one to the last day of one; both inclusive."""

    starts_on: date
    ends_on: date

    @property
    def months(self) -> tuple[date, ...]:
        """The first days of its months."""
        return tuple(months_between(self.starts_on, self.ends_on))

    @property
    def is_quarter(self) -> bool:
        return len(self.months) == 3 and self.starts_on.month % 3 == 1

    @property
    def key(self) -> str:
        """As addresses name it: 2026-11 or 2026-Q4."""
        if self.is_quarter:
            return f"{self.starts_on.year}-Q{(self.starts_on.month + 2) // 3}"
        return f"{self.starts_on:%Y-%m}"

    @property
    def label(self) -> str:
        if self.is_quarter:
            return f"Q{(self.starts_on.month + 2) // 3} {self.starts_on.year}"
        return f"{self.starts_on:%B} {self.starts_on.year}"

    @property
    def short(self) -> str:
        """Within its year: Q4, Nov."""
        return self.key[5:] if self.is_quarter else f"{self.starts_on:%b}"

    @property
    def next(self) -> Period:
        return self.like(self.ends_on + ONE_DAY)

    @property
    def previous(self) -> Period:
        return self.like(self.starts_on - ONE_DAY)

    def like(self, day: date) -> Period:
        """The period of the same length that holds `day`."""
        return quarter_of(day) if self.is_quarter else month_of(day)

    def holds(self, day: date | None) -> bool:
        return day is not None and self.starts_on <= day <= self.ends_on

    def contains(self, other: Period) -> bool:
        return self.starts_on <= other.starts_on and other.ends_on <= self.ends_on

    def __str__(self) -> str:
        return self.label


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def month_of(day: date) -> Period:
    return Period(day.replace(day=1), end_of_month(day))


def quarter_of(day: date) -> Period:
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return Period(first, end_of_month(date(day.year, first.month + 2, 1)))


def end_of_month(day: date) -> date:
    return next_month(day) - ONE_DAY


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from that of `first` to that of `last`."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = next_month(month)
    return found


def read_period(key: str) -> Period | None:
    """The month or quarter that `key` names; None where it names neither."""
    found = KEY.match(key)
    if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    year, month, quarter = int(found[1]), found[2], found[3]
    if month:
        return month_of(date(year, int(month), 1))
    return quarter_of(date(year, int(quarter) * 3, 1))


def whole_months(first: date | None, last: date | None) -> bool:
    """Whether a window begins and ends with months; one without an end does."""
    return (first is None or first.day == 1) and (last is None or last == end_of_month(last))
