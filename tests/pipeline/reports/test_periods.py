"""Spans of days: by name, by the calendar, in words."""

from datetime import date

import pytest

from pipeline.reports.periods import PRESETS, Period, before, name_of, named

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("preset", "since", "until"),
    [
        ("this-month", date(2026, 11, 1), date(2026, 11, 30)),
        ("last-month", date(2026, 10, 1), date(2026, 10, 31)),
        ("this-quarter", date(2026, 10, 1), date(2026, 12, 31)),
        ("last-quarter", date(2026, 7, 1), date(2026, 9, 30)),
        ("this-year", date(2026, 1, 1), date(2026, 12, 31)),
        ("last-year", date(2025, 1, 1), date(2025, 12, 31)),
        ("last-12-months", date(2025, 11, 1), date(2026, 10, 31)),
    ],
)
def test_presets(preset, since, until):
    assert named(preset, TODAY) == Period(since, until)


def test_every_preset_has_its_name_back():
    assert {name_of(named(name, TODAY), TODAY) for name in PRESETS} == set(PRESETS)
    assert name_of(Period(TODAY, TODAY), TODAY) == ""


@pytest.mark.parametrize(
    ("day", "since"),
    [(date(2024, 2, 29), date(2023, 2, 1)), (date(2026, 1, 31), date(2025, 1, 1))],
)
def test_twelve_months_begin_on_a_first(day, since):
    assert named("last-12-months", day).since == since


@pytest.mark.parametrize(
    ("period", "label"),
    [
        (Period(date(2026, 11, 1), date(2026, 11, 30)), "November 2026"),
        (Period(date(2026, 10, 1), date(2026, 12, 31)), "Q4 2026"),
        (Period(date(2026, 1, 1), date(2026, 12, 31)), "2026"),
        (Period(date(2026, 11, 3), date(2026, 11, 3)), "3 Nov 2026"),
        (Period(date(2026, 11, 3), date(2026, 11, 9)), "3 Nov\xa0– 9 Nov 2026"),
        (Period(date(2025, 12, 1), date(2026, 1, 31)), "1 Dec 2025\xa0– 31 Jan 2026"),
    ],
)
def test_a_period_is_called_what_it_is(period, label):
    assert period.label == label


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        (named("this-month", TODAY), date(2026, 10, 1), date(2026, 10, 31)),
        (named("this-quarter", TODAY), date(2026, 7, 1), date(2026, 9, 30)),
        (named("this-year", TODAY), date(2025, 1, 1), date(2025, 12, 31)),
        (Period(date(2026, 11, 8), date(2026, 11, 14)), date(2026, 11, 1), date(2026, 11, 7)),
    ],
)
def test_what_lies_before_a_period_is_of_its_kind(period, since, until):
    assert before(period) == Period(since, until)
    assert before(period).until < period.since
