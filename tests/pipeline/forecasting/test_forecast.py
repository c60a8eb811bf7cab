"""The forecast by person and line, calls over it, snapshots and accuracy."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.forecasting.accuracy import accuracy_of, by_owner, trend_of
from pipeline.forecasting.forecast import forecast_of
from pipeline.forecasting.periods import month_of, quarter_of
from pipeline.forecasting.snapshots import snapshot_is_due
from pipeline.forecasting.whose import whose_deals
from pipeline.models import Deal, ForecastSnapshot
from pipeline.operations import end_call, take_snapshots
from pipeline.tasks import take_snapshots as task
from revops.company.models import Company
from revops.refusals import NotAllowed, Refused
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import make_deal, new_business
from tests.pipeline.forecasting.making import make_call, make_quota

pytestmark = pytest.mark.django_db
TODAY = AT.date()
Q4 = quarter_of(TODAY)
DAY = timedelta(days=1)


def forecast(reader, period=Q4, **facts):
    return forecast_of(new_business(), period, whose_deals(reader, **facts), today=TODAY)


def line_of(found, person):
    return next(
        line for root in found.lines for _, line in root.walk() if line.person_id == person.pk
    )


def close_won(deal, day, owner):
    Deal.objects.filter(pk=deal.pk).update(status="won", closed_on=day, closed_owner=owner)


@pytest.fixture
def deals(rep, other_rep):
    make_deal(rep, "Committed", amount=Decimal(300), stage="negotiation")
    make_deal(rep, "Hoped", amount=Decimal(50), stage="proposal")
    make_deal(rep, "Early", amount=Decimal(1000))
    make_deal(rep, "Next year", amount=Decimal(9999), close_date=date(2027, 1, 5))
    close_won(make_deal(other_rep, "Won", amount=Decimal(200)), date(2026, 10, 20), other_rep)


def test_deals_count_by_category_along_the_line(deals, vp, manager, rep, other_rep):
    found = forecast(vp)

    top = found.lines[0]
    assert (top.person_id, [line.person_id for line in top.below]) == (vp.pk, [manager.pk])
    assert top.amounts == {
        "closed": 200, "commit": 300, "best_case": 50, "pipeline": 1000, "omitted": 0,
    }  # fmt: skip
    assert line_of(found, rep).forecast == 300
    assert line_of(found, other_rep).forecast == 200
    assert (top.forecast, top.best) == (500, 550)


def test_the_deals_own_category_goes_before_that_of_its_stage(deals, rep):
    Deal.objects.filter(name="Early").update(forecast_category="commit")
    Deal.objects.filter(name="Hoped").update(forecast_category="omitted")

    line = line_of(forecast(rep), rep)

    assert (line.amounts["commit"], line.amounts["best_case"], line.amounts["omitted"]) == (
        1300, 0, 50,
    )  # fmt: skip


def test_a_rep_sees_their_own_and_a_manager_their_line(deals, rep, other_rep, manager):
    assert [line.person_id for line in forecast(rep).lines] == [rep.pk]
    assert [line.person_id for line in forecast(manager).lines] == [manager.pk]
    assert forecast(other_rep, person=rep).lines == []


def test_a_call_replaces_the_line_there_and_above(deals, vp, manager, rep):
    make_call(manager, 450)

    found = forecast(vp)

    line = line_of(found, manager)
    assert (line.forecast, line.computed, line.call.reason) == (450, 500, "Two will slip")
    assert found.lines[0].forecast == 450
    assert line_of(found, rep).forecast == 300


def test_a_call_of_another_period_does_not_count(deals, manager, vp):
    november = month_of(TODAY)
    make_call(manager, 450, starts_on=november.starts_on, ends_on=november.ends_on)

    assert forecast(vp).lines[0].forecast == 500


def test_a_line_is_to_win_its_own_quota_or_that_of_those_below(deals, vp, manager, rep, other_rep):
    make_quota(rep, 400)
    make_quota(other_rep, 100)
    found = forecast(vp)
    assert line_of(found, manager).quota == 500

    make_quota(manager, 900)
    line = line_of(forecast(vp), manager)

    assert (line.quota, line.gap, line.attainment) == (900, 400, Fraction(200, 900))
    assert line.coverage == Fraction(1350, 900)
    assert line.remaining == Fraction(1350, 700)


def test_without_a_quota_there_is_no_coverage(deals, rep):
    line = line_of(forecast(rep), rep)

    assert (line.quota, line.gap, line.coverage, line.remaining) == (None, None, None, None)


# Calls


@pytest.mark.parametrize("role", ["other_rep", "revops", "finance", "auditor"])
def test_only_the_person_and_those_above_call(role, rep, request):
    with pytest.raises(NotAllowed):
        make_call(rep, by=by(request.getfixturevalue(role)))


@pytest.mark.parametrize("role", ["rep", "manager", "vp"])
def test_the_person_and_those_above_call_and_end(role, rep, request):
    person = by(request.getfixturevalue(role))
    call = make_call(rep, by=person)

    end_call(call=call, by=person, at=AT + DAY)

    call.refresh_from_db()
    assert call.ended_at == AT + DAY
    with pytest.raises(Refused, match="already"):
        end_call(call=call, by=person, at=AT + DAY)


def test_calling_anew_ends_the_call_before(rep, manager):
    first = make_call(rep, 10, by=by(rep))

    second = make_call(rep, 20, by=by(manager), at=AT + DAY)

    first.refresh_from_db()
    assert (first.ended_at, first.ended_by, second.ended_at) == (AT + DAY, manager, None)


@pytest.mark.parametrize(
    "facts",
    [{"reason": "tbd"}, {"amount": -1}, {"category": "omitted"}, {"ends_on": date(2026, 12, 30)}],
)
def test_what_is_no_call_is_refused(rep, facts):
    with pytest.raises(Refused):
        make_call(rep, **facts)


# Snapshots


def snapshot(at=AT):
    return take_snapshots(by=SYSTEM, at=at)


def test_a_snapshot_is_taken_once_a_day(deals, manager):
    make_call(manager, 450)

    first, again = snapshot(), snapshot(AT + timedelta(hours=3))

    assert (first["new-business"], again) == (ForecastSnapshot.objects.count(), {})
    cells = ForecastSnapshot.objects.filter(month=date(2026, 12, 1), is_call=False)
    assert dict(cells.values_list("category", "amount")) == {
        "commit": 300, "best_case": 50, "pipeline": 1000,
    }  # fmt: skip
    assert ForecastSnapshot.objects.get(category="closed").month == date(2026, 10, 1)
    assert ForecastSnapshot.objects.get(is_call=True).months == 3


def test_a_day_that_was_not_kept_is_not_invented(deals):
    snapshot(AT)
    snapshot(AT + 3 * DAY)

    days = set(ForecastSnapshot.objects.values_list("taken_on", flat=True))
    assert days == {TODAY, TODAY + 3 * DAY}


def test_the_day_of_a_snapshot_is_the_companys_and_begins_ten_past_midnight():
    Company.objects.update(zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")

    assert not snapshot_is_due(datetime(2026, 11, 4, 0, 9, tzinfo=berlin))
    assert snapshot_is_due(datetime(2026, 11, 4, 0, 10, tzinfo=berlin))
    snapshot(datetime(2026, 11, 4, 0, 10, tzinfo=berlin))
    assert set(ForecastSnapshot.objects.values_list("taken_on", flat=True)) <= {date(2026, 11, 4)}


def test_the_task_catches_up_once(deals, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)

    assert task()["new-business"] > 0
    assert task() == {}


@pytest.mark.django_db
def test_a_snapshot_costs_the_same_whatever_there_is(rep, deals, django_assert_num_queries):
    with CaptureQueriesContext(connection) as few:
        snapshot()
    for number in range(12):
        make_deal(rep, f"More {number}", close_date=date(2026, 12, 1) + number * DAY)
    with CaptureQueriesContext(connection) as many:
        snapshot(AT + DAY)

    assert len(few) == len(many)


# Accuracy


def keep(day, owner, category, amount, month=date(2026, 7, 1), **facts):
    ForecastSnapshot.objects.create(
        taken_on=day,
        pipeline=new_business(),
        owner=owner,
        month=month,
        category=category,
        currency="USD",
        amount=amount,
        **facts,
    )


Q3 = Q4.previous


def test_accuracy_is_of_the_first_snapshot_and_the_first_after(vp, rep):
    keep(date(2026, 7, 1), rep, "commit", 90)
    keep(date(2026, 8, 1), rep, "commit", 5000)
    keep(date(2026, 10, 1), rep, "closed", 100)
    close_won(make_deal(rep, amount=Decimal(777)), date(2026, 8, 8), rep)

    found = accuracy_of(new_business(), Q3, whose_deals(vp), today=TODAY)

    assert (found.value, found.miss, found.tone) == (Fraction(9, 10), Fraction(-1, 10), "warn")
    assert by_owner(new_business(), Q3, whose_deals(vp), today=TODAY)[rep.pk].value == Fraction(
        9, 10
    )


def test_a_call_that_stood_at_the_start_is_the_forecast(vp, manager, rep):
    keep(date(2026, 7, 1), rep, "commit", 10)
    keep(date(2026, 7, 1), manager, "commit", 98, is_call=True, months=3)
    keep(date(2026, 10, 1), rep, "closed", 100)

    found = accuracy_of(new_business(), Q3, whose_deals(vp), today=TODAY)

    assert (found.value, found.tone) == (Fraction(98, 100), "good")


def test_each_morning_counts_the_calls_that_stood_then(vp, manager, rep):
    """In another's line only the highest call; deals of who is in no called line beside it."""
    first, second, third = (Q3.starts_on + number * DAY for number in range(3))
    for day in (first, second, third):
        keep(day, rep, "commit", 10)
        keep(day, vp, "closed", 5)
        keep(day, vp, "pipeline", 1000)
    call = {"is_call": True, "months": 3}
    keep(second, rep, "commit", 40, **call)
    keep(third, rep, "commit", 40, **call)
    keep(third, manager, "commit", 70, **call)
    keep(third, vp, "best_case", 900, **call)
    keep(third, vp, "commit", 800, is_call=True, months=1)

    said, _ = trend_of(new_business(), Q3, whose_deals(vp), today=TODAY)

    assert [(each.call, each.forecast) for each in said] == [(None, 15), (45, 45), (75, 75)]
    assert {each.computed for each in said} == {15}


