"""A policy tried in a browser: on what was submitted, and on another system's export."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dealdesk.models import ReplayFile
from tests.e2e.walk import PHONE, axe, look, sign_in
from tests.factories.dealdesk import line, make_quote, submit

pytestmark = [pytest.mark.django_db(transaction=True)]
HEAD = "Opportunity;Amount;Discount %;Payment terms;Employees;Special terms\n"
ROWS = [
    '"=cmd|x";9000,00;10 %;Net 30;120;',
    "Müller;8000,00;25 %;NET60;120;Odd wish",
    "Bolt;7000,00;5 %;Net 30;40;",
    "Broken;many;5 %;Net 30;40;",
    "Short;1",
]


def test_an_export_is_mapped_judged_printed_and_kept(
    page, context, live_server, revops, tmp_path, settings, errors
):
    settings.MEDIA_ROOT = tmp_path / "media"
    file = tmp_path / "export.csv"
    file.write_text(HEAD + "\n".join(ROWS), encoding="cp1252")
    sign_in(context, live_server.url, revops)

    page.goto(f"{live_server.url}/policy/replay/")
    page.get_by_role("link", name="Try it on an export").click()
    page.get_by_label("Policy to try").select_option("preset-recommended")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload and map the columns").click()
    expect(page.get_by_label("Column for Payment")).to_have_value("Payment terms")
    # Before the scripts have run a choice is only kept, and no examples are fetched.
    page.wait_for_load_state()
    page.get_by_label("Column for Segment").select_option("Employees")
    expect(page.locator("#examples-past_deal-segment")).to_contain_text("120")
    page.get_by_label("Column for Segment").select_option("")
    assert axe(page) == []
    page.get_by_role("button", name="Judge the deals").click()

    expect(page.get_by_role("heading", name="Preset: Recommended")).to_be_visible()
    expect(page.get_by_text("1 of 3 deals", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    expect(page.get_by_role("row", name="6 The row has 2 cells")).to_be_visible()
    assert axe(page) == []
    look(page, "replay-page")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Rows that were left out")).to_be_hidden()
    expect(page.get_by_text("Three changes that remove most approvals")).to_be_visible()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Keep these figures, delete the file").click()
    expect(page.get_by_text("these figures alone, no row of the file")).to_be_visible()
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    assert ReplayFile.objects.get().outcome["bad"] == []
    assert errors == []


def test_a_preset_is_replayed_on_a_phone(browser, live_server, rep, manager, vp, desk, revops):
    submit(make_quote(rep, lines=[line(quantity=300)]), at=timezone.now())
    context = browser.new_context(**PHONE, color_scheme="dark")
    page = context.new_page()
    sign_in(context, live_server.url, revops)

    page.goto(f"{live_server.url}/policy/replay/?policy=preset-recommended")
    page.get_by_label("Submitted in the last").select_option("24")
    page.get_by_role("button", name="Replay", exact=True).click()

    expect(page.get_by_role("link", name="Becomes automatic")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert axe(page) == []
    look(page, "replay-phone")
    page.goto(f"{live_server.url}/reports/bunching/")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert axe(page) == []
    context.close()
