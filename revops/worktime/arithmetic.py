"""Business time: pure arithmetic on intervals in UTC, right across changes of the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Interval = tuple[datetime, datetime]
Hours = tuple[tuple[time, time | None], ...]  # an end of None is midnight

OFFICE_HOURS: Hours = ((time(9), time(17)),)
OFFICE_WEEK: tuple[Hours, ...] = (OFFICE_HOURS,) * 5 + ((), ())

# Nothing is due later than this; a calendar of nothing but holidays ends the search here.
HORIZON = timedelta(days=366 * 20)


@dataclass(frozen=True)
class BusinessCalendar:
    """Who works when: hours for each weekday from Monday, a zone, and the days off."""

    zone: ZoneInfo
    week: tuple[Hours, ...] = OFFICE_WEEK
    country: str = ""
    subdivision: str = ""
    days_off: frozenset[date] = field(default=frozenset())

    def is_holiday(self, day: date) -> bool:
        if day in self.days_off:
            return True
        return bool(self.country) and day in public_holidays(
            self.country, self.subdivision, day.year
        )

    def day_length(self) -> timedelta:
        """How long an ordinary working day is: the commonest, of two the longer."""
        lengths = [length for hours in self.week if (length := hours_length(hours))]
        return max(lengths, key=lambda length: (lengths.count(length), length))


def hours_length(hours: Hours) -> timedelta:
    day = date(2001, 1, 1)
    total = timedelta()
    for opens, closes in hours:
        end = datetime.combine(day, closes) if closes else datetime.combine(day, time.max)
        total += end - datetime.combine(day, opens)
        if closes is None:
            total += timedelta.resolution
    return total


@lru_cache(maxsize=500)
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    return frozenset(country_holidays(country, subdiv=subdivision or None, years=year))


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment, in UTC, at which the clock of `zone` reads `wall` or later.

    That is one moment also where a clock put back reads `wall` twice, or one put forward never.
    """
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    # The clock jumped over `wall`: the jump itself lies between the two readings.
    low = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    high = early
    while high - low > timedelta.resolution:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=20_000)
def intervals_of(calendar: BusinessCalendar, day: date) -> tuple[Interval, ...]:
    """The stretches of business time of one local day, in UTC."""
    if calendar.is_holiday(day):
        return ()
    found = []
    for opens, closes in calendar.week[day.weekday()]:
        start = instant(datetime.combine(day, opens), calendar.zone)
        last = (
            datetime.combine(day, closes)
            if closes
            else datetime.combine(day + timedelta(days=1), time())
        )
        end = instant(last, calendar.zone)
        if start < end:
            found.append((start, end))
    return tuple(found)


def intervals_from(calendar: BusinessCalendar, start: datetime) -> Iterator[Interval]:
    """The stretches of business time that end after `start`, cut to begin no earlier."""
    day = start.astimezone(calendar.zone).date() - timedelta(days=1)
    last = day + HORIZON
    while day < last:
        for opens, closes in intervals_of(calendar, day):
            if closes > start:
                yield max(opens, start), closes
        day += timedelta(days=1)


def add_business_time(calendar: BusinessCalendar, start: datetime, duration: timedelta) -> datetime:
    """Return the first moment by which `duration` of business time has passed since `start`.

    Four hours from Friday 16:00 is Monday 12:00; one hour is Friday 17:00. Nothing added is
    `start` itself.
    """
    if duration < timedelta():
        raise ValueError("Business time is added forwards only.")
    start = start.astimezone(UTC)
    if not duration:
        return start
    for opens, closes in intervals_from(calendar, start):
        if duration <= closes - opens:
            return opens + duration
        duration -= closes - opens
    raise ValueError("This calendar has no business time in twenty years.")


def business_time_between(calendar: BusinessCalendar, a: datetime, b: datetime) -> timedelta:
    """Return the business time from `a` to `b`; negative when `b` is earlier."""
    if b < a:
        return -business_time_between(calendar, b, a)
    a, b = a.astimezone(UTC), b.astimezone(UTC)
    total = timedelta()
    if a == b:
        return total
    for opens, closes in intervals_from(calendar, a):
        if opens >= b:
            break
        total += min(closes, b) - opens
    return total


def is_business_time(calendar: BusinessCalendar, at: datetime) -> bool:
    """Whether somebody is at work at `at`."""
    day = at.astimezone(calendar.zone).date()
    return any(opens <= at < closes for opens, closes in intervals_of(calendar, day))


def working_days_label(duration: timedelta, day: timedelta = timedelta(hours=8)) -> str:
    """Return business time as working days: "3 working days", "half a working day", "2 hours"."""
    halves = round(duration / day * 2)
    if halves < 1:
        hours = max(round(duration / timedelta(hours=1)), 0)
        return "less than an hour" if not hours else f"{hours} hour{'s' * (hours != 1)}"
    whole, half = divmod(halves, 2)
    if not whole:
        return "half a working day"
    if half:
        return f"{whole}½ working days"
    return f"{whole} working day{'s' * (whole != 1)}"
