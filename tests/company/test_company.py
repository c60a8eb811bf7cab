from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from revops.company.days import local_day
from revops.company.fields import validate_custom
from revops.company.models import Company, FieldDefinition
from revops.company.operations import (
    archive_field,
    change_company,
    change_field,
    define_field,
    set_rate,
)
from revops.company.rates import RateMissing, convert
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.refusals import Conflict, NotAllowed, Refused
from tests.foundation import AT, SYSTEM, make_person

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 3)


def euro(rate="0.92", valid_from=TODAY):
    return set_rate(
        currency="EUR",
        per_company_unit=Decimal(rate),
        valid_from=valid_from,
        by=SYSTEM,
        at=AT,
    )


def define(key, kind, **facts):
    return define_field(entity="deal", key=key, kind=kind, label=key, by=SYSTEM, at=AT, **facts)


def test_there_is_one_company():
    with pytest.raises(IntegrityError, match="one_row"), transaction.atomic():
        Company.objects.create(pk=2)


def test_settings_are_changed_with_a_version_and_an_entry():
    company = change_company(changes={"name": "Tailwind"}, by=SYSTEM, at=AT)

    assert company.version == 2
    assert Entry.objects.about(company).get().after == {"name": "Tailwind"}
    with pytest.raises(Conflict):
        change_company(changes={"name": "Other"}, by=SYSTEM, at=AT, version=1)


def test_only_an_administrator_changes_settings():
    with pytest.raises(NotAllowed):
        change_company(changes={"name": "Mine"}, by=Actor.of(make_person("Rita Rep")), at=AT)


@pytest.mark.parametrize("changes", [{"zone": "Mars/Base"}, {"currency": "dollars"}, {"size": 3}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(Refused):
        change_company(changes=changes, by=SYSTEM, at=AT)


def test_the_day_is_that_of_the_companys_zone():
    change_company(changes={"zone": "Asia/Tokyo"}, by=SYSTEM, at=AT)

    assert local_day(datetime(2026, 11, 3, 16, tzinfo=UTC)) == date(2026, 11, 4)


def test_money_is_converted_at_the_rate_of_the_day():
    euro("0.90", date(2026, 11, 1))
    euro("0.92", date(2026, 11, 3))

    assert convert(Decimal("90"), "EUR", date(2026, 11, 2)) == 100
    assert convert(Decimal("92"), "EUR", date(2026, 11, 4)) == 100


def test_the_company_currency_needs_no_rate():
    assert convert(Decimal("12.50"), "USD", TODAY) == Decimal("12.50")


def test_a_missing_rate_is_refused_by_name():
    euro()

    with pytest.raises(RateMissing, match="no exchange rate for CHF"):
        convert(Decimal(1), "CHF", TODAY)
    with pytest.raises(RateMissing, match="no exchange rate for EUR on 2026-11-02"):
        convert(Decimal(1), "EUR", date(2026, 11, 2))


def test_a_rate_too_old_is_refused():
    euro(valid_from=date(2026, 10, 3))
    assert convert(Decimal("0.92"), "EUR", TODAY) == 1

    with pytest.raises(RateMissing, match="more than 31 days before"):
        convert(Decimal(1), "EUR", date(2026, 11, 4))


def test_the_company_currency_stays_while_rates_depend_on_it():
    euro()

    with pytest.raises(Refused, match="cannot change while exchange rates"):
        change_company(changes={"currency": "GBP"}, by=SYSTEM, at=AT)


def test_a_corrected_rate_keeps_the_old_one_in_the_ledger():
    euro("0.93")
    rate = euro("0.92")

    assert Entry.objects.about(rate).first().before == {"per_company_unit": "0.9300000000"}


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", "  Acme ", "Acme"),
        ("text", "   ", None),
        ("integer", "12", 12),
        ("number", "12.50", "12.50"),
        ("boolean", "yes", True),
        ("date", "2026-11-30", "2026-11-30"),
        ("choice", "emea", "emea"),
        ("multi_choice", ["apac", "emea"], ["emea", "apac"]),
        ("url", "https://example.com", "https://example.com"),
    ],
)
def test_values_are_kept_in_one_form(kind, given, kept):
    options = [{"key": "emea", "label": "EMEA"}, {"key": "apac", "label": "APAC"}]
    define("field", kind, options=options if "choice" in kind else None)

    assert validate_custom("deal", {"field": given}) == {"field": kept}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("integer", "12.5"),
        ("number", "much"),
        ("number", "NaN"),
        ("boolean", "maybe"),
        ("date", "30.11.2026"),
        ("url", "javascript:alert(1)"),
    ],
)
def test_values_of_another_kind_are_refused(kind, given):
    define("field", kind)

    with pytest.raises(Refused):
        validate_custom("deal", {"field": given})


def test_all_faults_are_named_at_once():
    define("users", "integer")
    define("go_live", "date")

    with pytest.raises(Refused) as refusal:
        validate_custom("deal", {"users": "many", "go_live": "soon", "colour": "red"})

    assert {item.key for item in refusal.value.missing} == {"users", "go_live", "colour"}


def test_a_key_is_never_used_twice():
    archive_field(definition=define("users", "integer"), by=SYSTEM, at=AT)

    with pytest.raises(Refused, match="never used twice"):
        define("users", "text")


def test_a_field_keeps_its_key_and_kind():
    definition = define("users", "integer")

    change_field(definition=definition, changes={"label": "Users"}, by=SYSTEM, at=AT)

    with pytest.raises(Refused, match="never change"):
        change_field(definition=definition, changes={"kind": "text"}, by=SYSTEM, at=AT)
    with pytest.raises(DatabaseError), transaction.atomic():
        FieldDefinition.objects.filter(pk=definition.pk).update(kind="text")


def test_a_list_needs_options():
    with pytest.raises(Refused, match="needs options"):
        define("region", "choice")
