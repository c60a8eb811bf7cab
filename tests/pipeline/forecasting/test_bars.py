"""Which bars a deal's day belongs to, and that they always add up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forecasting.bars import (
    Bar,
    Evening,
    Place,
    View,
    Window,
    evening_of,
    pieces,
    place_of,
    shape_of,
)

NOVEMBER = View(Window(date(2026, 11, 1), date(2026, 11, 30)))
DAY = date(2026, 11, 10)
OPEN = Evening("open", 1, Decimal(100), "USD", date(2026, 11, 20))


def bars(before, after, view=NOVEMBER, day=DAY):
    return [(each.bar, each.amount) for each in pieces(before, after, day, view)]


@pytest.mark.parametrize(
    ("was", "bar"),
    [
        (None, Bar.NEW),
        (replace(OPEN, close_date=date(2026, 12, 5)), Bar.PULLED_IN),
        (replace(OPEN, close_date=date(2026, 10, 5)), Bar.SLIPPED_IN),
        (replace(OPEN, close_date=None), Bar.DATED),
        (replace(OPEN, status="lost"), Bar.REOPENED),
        (replace(OPEN, is_here=False), Bar.TRANSFERRED_IN),
    ],
)
def test_a_deal_comes_in_at_what_it_is_worth_now(was, bar):
    was = was and replace(was, amount=Decimal(70))

    assert bars(was, OPEN) == [(bar, Decimal(100))]


@pytest.mark.parametrize(
    ("now", "bar"),
    [
        (replace(OPEN, close_date=date(2026, 12, 5)), Bar.PUSHED_OUT),
        (replace(OPEN, close_date=date(2026, 10, 5)), Bar.MOVED_EARLIER),
        (replace(OPEN, close_date=None), Bar.UNDATED),
        (replace(OPEN, status="won"), Bar.WON),
        (replace(OPEN, status="lost"), Bar.LOST),
        (replace(OPEN, is_here=False), Bar.TRANSFERRED_OUT),
    ],
)
def test_a_deal_goes_at_what_it_is_worth_now(now, bar):
    now = replace(now, amount=Decimal(80))

    assert bars(OPEN, now) == [(Bar.DECREASED, Decimal(-20)), (bar, Decimal(-80))]


def test_a_deal_given_within_the_selection_is_no_change():
    both = View(NOVEMBER.window, frozenset({1, 2}))

    assert bars(OPEN, replace(OPEN, owner_id=2), both) == []


def test_a_deal_given_out_of_the_selection_leaves_it():
    one = View(NOVEMBER.window, frozenset({1}))

    assert bars(OPEN, replace(OPEN, owner_id=2), one) == [(Bar.REASSIGNED_OUT, Decimal(-100))]


def test_what_is_created_and_won_on_one_day_comes_and_goes():
    assert bars(None, replace(OPEN, status="won")) == [
        (Bar.NEW, Decimal(100)),
        (Bar.WON, Decimal(-100)),
    ]


def test_what_is_won_early_was_pulled_in():
    later = replace(OPEN, close_date=date(2027, 1, 5))

    assert bars(later, replace(later, status="won")) == [
        (Bar.PULLED_IN, Decimal(100)),
        (Bar.WON, Decimal(-100)),
    ]


def test_what_is_won_on_a_day_outside_the_window_and_not_expected_in_it_does_not_count():
    later = replace(OPEN, close_date=date(2027, 1, 5))

    assert bars(later, replace(later, status="won"), day=date(2026, 12, 1)) == []


def test_a_closed_deal_that_changes_hands_does_not_count():
    won = replace(OPEN, status="won")

    assert bars(won, replace(won, owner_id=2)) == []


def test_another_currency_is_a_bar_of_its_own():
    euros = replace(OPEN, currency="EUR", amount=Decimal(90))

    found = list(pieces(OPEN, euros, DAY, NOVEMBER))

    assert [(each.bar, each.currency, each.amount) for each in found] == [
        (Bar.CURRENCY, "USD", Decimal(-100)),
        (Bar.CURRENCY, "EUR", Decimal(90)),
    ]


# Whatever happens

DAYS = st.dates(date(2026, 9, 15), date(2027, 1, 15))
EVENINGS = st.none() | st.builds(
    Evening,
    status=st.sampled_from(["open", "open", "open", "won", "lost"]),
    owner_id=st.integers(1, 3),
    amount=st.decimals(0, 10**6, places=2),
    currency=st.sampled_from(["USD", "EUR"]),
    close_date=st.none() | DAYS,
    is_here=st.sampled_from([True, True, False]),
)
VIEWS = st.builds(
    View,
    window=st.sampled_from(
        [
            Window(),
            NOVEMBER.window,
            Window(date(2026, 10, 1), date(2026, 12, 31)),
            Window(last=date(2026, 11, 30)),
            Window(first=date(2026, 12, 1)),
        ]
    ),
    owners=st.none() | st.frozensets(st.integers(1, 3), min_size=1),
)


def level(evening, view):
    if place_of(evening, view) is not Place.HERE:
        return {}
    return {evening.currency: evening.amount}


def plus(*sums):
    total = {}
    for each in sums:
        for currency, amount in each.items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return {currency: amount for currency, amount in total.items() if amount}


@given(st.lists(EVENINGS.filter(bool), min_size=1, max_size=8), VIEWS, DAYS)
def test_starting_and_changes_are_ending(history, view, day):
    changes = [
        {piece.currency: piece.amount}
        for before, after in zip([None, *history], history, strict=False)
        for piece in pieces(before, after, day, view)
    ]

    assert plus(*changes) == plus(level(history[-1], view))


@given(EVENINGS, EVENINGS.filter(bool), DAYS)
def test_a_tally_knows_enough_for_windows_of_whole_months(before, after, day):
    view = View(Window(date(2026, 11, 1), date(2026, 12, 31)))

    def told(evening):
        amount, currency = (evening.amount, evening.currency) if evening else (Decimal(0), "")
        return evening_of(shape_of(evening), amount, currency)

    assert list(pieces(told(before), told(after), day, view)) == list(
        pieces(before, after, day, view)
    )
