"""The waterfall from standings: it adds up for every pair of days, whatever happened."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from django.test import TestCase as DjangoTestCase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from pipeline.forecasting.bars import Bar, View, Window
from pipeline.forecasting.waterfall import ONE_DAY, standing_at, waterfall
from pipeline.marks import mark_days
from pipeline.models import Deal, DealStanding
from revops.company.models import Company, ExchangeRate
from tests.factories.people import AT, make_person
from tests.factories.pipeline import make_account, make_deal, new_business, stage

DAY = timedelta(days=1)
FIRST = date(2026, 10, 1)
NOVEMBER = View(Window(date(2026, 11, 1), date(2026, 11, 30)))


def stand(deal, at, **facts):
    """Let the deal stand otherwise from `at` on."""
    present = DealStanding.objects.filter(deal=deal, until=None).first()
    kept = {
        name: getattr(present, name) if present else getattr(deal, name)
        for name in (
            "pipeline_id", "stage_id", "status", "owner_id", "amount", "currency", "close_date",
        )
    }  # fmt: skip
    if present:
        DealStanding.objects.filter(pk=present.pk).update(until=at)
    mark_days([deal.pipeline_id], [Company.get().local_day(at)])
    return DealStanding.objects.create(
        deal=deal, since=at, forecast_category="pipeline", **{**kept, **facts}
    )


def bare_deal(owner, name="Acme rollout"):
    """A deal without a history."""
    return Deal.objects.create(
        name=name,
        account=make_account(name),
        pipeline=new_business(),
        stage=stage("qualified"),
        owner=owner,
        amount=Decimal(100),
        currency="USD",
        close_date=date(2026, 11, 20),
        created_at=AT,
    )


def adds_up(pipeline, since, until, view):
    found = waterfall(pipeline, since, until, view, at=AT + 90 * DAY)
    true = standing_at(pipeline, until, view)
    ending = {currency: amount for currency, amount in found.ending.sums.items() if amount}
    assert ending == {currency: amount for currency, amount in true.sums.items() if amount}
    assert found.ending.count == true.count
    assert found.starting.amount + sum(step.amount for step in found.steps) == found.ending.amount
    assert found.ending.amount == found.conversion(true.sums)
    return found


@pytest.mark.django_db
def test_a_month_tells_what_came_and_went(rep):
    at = AT.replace(month=10, day=20)
    kept, pushed, won = (bare_deal(rep, name) for name in ("Kept", "Pushed", "Won"))
    for deal in (kept, pushed, won):
        stand(deal, at)
    stand(kept, at + 20 * DAY, amount=Decimal(130))
    stand(pushed, at + 21 * DAY, close_date=date(2026, 12, 5))
    stand(won, at + 22 * DAY, status="won", amount=Decimal(90))
    new = bare_deal(rep, "New")
    stand(new, at + 23 * DAY)

    found = adds_up(new_business(), date(2026, 11, 1), date(2026, 11, 30), NOVEMBER)

    assert (found.starting.count, found.starting.amount) == (3, Decimal(300))
    assert {step.bar: (step.count, step.amount) for step in found.steps} == {
        Bar.NEW: (1, Decimal(100)),
        Bar.INCREASED: (1, Decimal(30)),
        Bar.DECREASED: (1, Decimal(-10)),
        Bar.PUSHED_OUT: (1, Decimal(-100)),
        Bar.WON: (1, Decimal(-90)),
    }
    assert (found.ending.count, found.ending.amount) == (2, Decimal(230))


@pytest.mark.django_db
def test_several_changes_of_one_day_are_one(rep):
    at = AT.replace(month=10, day=20)
    deal = bare_deal(rep)
    stand(deal, at)
    for hour, amount in enumerate((500, 20, 100)):
        stand(deal, at + 20 * DAY + timedelta(hours=hour), amount=Decimal(amount))

    found = adds_up(new_business(), date(2026, 11, 1), date(2026, 11, 30), NOVEMBER)

    assert found.steps == []


@pytest.mark.django_db
def test_a_day_is_the_companys(rep):
    late = AT.replace(month=11, day=9, hour=23, minute=30)
    Company.objects.update(zone="Europe/Berlin")
    stand(bare_deal(rep), late)

    before = adds_up(new_business(), date(2026, 11, 9), date(2026, 11, 9), NOVEMBER)
    on_it = adds_up(new_business(), date(2026, 11, 10), date(2026, 11, 10), NOVEMBER)

    assert (before.ending.count, on_it.ending.count) == (0, 1)


@pytest.mark.django_db
def test_a_currency_without_a_rate_is_named(rep):
    deal = bare_deal(rep)
    stand(deal, AT.replace(month=10, day=20), currency="CHF")

    found = adds_up(new_business(), date(2026, 11, 1), date(2026, 11, 30), NOVEMBER)

    assert (found.missing, found.ending.amount) == (["CHF"], Decimal(0))


@pytest.mark.django_db
def test_every_operation_leaves_a_standing_the_waterfall_reads(rep, other_rep):
    deal = make_deal(rep, close_date=date(2026, 11, 20), amount=Decimal(500))

    found = adds_up(new_business(), AT.date(), AT.date(), NOVEMBER)

    assert [(step.bar, step.amount) for step in found.steps] == [(Bar.NEW, Decimal(500))]
    assert deal.standings.count() == 1


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.decimals(0, 10**6, places=2),
        "currency": st.sampled_from(["USD", "EUR", "CHF"]),
        "close_date": st.dates(date(2026, 9, 20), date(2027, 1, 10)) | st.none(),
        "status": st.sampled_from(["open", "open", "won", "lost"]),
        "owner": st.integers(0, 1),
    },
)
HISTORY = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 23), CHANGES), max_size=6)


class RandomHistories(TestCase, DjangoTestCase):
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.lists(HISTORY, min_size=1, max_size=4))
    def test_the_waterfall_adds_up_for_every_pair_of_days(self, histories):
        owners = [make_person(f"Owner {number}") for number in range(2)]
        ExchangeRate.objects.create(
            currency="EUR", per_company_unit=Decimal("0.9137"), valid_from=date(2026, 9, 1)
        )
        ExchangeRate.objects.create(
            currency="EUR", per_company_unit=Decimal("0.8993"), valid_from=date(2026, 11, 1)
        )
        start = AT.replace(month=10, day=1)
        for number, history in enumerate(histories):
            deal = bare_deal(owners[0], f"Deal {number}")
            for day, hour, change in sorted(history, key=lambda step: step[:2]):
                change = dict(change)
                if "owner" in change:
                    change["owner_id"] = owners[change.pop("owner")].pk
                stand(deal, start + timedelta(days=day, hours=hour - 9), **change)
        views = [View(), NOVEMBER, View(NOVEMBER.window, frozenset({owners[0].pk}))]
        days = [FIRST + timedelta(days=each) for each in (0, 20, 31, 45, 60)]
        for view in views:
            for since, until in combinations(days, 2):
                adds_up(new_business(), since, until - ONE_DAY, view)
