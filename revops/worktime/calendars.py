"""From kept calendars to those that the arithmetic takes."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from revops.company.models import Company
from revops.worktime.arithmetic import DAYS, BusinessCalendar, Hours
from revops.worktime.models import Calendar

if TYPE_CHECKING:
    from revops.people.models import User


def read_week(week: Any) -> tuple[Hours, ...]:
    """Return the hours of a week from their JSON; raises ValueError with a sentence."""
    if not isinstance(week, dict) or set(week) - set(DAYS):
        raise ValueError(f"The hours of a week are given for {', '.join(DAYS)}.")
    days = tuple(read_hours(day, week.get(day, [])) for day in DAYS)
    if not any(days):
        raise ValueError("A calendar needs working hours on at least one day.")
    return days


def read_hours(day: str, stretches: Any) -> Hours:
    hours = []
    last = -1
    for stretch in stretches:
        try:
            opens, closes = stretch
            start = time.fromisoformat(opens)
            end = None if closes in ("24:00", "00:00") else time.fromisoformat(closes)
        except (TypeError, ValueError):
            raise ValueError(f'The hours of {day} are pairs such as ["09:00", "17:00"].') from None
        first, until = minutes(start), minutes(end) if end else 24 * 60
        if not last < first < until:
            raise ValueError(f"The hours of {day} follow each other and end after they begin.")
        last = until
        hours.append((start, end))
    return tuple(hours)


def minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def business_calendar(calendar: Calendar, *, zone: str = "") -> BusinessCalendar:
    """Return `calendar` for the arithmetic, in `zone`, its own or the company's."""
    zone = zone or calendar.zone or Company.get().zone
    return BusinessCalendar(
        zone=ZoneInfo(zone),
        week=read_week(calendar.week),
        country=calendar.country,
        subdivision=calendar.subdivision,
        days_off=frozenset(holiday.day for holiday in calendar.holidays.all()),
    )


def default_calendar() -> Calendar:
    return Calendar.objects.get(is_default=True)


def calendar_of(user: User) -> BusinessCalendar:
    """Return the calendar a person works by: their own or the default one, in their zone."""
    return business_calendar(user.calendar or default_calendar(), zone=user.zone)


def company_calendar() -> BusinessCalendar:
    """Return the default calendar in the company's zone."""
    return business_calendar(default_calendar())
