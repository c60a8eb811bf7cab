"""When the clock of an approval warns, reminds and hands upward: arithmetic on working hours.

Nothing here knows a database; a clock never approves anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from revops.worktime.arithmetic import BusinessCalendar, add_business_time

NOTHING = timedelta(0)
LAST_STRETCH = 4
"""A warning comes when one part in so many of the time is left: at 75 %."""


class Kind(StrEnum):
    """What a clock does, in the order in which it does it."""

    WARNING = "warning"
    REMINDER = "reminder"
    ESCALATION = "escalation"


ORDER = tuple(Kind)


@dataclass(frozen=True)
class Times:
    """When each thing is due: at 75 % and 100 % of the time, and after as long again."""

    warning: datetime
    reminder: datetime
    escalation: datetime

    def of(self, kind: Kind) -> datetime:
        found: datetime = getattr(self, kind.value)
        return found


def times_of(
    calendar: BusinessCalendar, at: datetime, allowed: timedelta, left: timedelta | None = None
) -> Times:
    """The times of a clock that starts, or goes on after a stop with `left` of what is allowed."""
    left = allowed if left is None else max(left, NOTHING)
    before_warning = max(left - allowed / LAST_STRETCH, NOTHING)
    return Times(
        warning=add_business_time(calendar, at, before_warning),
        reminder=add_business_time(calendar, at, left),
        escalation=add_business_time(calendar, at, left + allowed),
    )


def latest(kinds: Iterable[Kind]) -> Kind:
    """Of everything that is due, what is done: the last alone, however long nothing ran."""
    return max(kinds, key=ORDER.index)
