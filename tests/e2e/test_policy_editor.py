"""The editor of the policy in a browser: drafted, linted, replayed, confirmed by a second."""

import pytest
from playwright.sync_api import expect

from dealdesk.models import PolicyDraft, PolicyVersion
from dealdesk.operations.policydrafting import start_policy_draft
from dealdesk.policyforms import AREAS
from tests.e2e.walk import PHONE, axe, look, sign_in
from tests.factories.dealdesk import line, make_quote, submit
from tests.factories.people import AT, by, make_person

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def everybody(rep, manager, vp, desk, finance, legal):
    """A company in which every role is held."""


@pytest.fixture
def second(db):
    return make_person("Sam Second", roles=["revops_admin"])


def test_a_draft_is_linted_replayed_and_confirmed_by_a_second_person(
    page, browser, live_server, rep, revops, second, errors
):
    submit(make_quote(rep, lines=[line(quantity=300)]), at=AT)
    sign_in(page.context, live_server.url, revops)
    page.goto(f"{live_server.url}/policy/")
    page.get_by_role("button", name="Draft another").click()

    # A band is added, and with a gap above it the linter speaks.
    page.get_by_role("link", name="Price Discounts below").click()
    page.get_by_role("button", name="Add a band").click()
    band = page.get_by_role("group", name="band 5", exact=True)
    band.get_by_label("From").fill("60,5 %")
    page.get_by_role("button", name="Save in the draft").last.click()
    expect(page.get_by_text("From 60.5 %: the rep's own authority")).to_be_visible()
    aside = page.get_by_role("complementary", name="What the draft comes to")
    expect(
        aside.get_by_text("The largest discounts, from 60.5 %, ask nobody").first
    ).to_be_visible()
    expect(page.get_by_role("button", name="Propose")).to_have_count(0)
    assert axe(page) == []
    look(page, "policy-draft")

    page.get_by_role("link", name="Price Discounts below").click()
    band.get_by_label("VP of sales").check()
    band.get_by_label("Deal desk").check()
    assert axe(page) == []
    look(page, "policy-price")
    page.get_by_role("button", name="Save in the draft").last.click()
    expect(page.get_by_text("From 60.5 %: asks the VP of sales and the deal desk")).to_be_visible()
    page.get_by_label("Discount").fill("70")
    page.get_by_role("button", name="Try it").click()
    tried = page.locator("#try").get_by_text("the VP of sales and the deal desk", exact=True)
    expect(tried).to_be_visible()

    page.get_by_role("link", name="Replay").click()
    expect(page.get_by_label("Policy to try")).to_have_value("draft")
    page.get_by_label("Submitted in the last").select_option("24")
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_role("heading", name="The draft: As in the sources")).to_be_visible()
    expect(page.get_by_text("1 submission of")).to_be_visible()

    page.goto(f"{live_server.url}/policy/draft/")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("It takes a second person: Sam Second.")).to_be_visible()
    assert PolicyVersion.objects.count() == 1

    other = browser.new_context()
    sign_in(other, live_server.url, second)
    page = other.new_page()
    page.goto(f"{live_server.url}/policy/draft/")
    page.get_by_role("link", name="Look and confirm…").click()
    assert axe(page) == []
    look(page, "policy-publish")
    page.get_by_role("button", name="Confirm and publish").click()
    expect(page.get_by_role("heading", name="Version 2: As in the sources")).to_be_visible()
    page.get_by_role("link", name="Versions").first.click()
    expect(page.get_by_text("by Sam Second").first).to_be_visible()
    assert axe(page) == []
    look(page, "policy-versions")
    other.close()
    assert errors == []


def test_every_area_is_edited_on_a_phone_without_scripts(browser, live_server, revops):
    start_policy_draft(by=by(revops), at=AT)
    context = browser.new_context(**PHONE, color_scheme="dark", java_script_enabled=False)
    sign_in(context, live_server.url, revops)
    page = context.new_page()

    for area in AREAS:
        page.goto(f"{live_server.url}/policy/draft/{area}/")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, area
    page.goto(f"{live_server.url}/policy/draft/segments/")
    page.get_by_role("button", name="Remove segment").first.click()
    page.get_by_role("button", name="Add a segment").click()
    row = page.get_by_role("group", name="segment 4", exact=True)
    row.get_by_label("Called").fill("Giants")
    row.get_by_label("From heads").fill("20000")
    page.get_by_role("button", name="Save in the draft").last.click()

    expect(page.get_by_role("heading", name="Draft: As in the sources")).to_be_visible()
    keys = PolicyDraft.objects.get().segments.order_by("position").values_list("key", flat=True)
    assert list(keys) == ["mid_market", "enterprise", "strategic", "giants"]
    context.close()
