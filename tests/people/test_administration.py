"""Django's administration goes through the operations, and shows their refusals."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib import admin
from django.db import transaction
from django.urls import reverse

from revops.administration import OperationAdmin, ReadOnlyAdmin
from revops.company.models import Company, ExchangeRate, FieldDefinition
from revops.ledger.models import Entry
from revops.outbox.models import Delivery
from revops.people.models import Team, User
from revops.worktime.models import Calendar
from tests.foundation import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def adele(client):
    adele = make_person("Adele Admin", roles=["revops_admin"])
    client.force_login(adele)
    return adele


def person_form(person, **facts):
    form = {
        "email": person.email,
        "name": person.name,
        "roles": sorted(person.roles),
        "manager": person.manager_id or "",
        "team": "",
        "zone": "",
        "calendar": "",
        "shown_version": person.version,
    }
    return form | facts


def change_page(record):
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])


def test_only_administrators_come_in(client):
    client.force_login(make_person("Rita Rep", roles=["rep"]))

    assert client.get(reverse("admin:people_user_changelist")).status_code == 302


@pytest.mark.parametrize(
    "model", [User, Team, Company, ExchangeRate, FieldDefinition, Calendar, Entry, Delivery]
)
def test_every_list_can_be_seen(client, adele, model):
    meta = model._meta
    page = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))

    assert page.status_code == 200


def test_our_records_are_changed_by_operations_only():
    for model, site in admin.site._registry.items():
        if model.__module__.startswith(("revops.", "pipeline.", "dealdesk.")):
            assert isinstance(site, OperationAdmin | ReadOnlyAdmin), model


@pytest.mark.django_db(transaction=True)
def test_the_page_leaves_the_transaction_to_the_operation(client):
    with transaction.atomic():
        adele = make_person("Adele Admin", roles=["revops_admin"])
    client.force_login(adele)

    client.post(reverse("admin:people_team_add"), {"key": "north", "name": "North"})

    assert Team.objects.get().name == "North"


def test_nothing_is_deleted(client, adele):
    page = reverse("admin:people_user_delete", args=[adele.pk])

    assert client.post(page, {"post": "yes"}).status_code == 403


def test_a_person_is_added_by_the_operation(client, adele):
    page = reverse("admin:people_user_add")

    answer = client.post(
        page, {"email": "Bo@dealdesk.example", "name": "Bo Berg", "roles": ["rep", "legal"]}
    )

    bo = User.objects.get(email="bo@dealdesk.example")
    assert answer.status_code == 302
    assert bo.roles == {"rep", "legal"}
    assert Entry.objects.about(bo).filter(verb="person.created", actor=adele).exists()


def test_a_person_is_changed_by_the_operation(client, adele):
    bo = make_person("Bo Berg", roles=["rep"])

    client.post(
        change_page(bo),
        person_form(bo, name="Bo Bergman", roles=["legal"], manager=adele.pk),
    )

    bo.refresh_from_db()
    assert (bo.name, bo.roles, bo.manager) == ("Bo Bergman", {"legal"}, adele)
    assert list(User.objects.above(bo)) == [adele]


def test_a_refusal_is_shown_and_the_form_keeps_what_was_typed(client, adele):
    bo = make_person("Bo Berg", manager=adele)

    page = client.post(change_page(adele), person_form(adele, name="Adele A", manager=bo.pk))

    assert page.status_code == 200
    assert "cannot be their manager" in page.text
    assert 'value="Adele A"' in page.text
    adele.refresh_from_db()
    assert adele.name == "Adele Admin"


def test_a_form_shown_before_another_change_is_refused(client, adele):
    bo = make_person("Bo Berg")

    page = client.post(change_page(bo), person_form(bo, name="Bo B", shown_version=7))

    assert "Somebody else changed this" in page.text


def test_a_person_who_leaves_needs_a_successor_for_what_is_open(client, adele):
    bo = make_person("Bo Berg")
    make_person("Cy Cole", manager=bo)

    page = client.post(change_page(bo), person_form(bo, leaves="on"))
    assert "1 person reports to them" in page.text

    client.post(change_page(bo), person_form(bo, leaves="on", successor=adele.pk))
    bo.refresh_from_db()
    assert not bo.is_active


def test_people_are_admitted_from_the_list(client, adele):
    bo = make_person("Bo Berg", admitted=False)

    client.post(
        reverse("admin:people_user_changelist"),
        {"action": "admit", "_selected_action": [bo.pk]},
    )

    bo.refresh_from_db()
    assert bo.admitted_by == adele


def test_the_company_is_changed_by_the_operation(client, adele):
    company = Company.get()
    facts = {"name": "Tailwind", "zone": "Europe/Berlin", "currency": "USD"}

    client.post(
        change_page(company),
        facts | {"rate_max_age_days": 31, "close_date_from_start": "on", "shown_version": 1},
    )

    assert Company.get().name == "Tailwind"
    assert Entry.objects.about(company).get().actor == adele


def test_a_rate_is_entered_and_corrected(client, adele):
    facts = {"currency": "EUR", "valid_from": "2026-11-03", "per_company_unit": "0.93"}
    client.post(reverse("admin:company_exchangerate_add"), facts)
    rate = ExchangeRate.objects.get()

    client.post(change_page(rate), {"per_company_unit": "0.92", "source": "ECB"})

    rate.refresh_from_db()
    assert (rate.valid_from, rate.per_company_unit) == (date(2026, 11, 3), Decimal("0.92"))
    assert Entry.objects.about(rate).count() == 2


def test_a_calendar_is_changed_with_its_days_off(client, adele):
    calendar = Calendar.objects.get(is_default=True)
    facts = {
        "name": "Office hours",
        "week": '{"mon": [["08:00", "12:00"]]}',
        "shown_version": 1,
    }

    page = client.post(change_page(calendar), facts | {"days_off": "Christmas"})
    assert "begin with a day" in page.text

    client.post(change_page(calendar), facts | {"days_off": "2026-12-24 Christmas Eve"})
    calendar.refresh_from_db()
    assert calendar.week == {"mon": [["08:00", "12:00"]]}
    assert calendar.holidays.get().name == "Christmas Eve"
