"""The pages of the forecast: whom they serve, what they answer, what they cost."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.models import ForecastCall, Quota
from pipeline.operations import push_close_date
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import make_deal
from tests.pipeline.forecasting.making import make_call, make_quota
from tests.pipeline.visiting import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]

PAGES = ["forecast", "waterfall", "forecast-trend", "quota-list", "delay-report"]
SERVED = ["rep", "manager", "vp", "desk", "finance", "legal", "revops", "auditor"]
SPAN = "?from=2026-11-01&to=2026-11-30"


def url(name, *args):
    return reverse(f"pipeline:{name}", args=args)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", SERVED)
def test_sellers_and_those_who_see_all_are_served(role, name, visit, rep, request):
    make_deal(rep)
    make_quota(rep)

    assert visit(request.getfixturevalue(role)).get(url(name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", ["outsider", "customer_success"])
def test_others_are_told_no(role, name, visit, request):
    assert visit(request.getfixturevalue(role)).get(url(name)).status_code == 403


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_page_is_a_file_too(name, kind, visit, vp, rep):
    make_deal(rep)

    answer = visit(vp).get(f"{url(name)}?format={kind}")

    assert answer.status_code == 200
    assert f".{kind}" in answer["Content-Disposition"]
    assert b"".join(answer.streaming_content)


@pytest.mark.parametrize("name", PAGES)
def test_a_file_of_another_kind_is_not_there(name, visit, vp):
    assert visit(vp).get(f"{url(name)}?format=exe").status_code == 404


@pytest.mark.parametrize("name", ["forecast", "waterfall", "forecast-trend", "delay-report"])
@pytest.mark.parametrize("query", ["person=999", "person=x", "pipeline=none", "team=777777"])
def test_who_may_not_be_seen_is_not_there(name, query, visit, manager):
    assert visit(manager).get(f"{url(name)}?{query}").status_code == 404


@pytest.mark.parametrize("name", ["waterfall", "delay-report"])
@pytest.mark.parametrize(
    "query", ["from=x&to=y", "from=2026-11-30&to=2026-11-01", "from=1990-01-01&to=2026-01-01"]
)
def test_days_that_cannot_be_read_are_said(name, query, visit, vp):
    assert visit(vp).get(f"{url(name)}?{query}").status_code == 422


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_the_same_whatever_there_is(name, visit, vp, rep, other_rep):
    browser, address = visit(vp), url(name)
    for owner in (rep, other_rep):
        make_deal(owner, f"First of {owner.pk}")
    make_quota(rep)
    browser.get(address)
    with CaptureQueriesContext(connection) as few:
        browser.get(address)
    for number in range(15):
        make_deal(rep, f"Deal {number}", close_date=date(2026, 11, 10) + timedelta(days=number))
    make_quota(other_rep)

    with CaptureQueriesContext(connection) as many:
        browser.get(address)

    assert len(many) == len(few)


# The forecast


def test_lines_unfold_by_their_address(visit, vp, manager, rep):
    make_deal(rep)
    browser = visit(vp)

    assert rep.name not in table_of(browser.get(url("forecast")))
    assert rep.name in table_of(browser.get(f"{url('forecast')}?open={vp.pk},{manager.pk}"))
    assert rep.name in table_of(browser.get(f"{url('forecast')}?open=all"))


def test_a_long_line_shows_its_first_rows_and_a_way_to_all(visit, vp, manager, rep, monkeypatch):
    monkeypatch.setattr("pipeline.views.rows.MOST_ROWS", 1)
    make_deal(rep)
    for name, rows in (("forecast", {"open": "all"}), ("quota-list", {})):
        first = visit(vp).get(url(name), rows)
        whole = visit(vp).get(url(name), {**rows, "rows": "all"})
        assert len(first.context["rows"]) == 1
        assert len(whole.context["rows"]) > 1
        assert f"Show all {len(whole.context['rows'])}" in first.content.decode()


def table_of(answer):
    return text_of(answer).partition("<tbody>")[2].partition("</table>")[0]


def test_a_call_stands_beside_the_sum(visit, manager, rep):
    make_deal(rep, stage="negotiation")
    browser = visit(manager)
    address = f"{url('forecast-call')}?person={rep.pk}&period=2026-Q4&pipeline=new-business"

    answer = browser.post(address, {"category": "commit", "amount": "7,500", "reason": "One slips"})

    assert answer.status_code == 302
    page = text_of(browser.get(f"{url('forecast')}?open=all"))
    assert "One slips" in page
    assert "7,500" in page
    assert "10,000" in page


def test_a_call_without_a_reason_is_refused(visit, manager, rep):
    address = f"{url('forecast-call')}?person={rep.pk}&period=2026-Q4&pipeline=new-business"

    answer = visit(manager).post(address, {"category": "commit", "amount": "1", "reason": "n/a"})

    assert answer.status_code == 422
    assert not ForecastCall.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("revops", 403), ("other_rep", 404)])
def test_others_do_not_call(role, status, visit, rep, request):
    address = f"{url('forecast-call')}?person={rep.pk}&period=2026-Q4&pipeline=new-business"

    assert visit(request.getfixturevalue(role)).get(address).status_code == status


def test_a_call_is_ended(visit, manager, rep):
    call = make_call(rep)

    answer = visit(manager).post(url("forecast-call-end", call.pk))

    assert answer.status_code == 302
    call.refresh_from_db()
    assert call.ended_by == manager


# The waterfall


def test_each_bar_opens_its_deals(visit, vp, rep):
    deal = make_deal(rep, close_date=date(2026, 11, 20), amount=Decimal(500))
    make_deal(rep, "Kept", close_date=date(2026, 11, 25), amount=Decimal(70))
    push_close_date(
        deal=deal, to=date(2026, 12, 5), reason_key="budget", note="Next", by=SYSTEM,
        at=AT + timedelta(days=3),
    )  # fmt: skip
    browser = visit(vp)

    page = text_of(browser.get(f"{url('waterfall')}{SPAN}"))
    behind = text_of(browser.get(f"{url('waterfall-deals', 'pushed_out')}{SPAN}"))
    ending = text_of(browser.get(f"{url('waterfall-deals', 'ending')}{SPAN}"))

    assert "Pushed out" in page
    assert deal.name in behind
    assert "Kept" not in behind
    assert "Kept" in ending
    assert deal.get_absolute_url() not in ending


def test_a_bar_that_is_none_is_not_there(visit, vp):
    assert visit(vp).get(url("waterfall-deals", "sideways")).status_code == 404


def test_the_deals_of_a_bar_are_paged(visit, vp, rep, monkeypatch):
    monkeypatch.setattr("pipeline.views.forecast.change.AT_ONCE", 2)
    for number in range(5):
        make_deal(rep, f"Deal {number}", close_date=date(2026, 11, 20))
    browser, address = visit(vp), f"{url('waterfall-deals', 'new')}{SPAN}"
    seen = []

    while address:
        answer = browser.get(address)
        seen += [row.deal.name for row in answer.context["rows"]]
        address = answer.context["next"] if answer.context["has_next"] else ""

    assert seen == [f"Deal {number}" for number in range(5)]


# Quotas


def test_revops_types_over_the_table(visit, revops, rep):
    address = url("quota-list") + "?year=2026&by=quarter"

    answer = visit(revops).post(address, {f"q-{rep.pk}-2026-Q4": "50,000"})

    assert answer.status_code == 302
    assert Quota.objects.get().amount == 50_000


def test_an_emptied_field_takes_the_quota_away(visit, revops, rep):
    make_quota(rep)

    visit(revops).post(url("quota-list") + "?year=2026", {f"q-{rep.pk}-2026-Q4": ""})

    assert not Quota.objects.exists()


def test_what_is_no_number_is_named_and_nothing_is_saved(visit, revops, rep, other_rep):
    answer = visit(revops).post(
        url("quota-list") + "?year=2026",
        {f"q-{rep.pk}-2026-Q4": "much", f"q-{other_rep.pk}-2026-Q4": "5"},
    )

    assert answer.status_code == 422
    assert "much" in text_of(answer)
    assert not Quota.objects.exists()


@pytest.mark.parametrize("role", ["rep", "manager", "vp", "finance", "auditor"])
def test_others_only_read_quotas(role, visit, rep, request):
    make_quota(rep)
    browser = visit(request.getfixturevalue(role))

    assert "cell-input" not in text_of(browser.get(url("quota-list")))
    answer = browser.post(url("quota-list"), {f"q-{rep.pk}-2026-Q4": "9"})

    assert answer.status_code == 403
    assert Quota.objects.get().amount == 50_000


def test_a_rep_reads_their_own_quota_alone(visit, rep, other_rep):
    make_quota(rep)
    make_quota(other_rep)

    page = text_of(visit(rep).get(url("quota-list") + "?year=2026"))

    assert rep.name in page
    assert other_rep.name not in page
