"""Changes of calendars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from holidays import country_holidays

from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Refused
from revops.worktime.calendars import read_week
from revops.worktime.models import Calendar, Holiday, office_week

FACTS = ("name", "zone", "week", "country", "subdivision")


@transaction.atomic(durable=True)
def create_calendar(
    *,
    name: str,
    week: dict[str, Any] | None = None,
    zone: str = "",
    country: str = "",
    subdivision: str = "",
    days_off: Mapping[date, str] | None = None,
    by: Actor,
    at: datetime,
) -> Calendar:
    """Add a calendar, by itself nine to five on weekdays."""
    check_can_administer(by)
    calendar = Calendar(
        name=name.strip(),
        week=week if week is not None else office_week(),
        zone=zone,
        country=country,
        subdivision=subdivision,
    )
    check_calendar(calendar)
    calendar.save()
    after = {fact: getattr(calendar, fact) for fact in FACTS}
    record("calendar.created", calendar, by=by, at=at, after=after)
    write_holidays(calendar, days_off or {}, by=by, at=at)
    return calendar


@transaction.atomic(durable=True)
def change_calendar(
    *,
    calendar: Calendar,
    changes: Mapping[str, Any],
    days_off: Mapping[date, str] | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Calendar:
    """Change a calendar; deadlines that are set already stay as they are."""
    check_can_administer(by)
    calendar = Calendar.objects.select_for_update().get(pk=calendar.pk)
    check_version(calendar, version)
    if set(changes) - set(FACTS):
        raise Refused("Only name, zone, hours and country of a calendar can be changed.")
    changed = {name: new for name, new in changes.items() if getattr(calendar, name) != new}
    if changed:
        before = {name: getattr(calendar, name) for name in changed}
        for name, value in changed.items():
            setattr(calendar, name, value)
        check_calendar(calendar)
        calendar.save_version(update_fields=changed)
        record("calendar.changed", calendar, by=by, at=at, before=before, after=changed)
    if days_off is not None:
        write_holidays(calendar, days_off, by=by, at=at)
    return calendar


@transaction.atomic(durable=True)
def set_holidays(
    *, calendar: Calendar, days: Mapping[date, str], by: Actor, at: datetime
) -> Calendar:
    """Make `days` the calendar's own days off, beside those of its country."""
    check_can_administer(by)
    calendar = Calendar.objects.select_for_update().get(pk=calendar.pk)
    write_holidays(calendar, days, by=by, at=at)
    return calendar


def write_holidays(
    calendar: Calendar, days: Mapping[date, str], *, by: Actor, at: datetime
) -> None:
    """Write the calendar's own days off, when they differ."""
    before = written(days_off_of(calendar))
    if before == written(days):
        return
    calendar.holidays.all().delete()
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, day=day, name=name) for day, name in sorted(days.items())
    )
    calendar.save_version(update_fields=[])
    record("calendar.holidays_set", calendar, by=by, at=at, before=before, after=written(days))


def days_off_of(calendar: Calendar) -> dict[date, str]:
    return {holiday.day: holiday.name for holiday in calendar.holidays.all()}


def written(days: Mapping[date, str]) -> dict[str, str]:
    return {day.isoformat(): name for day, name in days.items()}


def check_calendar(calendar: Calendar) -> None:
    """Raise Refused unless the arithmetic can work by this calendar."""
    if not calendar.name:
        raise Refused("A calendar needs a name.")
    if Calendar.objects.filter(name=calendar.name).exclude(pk=calendar.pk).exists():
        raise Refused(f"There is a calendar {calendar.name} already.")
    if calendar.zone and calendar.zone not in available_timezones():
        raise Refused(f"{calendar.zone} is no time zone. Take one such as Europe/Madrid.")
    try:
        read_week(calendar.week)
    except ValueError as fault:
        raise Refused(str(fault)) from None
    if calendar.country:
        try:
            country_holidays(calendar.country, subdiv=calendar.subdivision or None)
        except NotImplementedError:
            place = " ".join(filter(None, [calendar.country, calendar.subdivision]))
            raise Refused(f"No public holidays are known for {place}.") from None
