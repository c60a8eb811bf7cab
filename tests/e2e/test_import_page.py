"""Importing a file in a browser, and the pages of alerts on a phone."""

import pytest
from playwright.sync_api import expect

from pipeline.models import Account
from revops.imports.models import ImportRun
from revops.imports.tasks import work_on
from tests.e2e.walk import PHONE, axe, look, sign_in
from tests.pipeline.alerts.telling import STALE_AT, stale_deal, sweep

pytestmark = [pytest.mark.django_db(transaction=True)]
FILE = 'Id;Account Name;Sector;Employees\n1;Acme;it;120\n2;Bolt;Retail;many\n3;"=cmd|x";Retail;7\n'


def upload(page, base, tmp_path):
    file = tmp_path / "accounts.csv"
    file.write_text(FILE)
    page.goto(f"{base}/imports/")
    page.get_by_label("What the file holds").select_option("accounts")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload and map the columns").click()
    expect(page.get_by_role("heading", name="Map the columns")).to_be_visible()
    page.wait_for_load_state()  # Without its scripts a choice fetches no examples.


def test_a_file_is_mapped_checked_and_imported_on_screen(
    page, context, live_server, revops, tmp_path, settings, errors
):
    settings.MEDIA_ROOT = tmp_path / "media"
    sign_in(context, live_server.url, revops)
    upload(page, live_server.url, tmp_path)

    expect(page.get_by_label("Column for Name")).to_have_value("Account Name")
    page.get_by_label("Source system").fill("crm")
    page.get_by_label("Column for Industry").select_option("Employees")
    expect(page.locator("#examples-account-industry")).to_contain_text("120")
    page.get_by_label("Column for Industry").select_option("Sector")
    page.get_by_text("Translate 2 values").click()
    page.locator("[name='account.industry.to.1']").fill("Software")
    assert axe(page) == []
    look(page, "import-map")
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_text("Checking accounts.csv")).to_be_visible()
    work_on(ImportRun.objects.get().pk)
    expect(page.get_by_text("Some rows cannot be imported")).to_be_visible()
    expect(page.locator("mark")).to_have_text("many")
    assert not Account.objects.exists()
    assert axe(page) == []
    look(page, "import-bad-rows")

    page.get_by_label("Leave the 1 bad row out").check()
    page.get_by_role("button", name="Import the others").click()
    expect(page.get_by_text("Importing accounts.csv")).to_be_visible()
    work_on(ImportRun.objects.get().pk)
    expect(page.get_by_role("heading", name="What was imported")).to_be_visible()
    look(page, "import-done")

    kept = dict(Account.objects.values_list("name", "industry"))
    assert kept == {"Acme": "Software", "=cmd|x": "Retail"}
    assert errors == []


def test_the_pages_fit_a_phone_in_the_dark(browser, live_server, revops, rep, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    stale_deal(rep)
    sweep(STALE_AT)
    context = browser.new_context(**PHONE, color_scheme="dark")
    page = context.new_page()
    sign_in(context, live_server.url, revops)
    upload(page, live_server.url, tmp_path)
    addresses = [page.url, "/imports/", "/settings/field-winners/?source=crm"]
    addresses += ["/settings/stage-tasks/", "/settings/alerts/"]
    wrong = {}
    for address in addresses:
        page.goto(address if address.startswith("http") else live_server.url + address)
        wrong[address] = (axe(page), page.evaluate("document.documentElement.scrollWidth") > 360)
    sign_in(context, live_server.url, rep)
    page.goto(f"{live_server.url}/alerts/")
    expect(page.get_by_role("link", name="Acme rollout", exact=True)).to_be_visible()
    wrong["alerts"] = (axe(page), page.evaluate("document.documentElement.scrollWidth") > 360)
    context.close()

    assert {key: each for key, each in wrong.items() if each != ([], False)} == {}
