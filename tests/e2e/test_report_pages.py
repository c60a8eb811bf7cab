"""The reports in a browser: accessible, on a phone, by keys, without scripts, as files."""

import csv
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from pipeline.operations import bulk_move_deals, push_close_date
from pipeline.views.reports.catalogue import REPORTS
from tests.e2e.walk import axe, sign_in
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import complete, make_deal, stage

pytestmark = [pytest.mark.django_db(transaction=True)]

SPAN = "from=2026-01-01&to=2026-12-31"


@pytest.fixture
def deals(rep, other_rep):
    """Some won and lost, one pushed, one open."""
    make_deal(rep, "Won", stage="closed-won")
    for owner in (rep, other_rep):
        deal = complete(make_deal(owner, "Lost", stage="negotiation"))
        bulk_move_deals(
            deals=[deal],
            to=stage("closed-lost"),
            reason="So it went",
            evidence={deal.pk: {"loss_reason": "price", "competitor": {"none": True}}},
            by=SYSTEM,
            at=AT + timedelta(hours=2),
        )
    pushed = make_deal(rep, "Pushed")
    push_close_date(
        deal=pushed, to="2027-01-20", reason_key="budget", note="Frozen", by=SYSTEM, at=AT
    )
    return pushed


def addresses():
    return ["/reports/", *(f"/reports/{report.key}/?{SPAN}" for report in REPORTS)]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_report_is_accessible_and_fits(page, live_server, manager, deals, width, scheme):
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    sign_in(page.context, live_server.url, manager)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})

    faults = []
    for address in [*addresses(), "/reports/trend/?from=2026-12-31&to=2026-01-01"]:
        page.goto(live_server.url + address)
        if found := axe(page):
            faults.append(f"{address}: {found}")
        if page.evaluate("() => document.documentElement.scrollWidth") > width:
            faults.append(f"{address} is wider than {width}")

    assert not faults, "\n".join(faults)
    assert [each for each in complaints if "422" not in each] == []


def test_from_a_figure_to_the_deals_behind_it(page, live_server, manager, deals):
    sign_in(page.context, live_server.url, manager)
    page.goto(f"{live_server.url}/reports/losses/?{SPAN}")

    page.get_by_role("table", name="Losses by reason").get_by_role("link", name="2").click()

    expect(page.locator(".list-total")).to_contain_text("2 deals")
    expect(page.locator(".filter-behind")).to_contain_text("Lost for: Price")
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".filter-behind")).to_have_count(0)


def test_a_question_is_asked_and_kept_in_the_address(page, live_server, manager, deals):
    sign_in(page.context, live_server.url, manager)
    page.goto(f"{live_server.url}/reports/win-rates/")

    page.get_by_role("link", name="This year").click()
    page.get_by_role("link", name="Owner", exact=True).click()

    expect(page.get_by_role("row").filter(has_text="Rita Reyes")).to_be_visible()
    page.get_by_label("From", exact=True).fill("2026-02-01")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_title("Win rates · 1 Feb\xa0– 31 Dec 2026 · Reports")
    expect(page.get_by_role("row").filter(has_text="Rita Reyes")).to_be_visible()


def test_a_table_is_downloaded(page, live_server, manager, deals):
    sign_in(page.context, live_server.url, manager)
    page.goto(f"{live_server.url}/reports/losses/?{SPAN}")

    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV", exact=True).click()

    with open(waiting.value.path()) as file:
        rows = list(csv.DictReader(file))
    assert waiting.value.suggested_filename.endswith(".csv")
    assert [(row["Reason"], row["Lost"]) for row in rows] == [("Price", "2")]


def test_reports_are_read_and_asked_without_scripts(browser, live_server, manager, deals):
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, live_server.url, manager)
    page = context.new_page()
    page.goto(f"{live_server.url}/reports/trend/?{SPAN}")

    page.get_by_label("To", exact=True).fill("2026-11-30")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("30 Nov 2026")
    expect(page.locator("figure.chart svg").first).to_be_visible()
    page.get_by_text("How it is counted").first.click()
    expect(page.get_by_text("By month: deals opened, won and lost in it")).to_be_visible()
    context.close()


def test_a_report_prints_its_numbers_and_not_its_buttons(page, live_server, manager, deals):
    sign_in(page.context, live_server.url, manager)
    page.goto(f"{live_server.url}/reports/win-rates/?{SPAN}")

    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("form.report-question")).to_be_hidden()
    expect(page.locator("table").first).to_be_visible()
