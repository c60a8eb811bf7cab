import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from dealdesk.models import ExceptionRecord, PolicyVersion, PriceList
from dealdesk.policyinwords import policy_words
from dealdesk.presets import PRESETS
from revops.company.models import Company
from revops.people.models import User
from tests.factories.dealdesk import decide, make_quote, product_of, small_account, submit, term
from tests.factories.people import signed_in
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db

REPORT = "dealdesk:exception-report"


def exception(rep, off=25, name="Acme rollout", **facts):
    deal = make_deal(rep, name, account=small_account())
    return submit(make_quote(rep, off, deal=deal, **facts), at=timezone.now() - timedelta(hours=2))


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("revops", 200),
        ("desk", 200),
        ("finance", 200),
        ("legal", 200),
        ("auditor", 200),
        ("rep", 403),
        ("manager", 403),
        ("customer_success", 403),
        ("outsider", 403),
    ],
)
def test_report_is_for_those_who_govern_and_decide(request, who, status):
    client = signed_in(request.getfixturevalue(who))

    assert client.get(reverse(REPORT)).status_code == status
    export = client.get(reverse("dealdesk:exception-export", args=["csv"]))
    assert export.status_code == status


def test_report_ranks_and_lists(rep, vp, desk, revops):
    decide(exception(rep), vp, at=timezone.now())
    exception(rep, None, "Second deal", terms=[term()])

    page = signed_in(revops).get(reverse(REPORT)).content.decode()

    assert "Discount 20 to 40 %" in page
    assert "Custom SLA" in page
    assert "Vera" in page
    assert "<svg" in page


def test_filters_stay_in_the_address(rep, vp, desk, revops):
    exception(rep)
    exception(rep, None, "Second deal", terms=[term()])
    client = signed_in(revops)

    page = client.get(reverse(REPORT), {"kind": "catalogue", "outcome": "pending"}).content.decode()

    assert "Second deal" in page
    assert "Acme rollout</a>" not in page
    assert "kind=catalogue" in page  # the export takes the filters along


def test_days_that_cannot_be_are_told_and_break_nothing(rep, revops):
    page = signed_in(revops).get(reverse(REPORT), {"since": "yesterday", "team": "x", "after": "?"})

    assert page.status_code == 200
    assert "Enter a valid date" in page.content.decode()


def test_report_asks_the_same_however_many_rows(rep, vp, revops):
    client, counts = signed_in(revops), []
    for number in range(6):
        exception(rep, name=f"Deal {number}")
        if number in (1, 5):
            client.get(reverse(REPORT))
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse(REPORT))
            counts.append(len(asked))

    assert counts[0] == counts[1]


def test_rows_are_paged_by_key(rep, vp, revops, monkeypatch):
    from dealdesk.views import exceptions

    monkeypatch.setattr(exceptions, "PAGE", 2)
    for number in range(3):
        exception(rep, name=f"Deal {number}")
    client = signed_in(revops)

    first = client.get(reverse(REPORT))
    rest = client.get(reverse(REPORT) + first.context["next"])

    assert len(first.context["rows"]) == 2
    assert len(rest.context["rows"]) == 1
    assert rest.context["next"] == ""


def test_export_escapes_what_a_spreadsheet_would_run(rep, vp, revops):
    exception(rep, name="=HYPERLINK(1)")
    client = signed_in(revops)

    text = b"".join(
        client.get(reverse("dealdesk:exception-export", args=["csv"])).streaming_content
    ).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][1] == "Deal"
    assert rows[1][1] == "'=HYPERLINK(1)"

    workbook = client.get(reverse("dealdesk:exception-export", args=["xlsx"]))
    book = load_workbook(io.BytesIO(b"".join(workbook.streaming_content)))
    deal = book.active["B2"]
    assert (deal.value, deal.data_type, deal.quotePrefix) == ("=HYPERLINK(1)", "s", True)
    assert book.active["K2"].value == float(ExceptionRecord.objects.get().stake_amount)


def test_unknown_export_is_not_there(revops):
    page = signed_in(revops).get(reverse("dealdesk:exception-export", args=["pdf"]))

    assert page.status_code == 404


# Policy, prices, catalogue


def test_everybody_reads_policy_prices_and_catalogue(outsider):
    product_of("platform")
    client = signed_in(outsider)

    policy = client.get(reverse("dealdesk:policy-detail")).content.decode()
    assert "20 % to below 40 %" in policy
    assert "asks the VP of sales" in policy
    assert "Platform" in client.get(reverse("dealdesk:price-list")).content.decode()
    assert "Custom SLA" in client.get(reverse("dealdesk:term-catalogue")).content.decode()


def test_price_list_without_prices_says_what_to_do(outsider):
    page = signed_in(outsider).get(reverse("dealdesk:price-list"))

    assert "No prices yet" in page.content.decode()


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_reads_as_sentences(preset):
    sections = policy_words(PRESETS[preset], "EUR")

    assert [section.title for section in sections][:4] == ["Price", "Terms", "Structure", "Size"]
    assert all(rule.when and rule.then for section in sections for rule in section.rules)


def test_recommended_says_when_enterprise_asks():
    words = str(policy_words(PRESETS["recommended"], "EUR"))

    assert "together with a non-standard term" in words
    assert "is told and asked nothing" in words


# Setting up


ANSWERS = {
    "name": "Tallow Ltd",
    "currency": "gbp",
    "zone": "Europe/London",
    "administrator": "Noor Haddad",
    "email": "noor@tallow.example",
    "password": "a long enough secret",
    "preset": "recommended",
}


def test_set_up_names_the_company_and_lets_the_administrator_in():
    client = Client()
    page = client.get("/setup/").content.decode()
    assert "As in the sources" in page
    assert "Recommended" in page

    answer = client.post("/setup/", ANSWERS)

    assert answer.status_code == 302
    company, person = Company.get(), User.objects.get()
    assert (company.name, company.currency, company.preset) == ("Tallow Ltd", "GBP", "recommended")
    assert PolicyVersion.objects.get(in_force=True).preset == "recommended"
    assert PriceList.objects.get().currency == "GBP"
    assert person.has_role("revops_admin")
    assert client.login(email="noor@tallow.example", password=ANSWERS["password"])
    assert client.get("/setup/").status_code == 404
    assert client.post("/setup/", ANSWERS).status_code == 404


def test_set_up_keeps_what_was_typed_but_no_password():
    page = Client().post("/setup/", {**ANSWERS, "password": "short"})

    assert page.status_code == 422
    assert "Tallow Ltd" in page.content.decode()
    assert "short" not in page.content.decode().replace("too short", "")
    assert not User.objects.exists()


def test_set_up_is_closed_once_somebody_is_there(rep):
    assert Client().get("/setup/").status_code == 404
    assert Client().post("/setup/", ANSWERS).status_code == 404


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_report_refuses_a_day_at_the_end_of_the_calendar(revops, day):
    page = signed_in(revops).get(reverse(REPORT), {"until": day})

    assert "Give a day" in page.content.decode()
