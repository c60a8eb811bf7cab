"""When the mail of a day is due: at eight where the reader is, whatever the clock did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from revops.worktime.arithmetic import instant

MORNING = time(8)
MONDAY = 0
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Week:
    """The week before a Monday, as its reader lived it, and the week that the Monday begins."""

    monday: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        return midnight(self.monday - WEEK, self.zone)

    @property
    def ends(self) -> datetime:
        return midnight(self.monday, self.zone)

    @property
    def first_day(self) -> date:
        return self.monday - WEEK

    @property
    def last_day(self) -> date:
        return self.monday - DAY

    @property
    def coming_sunday(self) -> date:
        return self.monday + WEEK - DAY


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, in UTC."""
    return instant(datetime.combine(day, time()), zone)


def morning_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which the mail of `day` is due in `zone`."""
    return instant(datetime.combine(day, MORNING), zone)


def last_morning(at: datetime, zone: ZoneInfo) -> date:
    """The latest day whose morning has come by `at`."""
    day = at.astimezone(zone).date()
    return day if morning_of(day, zone) <= at else day - DAY


def last_monday(at: datetime, zone: ZoneInfo) -> date:
    """The latest Monday whose morning has come by `at`."""
    day = last_morning(at, zone)
    return day - timedelta(days=(day.weekday() - MONDAY) % 7)
