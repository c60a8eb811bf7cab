"""Months and quarters."""

from datetime import date

import pytest

from pipeline.forecasting.periods import (
    month_of,
    months_between,
    quarter_of,
    read_period,
    whole_months,
)


def test_a_quarter_has_three_months():
    quarter = quarter_of(date(2026, 11, 20))

    assert (quarter.starts_on, quarter.ends_on) == (date(2026, 10, 1), date(2026, 12, 31))
    assert quarter.months == (date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1))
    assert (quarter.key, quarter.label) == ("2026-Q4", "Q4 2026")


def test_after_the_last_of_a_year_comes_the_first_of_the_next():
    assert quarter_of(date(2026, 12, 31)).next.key == "2027-Q1"
    assert month_of(date(2026, 1, 5)).previous.key == "2025-12"


@pytest.mark.parametrize("key", ["2026-Q4", "2026-02", "2024-Q1"])
def test_a_key_reads_back(key):
    assert read_period(key).key == key


@pytest.mark.parametrize("key", ["", "2026", "2026-Q5", "2026-13", "0001-01", "9999-Q4", "x-Q1"])
def test_what_is_no_period_is_none(key):
    assert read_period(key) is None


def test_months_between_two_days():
    found = months_between(date(2026, 11, 30), date(2027, 1, 1))

    assert found == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]


def test_whole_months_begin_and_end_with_months():
    assert whole_months(date(2026, 2, 1), date(2026, 4, 30))
    assert whole_months(None, date(2026, 4, 30))
    assert not whole_months(date(2026, 2, 2), date(2026, 4, 30))
    assert not whole_months(date(2026, 2, 1), date(2026, 4, 29))
