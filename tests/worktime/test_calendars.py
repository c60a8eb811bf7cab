from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from revops.company.operations import change_company
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.refusals import NotAllowed, Refused
from revops.worktime.calendars import calendar_of, company_calendar, read_week
from revops.worktime.models import Calendar
from revops.worktime.operations import change_calendar, create_calendar, set_holidays
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db


def test_there_is_a_default_calendar_after_every_migrate():
    assert company_calendar().day_length() == timedelta(hours=8)


def test_a_person_works_in_their_own_zone():
    ana = make_person("Ana Ruiz", zone="Europe/Madrid")

    assert calendar_of(ana).zone == ZoneInfo("Europe/Madrid")


def test_a_person_without_a_zone_works_in_that_of_the_company():
    change_company(changes={"zone": "Europe/Berlin"}, by=SYSTEM, at=AT)

    assert calendar_of(make_person("Ana Ruiz")).zone == ZoneInfo("Europe/Berlin")


def test_a_calendar_may_have_hours_of_its_own():
    shop = create_calendar(name="Shop", week={"sat": [["10:00", "14:00"]]}, by=SYSTEM, at=AT)
    ana = make_person("Ana Ruiz", calendar=shop)

    assert calendar_of(ana).day_length() == timedelta(hours=4)


@pytest.mark.parametrize(
    "week",
    [
        {},
        {"mon": []},
        {"monday": [["09:00", "17:00"]]},
        {"mon": [["17:00", "09:00"]]},
        {"mon": [["09:00", "12:00"], ["11:00", "17:00"]]},
        {"mon": [["nine", "five"]]},
    ],
)
def test_hours_that_make_no_sense_are_refused(week):
    with pytest.raises(Refused):
        create_calendar(name="Odd", week=week, by=SYSTEM, at=AT)


def test_a_day_may_end_at_midnight():
    assert read_week({"mon": [["16:00", "24:00"]]})[0][0][1] is None


def test_holidays_of_a_country_nobody_knows_are_refused():
    with pytest.raises(Refused, match="No public holidays are known for XX"):
        create_calendar(name="Nowhere", country="XX", by=SYSTEM, at=AT)


def test_own_holidays_are_days_off():
    calendar = Calendar.objects.get(is_default=True)

    set_holidays(calendar=calendar, days={date(2026, 11, 4): "Works outing"}, by=SYSTEM, at=AT)

    assert company_calendar().is_holiday(date(2026, 11, 4))


def test_a_change_that_changes_nothing_leaves_no_entry():
    calendar = Calendar.objects.get(is_default=True)

    change_calendar(calendar=calendar, changes={"country": ""}, by=SYSTEM, at=AT)

    assert not Entry.objects.about(calendar).exists()


def test_only_an_administrator_changes_calendars():
    rep = make_person("Rita Rep", roles=["rep"])

    with pytest.raises(NotAllowed):
        create_calendar(name="Mine", by=Actor.of(rep), at=AT)
