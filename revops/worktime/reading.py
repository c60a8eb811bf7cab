"""Days off as people type them: one a line, the day first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date


def read_days(text: str) -> dict[date, str]:
    """Return the days of lines such as "2026-12-24 Christmas Eve"; raises ValueError."""
    days: dict[date, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _, name = line.partition(" ")
        try:
            days[date.fromisoformat(day)] = name.strip() or "Day off"
        except ValueError:
            raise ValueError(f"{line}: begin with a day such as 2026-12-24.") from None
    return days


def write_days(days: Mapping[date, str]) -> str:
    """Return days off as lines, the earliest first."""
    return "\n".join(f"{day} {name}" for day, name in sorted(days.items()))
