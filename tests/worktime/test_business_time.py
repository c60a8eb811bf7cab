from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from revops.worktime.arithmetic import (
    OFFICE_WEEK,
    BusinessCalendar,
    add_business_time,
    business_time_between,
    instant,
    is_business_time,
    working_days_label,
)

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessCalendar(zone=BERLIN)
NIGHT_AND_DAY = ((time(0), None),)
ALWAYS = (NIGHT_AND_DAY,) * 7
SPLIT = (((time(1, 30), time(2, 30)), (time(2, 45), time(12)), (time(22), None)),) * 7

# Zones with odd clocks: half an hour of daylight saving, a change at midnight, a lost day.
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
]
calendars = st.builds(
    BusinessCalendar,
    zone=st.sampled_from([ZoneInfo(name) for name in ZONES]),
    week=st.sampled_from([OFFICE_WEEK, ALWAYS, SPLIT]),
    country=st.sampled_from(["", "DE", "US"]),
    days_off=st.frozensets(st.dates(date(2011, 12, 20), date(2012, 1, 10)), max_size=3),
)
moments = st.datetimes(
    datetime(2011, 12, 15), datetime(2013, 4, 15), timezones=st.just(UTC)
) | st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 15), timezones=st.just(UTC))
durations = st.timedeltas(timedelta(), timedelta(days=12))


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)


def test_four_hours_from_friday_afternoon_end_on_monday_at_noon():
    due = add_business_time(OFFICE, berlin(2026, 11, 6, 16), timedelta(hours=4))

    assert due == berlin(2026, 11, 9, 12)


def test_the_last_hour_of_a_day_ends_that_day():
    due = add_business_time(OFFICE, berlin(2026, 11, 6, 16), timedelta(hours=1))

    assert due == berlin(2026, 11, 6, 17)


def test_twenty_four_hours_are_three_working_days():
    due = add_business_time(OFFICE, berlin(2026, 11, 3, 9), timedelta(hours=24))

    assert due == berlin(2026, 11, 5, 17)


def test_a_weekend_counts_for_nothing():
    weekend = berlin(2026, 11, 6, 17), berlin(2026, 11, 9, 9)

    assert business_time_between(OFFICE, *weekend) == timedelta()


def test_public_holidays_are_free():
    german = BusinessCalendar(zone=BERLIN, country="DE")

    assert business_time_between(
        german, berlin(2026, 12, 24, 9), berlin(2026, 12, 28, 9)
    ) == timedelta(hours=8)


def test_a_calendar_has_days_off_of_its_own():
    calendar = BusinessCalendar(zone=BERLIN, days_off=frozenset({date(2026, 11, 4)}))

    due = add_business_time(calendar, berlin(2026, 11, 3, 16), timedelta(hours=2))

    assert due == berlin(2026, 11, 5, 10)


def test_the_night_a_clock_goes_back_has_an_hour_more():
    always = BusinessCalendar(zone=BERLIN, week=ALWAYS)

    night = berlin(2026, 10, 25, 0), berlin(2026, 10, 25, 6)

    assert business_time_between(always, *night) == timedelta(hours=7)


def test_the_night_a_clock_goes_forward_has_an_hour_less():
    always = BusinessCalendar(zone=BERLIN, week=ALWAYS)

    night = berlin(2026, 3, 29, 0), berlin(2026, 3, 29, 6)

    assert business_time_between(always, *night) == timedelta(hours=5)


def test_an_office_day_is_eight_hours_on_either_side_of_a_change_of_clock():
    friday_to_monday = berlin(2026, 10, 23, 9), berlin(2026, 10, 26, 17)

    assert business_time_between(OFFICE, *friday_to_monday) == timedelta(hours=16)


def test_a_time_that_the_clock_jumps_over_is_the_moment_of_the_jump():
    assert instant(datetime(2026, 3, 29, 2, 30), BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_calendar_without_business_time_is_an_error_not_an_endless_search():
    never = BusinessCalendar(zone=BERLIN, week=((),) * 7)

    with pytest.raises(ValueError, match="no business time"):
        add_business_time(never, berlin(2026, 11, 3, 9), timedelta(hours=1))


def test_somebody_is_at_work_from_nine_until_just_before_five():
    assert is_business_time(OFFICE, berlin(2026, 11, 3, 9))
    assert not is_business_time(OFFICE, berlin(2026, 11, 3, 17))


@given(calendars, moments, durations)
@example(
    BusinessCalendar(ZoneInfo("Pacific/Apia"), ALWAYS),
    datetime(2011, 12, 29, tzinfo=UTC),
    timedelta(days=3),
)
def test_the_time_added_is_the_time_between(calendar, start, duration):
    assert (
        business_time_between(calendar, start, add_business_time(calendar, start, duration))
        == duration
    )


@given(calendars, moments, durations, durations)
def test_more_time_never_ends_earlier(calendar, start, one, other):
    shorter, longer = sorted([one, other])

    assert add_business_time(calendar, start, shorter) <= add_business_time(calendar, start, longer)


@given(calendars, moments, durations, durations)
def test_adding_in_two_steps_is_adding_at_once(calendar, start, one, other):
    halfway = add_business_time(calendar, start, one)

    assert add_business_time(calendar, halfway, other) == add_business_time(
        calendar, start, one + other
    )


@given(calendars, moments, moments, moments)
def test_time_between_adds_up_over_a_moment_in_the_middle(calendar, a, b, c):
    a, b, c = sorted([a, b, c])

    assert business_time_between(calendar, a, b) + business_time_between(
        calendar, b, c
    ) == business_time_between(calendar, a, c)


@given(calendars, moments, moments)
def test_business_time_is_never_more_than_time(calendar, a, b):
    a, b = sorted([a, b])

    assert timedelta() <= business_time_between(calendar, a, b) <= b - a


@pytest.mark.parametrize(
    ("hours", "label"),
    [
        (0, "less than an hour"),
        (1, "1 hour"),
        (3, "half a working day"),
        (8, "1 working day"),
        (12, "1½ working days"),
        (24, "3 working days"),
    ],
)
def test_business_time_is_told_in_working_days(hours, label):
    assert working_days_label(timedelta(hours=hours)) == label


def test_a_working_day_is_as_long_as_the_calendar_says():
    assert OFFICE.day_length() == timedelta(hours=8)
    assert BusinessCalendar(zone=BERLIN, week=ALWAYS).day_length() == timedelta(hours=24)
