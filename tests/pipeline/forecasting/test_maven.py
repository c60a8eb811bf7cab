"""The waterfall of the public Maven deals adds up for every pair of months."""

from itertools import combinations_with_replacement

import pytest
from django.db.models import Max, Min

from pipeline.forecasting.bars import Bar, View, Window
from pipeline.forecasting.periods import end_of_month, months_between
from pipeline.forecasting.standing import ONE_DAY
from pipeline.forecasting.waterfall import standing_at, waterfall
from pipeline.models import Deal
from pipeline.tallies import rebuild
from tests.factories.pipeline import new_business
from tests.imports.test_maven import AT, LATER, imported, pytestmark  # noqa: F401

FIRST_WINDOW = Window()


@pytest.mark.usefixtures("imported")
def test_the_waterfall_adds_up_for_every_pair_of_months():
    rebuild(at=AT)
    pipeline = new_business()
    reach = Deal.objects.aggregate(first=Min("opened_on"), last=Max("closed_on"))
    months = months_between(reach["first"], reach["last"])
    true = {
        month: standing_at(pipeline, end_of_month(month), View(FIRST_WINDOW)) for month in months
    }
    true[months[0] - ONE_DAY] = standing_at(pipeline, months[0] - ONE_DAY, View(FIRST_WINDOW))

    for first, last in combinations_with_replacement(months, 2):
        found = waterfall(pipeline, first, end_of_month(last), View(FIRST_WINDOW), at=LATER)
        assert found.ending.count == true[last].count
        assert plain(found.ending.sums) == plain(true[last].sums)
        total = found.starting.amount + sum(step.amount for step in found.steps)
        assert total == found.ending.amount


@pytest.mark.usefixtures("imported")
def test_what_was_won_by_month_is_what_the_deals_say():
    rebuild(at=AT)
    pipeline = new_business()
    won = Deal.objects.filter(status="won")
    reach = won.aggregate(first=Min("closed_on"), last=Max("closed_on"))

    for month in months_between(reach["first"], reach["last"]):
        last = end_of_month(month)
        found = waterfall(pipeline, month, last, View(), at=LATER)
        deals = won.filter(closed_on__gte=month, closed_on__lte=last)
        bar = next(step for step in found.steps if step.bar is Bar.WON)
        assert bar.count == deals.count()
        assert -sum(bar.sums.values()) == sum(deals.values_list("amount", flat=True))


def plain(sums):
    return {currency: amount for currency, amount in sums.items() if amount}