def test_a_call_of_somebody_who_is_not_asked_about_does_not_count(vp, manager, rep):
    keep(Q3.starts_on, rep, "commit", 10)
    keep(Q3.starts_on, manager, "commit", 70, is_call=True, months=3)

    said, _ = trend_of(new_business(), Q3, whose_deals(vp, person=rep), today=TODAY)

    assert [(each.call, each.forecast) for each in said] == [(None, 10)]


def test_a_trend_costs_the_same_however_many_mornings_and_owners(vp, manager, rep):
    pipeline, whose = new_business(), whose_deals(vp)

    def ask():
        with CaptureQueriesContext(connection) as asked:
            trend_of(pipeline, Q3, whose, today=TODAY)
        return len(asked)

    keep(Q3.starts_on, rep, "commit", 10)
    keep(Q3.starts_on, rep, "commit", 10, is_call=True, months=3)
    few = ask()
    for number in range(1, 9):
        for owner in (rep, manager, vp):
            keep(Q3.starts_on + number * DAY, owner, "closed", 10)
        for owner in (rep, manager):
            keep(Q3.starts_on + number * DAY, owner, "commit", number, is_call=True, months=3)

    assert ask() == few


@pytest.mark.parametrize(
    ("days", "why"),
    [
        ([], "no snapshot from its beginning"),
        ([date(2026, 7, 20), date(2026, 10, 1)], "no snapshot from its beginning"),
        ([date(2026, 7, 1)], "no snapshot after its end"),
        ([date(2026, 7, 1), date(2026, 10, 1)], "nothing was won"),
    ],
)
def test_what_was_not_kept_is_said(vp, rep, days, why):
    for day in days:
        keep(day, rep, "commit", 10)

    found = accuracy_of(new_business(), Q3, whose_deals(vp), today=TODAY)

    assert (found.value, found.why_not) == (None, why)


def test_a_period_that_goes_on_has_no_accuracy(vp):
    assert accuracy_of(new_business(), Q4, whose_deals(vp), today=TODAY).why_not == "not over yet"


def test_the_trend_reads_each_snapshot(vp, rep):
    for number in range(40):
        keep(Q3.starts_on + number * DAY, rep, "commit", number)

    said, _ = trend_of(new_business(), Q3, whose_deals(vp), today=TODAY)

    assert said[-1].forecast == 39
    assert len(said) <= 31
