from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import Deal, DigestSent
from pipeline.operations import advance_deal, push_close_date, set_alert_preference
from pipeline.operations.digests import due
from revops.company.models import ExchangeRate
from revops.people.models import User
from tests.factories.people import by
from tests.factories.pipeline import complete, make_deal
from tests.pipeline.alerts.telling import DAY, START, digests, found, stale_deal, sweep, told

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 6, 8, 8, 0, tzinfo=UTC)
WEDNESDAY = START + 2 * DAY
MINUTE = timedelta(minutes=1)


def choose(person, cadence, at=START - 3 * DAY, weekly_digest=True):
    return set_alert_preference(
        person=person, cadence=cadence, weekly_digest=weekly_digest, by=by(person), at=at
    )


def in_zone(person, zone):
    User.objects.filter(pk=person.pk).update(zone=zone)
    person.refresh_from_db()


def weekly(person):
    return told(person, "digest.weekly")


def daily(person):
    return told(person, "digest.daily")


def figures(person, number=-1) -> dict[str, tuple[int, str]]:
    rows = weekly(person)[number].context["figures"]
    return {row["key"]: (row["count"], row["sum"]) for row in rows}


# The Monday digest


def test_a_rep_has_the_figures_of_their_own_deals_on_monday_at_eight(rep, other_rep, manager):
    make_deal(rep, at=START - 30 * DAY, amount=Decimal(1000))
    make_deal(rep, "New", at=WEDNESDAY, amount=Decimal(200), close_date=date(2026, 6, 12))
    moved = complete(make_deal(rep, "Moved", at=START - 9 * DAY, amount=Decimal(30)))
    advance_deal(deal=moved, by=by(rep), at=WEDNESDAY)
    pushed = make_deal(rep, "Pushed", at=START - 2 * DAY, amount=Decimal(4))
    push_close_date(
        deal=pushed, to=date(2027, 1, 5), reason_key="budget", note="So", by=by(rep), at=WEDNESDAY
    )
    make_deal(other_rep, "Not mine", at=WEDNESDAY)

    digests(MONDAY - MINUTE)
    assert weekly(rep) == []

    digests(MONDAY)
    assert figures(rep) == {
        "open": (4, "$1,234.00"),
        "new": (1, "$200.00"),
        "moved": (1, "$30.00"),
        "stale": (1, "$1,000.00"),
        "pushed": (1, "$4.00"),
        "closing": (1, "$200.00"),
    }


def test_a_manager_has_those_of_the_line_and_revops_all(rep, manager, revops, other_rep):
    make_deal(rep, at=WEDNESDAY)
    make_deal(manager, "Own", at=WEDNESDAY)
    lone = User.objects.get(pk=other_rep.pk)
    make_deal(lone, "Also below", at=WEDNESDAY)

    digests(MONDAY)

    assert figures(rep)["open"][0] == 1
    assert figures(manager)["open"][0] == 3
    assert figures(revops)["open"][0] == 3
    assert weekly(manager)[0].context["covers"] == "your line"
    assert weekly(revops)[0].context["covers"] == "all deals"


def test_what_happened_on_monday_itself_waits_for_the_next_digest(rep):
    make_deal(rep, at=MONDAY - timedelta(hours=1))

    digests(MONDAY)
    digests(MONDAY + 7 * DAY)

    assert figures(rep, 0)["new"][0] == 0
    assert figures(rep, 1)["new"][0] == 1


def test_nothing_is_sent_where_there_is_nothing(rep, manager):
    digests(MONDAY)

    assert weekly(rep) == weekly(manager) == []
    assert due(MONDAY) == []


def test_nobody_without_a_part_in_selling_has_a_digest(rep, outsider, auditor, finance):
    User.objects.update(admitted_at=START.replace(year=2025))
    make_deal(rep, at=WEDNESDAY)

    digests(MONDAY)

    assert weekly(outsider) == weekly(auditor) == weekly(finance) == []


def test_the_digest_can_be_switched_off(rep, other_rep):
    choose(rep, "immediate", weekly_digest=False)
    make_deal(rep, at=WEDNESDAY)

    digests(MONDAY)

    assert weekly(rep) == []


def test_nobody_has_a_digest_twice(rep):
    make_deal(rep, at=WEDNESDAY)

    for minutes in range(0, 60, 5):
        digests(MONDAY + minutes * MINUTE)
    digests(MONDAY + 6 * DAY)

    assert len(weekly(rep)) == 1


def test_days_without_a_scheduler_are_made_up_for_once(rep):
    make_deal(rep, at=WEDNESDAY)

    digests(MONDAY + 3 * DAY)
    digests(MONDAY + 3 * DAY + MINUTE)

    [notice] = weekly(rep)
    assert notice.context["day"] == "2026-06-08"


def test_weeks_without_a_scheduler_bring_the_latest_digest_alone(rep):
    make_deal(rep, at=WEDNESDAY)

    digests(MONDAY + 23 * DAY)
    digests(MONDAY + 24 * DAY)

    [notice] = weekly(rep)
    assert notice.context["day"] == "2026-06-29"


