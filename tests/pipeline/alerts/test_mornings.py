"""Mornings and weeks where the reader is, across every change of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.mornings import Week, last_monday, last_morning, morning_of

ZONES = st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"}))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


def test_eight_in_madrid_is_seven_utc_in_winter_and_six_in_summer():
    zone = ZoneInfo("Europe/Madrid")

    assert morning_of(date(2026, 3, 23), zone) == datetime(2026, 3, 23, 7, tzinfo=UTC)
    assert morning_of(date(2026, 3, 30), zone) == datetime(2026, 3, 30, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        (datetime(2026, 3, 30, 5, 59, 59, tzinfo=UTC), date(2026, 3, 23)),
        (datetime(2026, 3, 30, 6, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 4, 5, 23, tzinfo=UTC), date(2026, 3, 30)),
    ],
)
def test_a_monday_begins_at_eight(at, monday):
    assert last_monday(at, ZoneInfo("Europe/Madrid")) == monday


def test_a_week_across_a_change_of_the_clock_is_an_hour_shorter():
    week = Week(date(2026, 3, 30), ZoneInfo("Europe/Madrid"))

    assert week.ends - week.begins == timedelta(days=7, hours=-1)
    assert (week.first_day, week.last_day) == (date(2026, 3, 23), date(2026, 3, 29))
    assert week.coming_sunday == date(2026, 4, 5)


@given(ZONES, MOMENTS)
def test_the_last_morning_has_come_and_the_next_has_not(name, at):
    zone = ZoneInfo(name)
    day = last_morning(at, zone)

    assert morning_of(day, zone) <= at < morning_of(day + timedelta(days=1), zone)


@given(ZONES, MOMENTS)
def test_a_last_monday_is_a_monday_whose_morning_has_come(name, at):
    zone = ZoneInfo(name)
    monday = last_monday(at, zone)

    assert monday.weekday() == 0
    assert morning_of(monday, zone) <= at < morning_of(monday + timedelta(days=7), zone)
