"""Tallies of flows say what the deals themselves say."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pytest

from pipeline.forecasting.bars import View, Window
from pipeline.forecasting.waterfall import (
    Counted,
    counted_flows,
    flows,
    level_at,
    standing_at,
    total_of,
)
from pipeline.tallies import fold, rebuild
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import make_deal, new_business
from tests.pipeline.forecasting.test_waterfall import bare_deal, stand

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = AT + 200 * DAY
VIEWS = [
    View(),
    View(Window(date(2026, 11, 1), date(2026, 11, 30))),
    View(Window(date(2026, 10, 1), date(2026, 12, 31))),
    View(Window(last=date(2026, 11, 30))),
]


def plain(counted: Counted):
    return {
        bar: (count, {currency: amount for currency, amount in sums.items() if amount})
        for bar, (count, sums) in counted.items()
    }


def agree():
    pipeline = new_business()
    days = [date(2026, 10, 1), date(2026, 10, 25), date(2026, 11, 1), date(2026, 11, 30),
            date(2027, 1, 3)]  # fmt: skip
    for view in VIEWS:
        for since, until in combinations(days, 2):
            kept = total_of(flows(pipeline, since, until, view, at=LATER))
            assert plain(kept) == plain(total_of(counted_flows(pipeline, since, until, view)))
        for day in days:
            level, true = level_at(pipeline, day, view, at=LATER), standing_at(pipeline, day, view)
            assert (level.count, level.sums) == (
                true.count,
                {currency: amount for currency, amount in true.sums.items() if amount},
            )


@pytest.fixture
def history(rep, other_rep):
    at = AT.replace(month=10, day=5)
    for number in range(6):
        deal = bare_deal(rep, f"Deal {number}")
        stand(deal, at + number * DAY, amount=Decimal(100 * number))
    first, second, third, fourth, fifth, _ = list(new_business().deals.order_by("pk"))
    stand(first, at + 20 * DAY, close_date=date(2026, 12, 7))
    stand(second, at + 25 * DAY, amount=Decimal(120))
    stand(second, at + 30 * DAY, status="won")
    stand(third, at + 30 * DAY, currency="EUR", amount=Decimal(90))
    stand(fourth, at + 40 * DAY, owner_id=other_rep.pk, amount=Decimal(1))
    stand(fifth, at + 41 * DAY, status="lost")
    stand(fifth, at + 60 * DAY, status="open", close_date=date(2026, 12, 20))


def test_tallies_that_were_rebuilt_agree(history):
    rebuild(at=LATER)

    agree()


def test_marked_days_are_counted_as_they_are(rep, history):
    rebuild(at=LATER)
    make_deal(rep, "Another", at=AT, amount=Decimal(777), close_date=date(2026, 11, 20))

    agree()
    fold(at=LATER)
    agree()


def test_a_push_moves_money_out_of_the_month(rep):
    from pipeline.operations import push_close_date

    deal = make_deal(rep, at=AT, amount=Decimal(500), close_date=date(2026, 11, 20))
    fold(at=LATER)
    push_close_date(
        deal=deal, to=date(2026, 12, 10), reason_key="budget", note="Next year's budget",
        by=SYSTEM, at=AT + 3 * DAY,
    )  # fmt: skip

    view = VIEWS[1]
    found = total_of(flows(new_business(), date(2026, 11, 4), date(2026, 11, 30), view, at=LATER))

    assert {bar.value: sums for bar, (_, sums) in found.items()} == {
        "pushed_out": {"USD": Decimal(-500)}
    }
    agree()
