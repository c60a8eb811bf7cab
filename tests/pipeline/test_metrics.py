"""Numbers defined once: exact, with what they lack said, and never without a denominator."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import metrics
from pipeline.metrics import METRICS, NO_RATE, Rate, Spread

counts = st.dictionaries(st.integers(0, 400), st.integers(1, 50), max_size=12)


def test_a_rate_is_an_exact_fraction():
    assert metrics.win_rate(1, 2).value == Fraction(1, 3)


def test_without_a_denominator_there_is_no_rate():
    assert NO_RATE.value is None
    assert (NO_RATE.low, NO_RATE.high) == (None, None)


def test_more_hits_than_cases_is_no_rate():
    with pytest.raises(ValueError, match="no rate"):
        Rate(3, 2)


def test_wilson_gives_the_interval_of_the_textbook():
    rate = Rate(10, 50)

    assert (round(rate.low, 4), round(rate.high, 4)) == (0.1124, 0.3304)


@given(st.integers(1, 199), st.data())
def test_an_interval_holds_its_rate_and_lies_between_nought_and_one(n, data):
    rate = Rate(data.draw(st.integers(0, n)), n)

    assert 0 <= rate.low <= rate.value <= rate.high <= 1


def test_many_cases_need_no_interval_and_few_are_not_enough():
    assert Rate(100, 200).low is None
    assert not Rate(5, 19).enough
    assert Rate(5, 20).enough


@given(counts)
def test_a_spread_says_what_its_sorted_cases_say(counts):
    cases = sorted(days for days, n in counts.items() for _ in range(n))
    spread = Spread(counts)

    assert spread.n == len(cases)
    if not cases:
        assert (spread.mean, spread.median, spread.p90) == (None, None, None)
        return
    half = len(cases) // 2
    middle = cases[half] if len(cases) % 2 else Fraction(cases[half - 1] + cases[half], 2)
    assert spread.mean == Fraction(sum(cases), len(cases))
    assert spread.median == middle
    within = sum(days <= spread.p90 for days in cases)
    assert 10 * within >= 9 * len(cases)
    assert 10 * sum(days < spread.p90 for days in cases) < 9 * len(cases)


def test_velocity_is_deals_by_size_by_rate_by_days():
    speed = metrics.velocity(10, Fraction(1000), Rate(1, 4), Fraction(50))

    assert speed == Fraction(10 * 1000, 4 * 50)


@pytest.mark.parametrize(
    ("size", "rate", "days"),
    [
        (None, Rate(1, 2), Fraction(3)),
        (Fraction(1), NO_RATE, Fraction(3)),
        (Fraction(1), Rate(1, 2), None),
        (Fraction(1), Rate(1, 2), Fraction(0)),
    ],
)
def test_velocity_without_one_of_them_is_none(size, rate, days):
    assert metrics.velocity(10, size, rate, days) is None


def test_coverage_needs_a_quota():
    assert metrics.coverage(Decimal(300), Decimal(100)) == 3
    assert metrics.coverage(Decimal(300), Decimal(0)) is None
    assert metrics.remaining_coverage(Decimal(300), Decimal(100), Decimal(40)) == 5
    assert metrics.remaining_coverage(Decimal(300), Decimal(100), Decimal(100)) is None


def test_a_forecast_that_missed_by_a_tenth_is_nine_tenths_right():
    assert metrics.forecast_accuracy(Decimal(110), Decimal(100)) == Fraction(9, 10)
    assert metrics.forecast_accuracy(Decimal(110), Decimal(0)) is None


def test_bands_hold_each_case_once():
    days = {1: 2, 7: 1, 8: 1, 400: 3}

    assert sum(n for _, n in metrics.in_bands(days, metrics.PUSH_BANDS)) == 7
    assert sum(n for _, n in metrics.in_bands(days, metrics.BANDS)) == 7


def test_every_metric_says_its_formula_unit_and_source():
    assert len(METRICS) > 12
    for key, metric in METRICS.items():
        assert metric.key == key
        assert all((metric.label, metric.formula, metric.unit, metric.source)), key