def test_a_monday_is_not_made_up_for_when_the_week_is_over(rep):
    make_deal(rep, at=WEDNESDAY)

    digests(MONDAY + 4 * DAY)

    assert weekly(rep) == []


def test_each_reader_has_it_at_their_own_eight(rep, other_rep, manager):
    in_zone(rep, "Asia/Tokyo")
    in_zone(other_rep, "America/New_York")
    in_zone(manager, "Asia/Kolkata")
    make_deal(rep, at=WEDNESDAY)
    make_deal(other_rep, "Other", at=WEDNESDAY)
    moments = {
        rep: datetime(2026, 6, 7, 23, tzinfo=UTC),
        manager: datetime(2026, 6, 8, 2, 30, tzinfo=UTC),
        other_rep: datetime(2026, 6, 8, 12, tzinfo=UTC),
    }

    for person, moment in moments.items():
        digests(moment - MINUTE)
        assert weekly(person) == []
        digests(moment)
        assert len(weekly(person)) == 1


def test_the_hour_follows_the_clock_of_the_reader(rep):
    in_zone(rep, "Europe/Madrid")
    make_deal(rep, at=START, close_date=date(2027, 6, 1))
    digests(datetime(2026, 10, 19, 6, tzinfo=UTC))  # the last Monday of summer time
    assert len(weekly(rep)) == 1

    digests(datetime(2026, 10, 26, 6, 59, tzinfo=UTC))
    assert len(weekly(rep)) == 1

    digests(datetime(2026, 10, 26, 7, tzinfo=UTC))
    assert len(weekly(rep)) == 2


def test_who_began_today_does_not_begin_with_last_week(rep):
    User.objects.filter(pk=rep.pk).update(admitted_at=MONDAY + DAY)
    make_deal(rep, at=WEDNESDAY)

    digests(MONDAY + DAY)

    assert weekly(rep) == []


def test_a_currency_without_a_rate_is_named(rep):
    ExchangeRate.objects.create(currency="EUR", per_company_unit="0.5", valid_from=MONDAY.date())
    make_deal(rep, at=WEDNESDAY, amount=Decimal(10))
    make_deal(rep, "In euro", at=WEDNESDAY, amount=Decimal(10), currency="EUR")
    make_deal(rep, "In yen", at=WEDNESDAY, amount=Decimal(10), currency="JPY")

    digests(MONDAY)

    assert figures(rep)["open"] == (3, "$30.00")
    assert weekly(rep)[0].context["unconverted"] == ["JPY"]


# Findings by day and by week


def test_daily_brings_one_mail_at_eight_with_what_is_new(rep):
    choose(rep, "daily")
    stale_deal(rep)
    day = START + 15 * DAY
    digests(day)
    sweep(day)
    stale_deal(rep, "Second", next_step="")
    sweep(day + MINUTE)

    digests(day + timedelta(hours=2))
    assert daily(rep) == []

    digests(day + timedelta(hours=23))
    [notice] = daily(rep)
    assert len(found(notice)) == 3

    digests(day + timedelta(hours=47))
    assert len(daily(rep)) == 1


def test_daily_says_nothing_where_nothing_is_new(rep):
    choose(rep, "daily")
    make_deal(rep, at=START)

    digests(START + DAY)

    assert daily(rep) == []


def test_weekly_brings_findings_within_the_monday_digest(rep):
    choose(rep, "weekly")
    stale_deal(rep)
    sweep(START + 15 * DAY)

    digests(START + 21 * DAY)

    [notice] = weekly(rep)
    assert found(notice) == [("Acme rollout", "Stale")]
    assert notice.context["figures"]
    assert daily(rep) == told(rep) == []


def test_weekly_findings_come_without_figures_where_these_are_off(rep):
    choose(rep, "weekly", weekly_digest=False)
    stale_deal(rep)
    sweep(START + 15 * DAY)

    digests(START + 21 * DAY)

    [notice] = weekly(rep)
    assert "figures" not in notice.context


def test_a_new_choice_begins_with_its_next_morning(rep):
    stale_deal(rep)
    noon = START + 15 * DAY + timedelta(hours=3)
    choose(rep, "daily", at=noon)
    sweep(noon)

    digests(noon + MINUTE)
    assert daily(rep) == []

    digests(noon + timedelta(hours=20))
    assert len(daily(rep)) == 1


def test_off_brings_nothing_of_findings(rep):
    choose(rep, "off", weekly_digest=False)
    stale_deal(rep)
    sweep(START + 15 * DAY)

    digests(START + 21 * DAY)

    assert told(rep) == daily(rep) == weekly(rep) == []


def test_the_sum_of_questions_does_not_grow_with_deals(rep):
    make_deal(rep, at=WEDNESDAY)
    with CaptureQueriesContext(connection) as few:
        digests(MONDAY)
    for number in range(15):
        make_deal(rep, f"Deal {number}", at=WEDNESDAY)
    DigestSent.objects.all().delete()
    with CaptureQueriesContext(connection) as many:
        digests(MONDAY + 7 * DAY)

    assert Deal.objects.count() == 16
    assert len(many) <= len(few)
