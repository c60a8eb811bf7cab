"""The pages of the deal desk in a browser: accessible, typed through, decided, without scripts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dealdesk.links import derive_token, link_path
from dealdesk.models import ApprovalLink, ApprovalRequest, Decision, Quote
from dealdesk.operations import revise_quote, save_quote
from tests.e2e.walk import PHONE, axe, look, sign_in
from tests.factories.dealdesk import (
    decide,
    line,
    make_quote,
    product_of,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by
from tests.factories.pipeline import make_deal

pytestmark = [pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)


@pytest.fixture
def story(rep, vp, desk, finance, legal):
    """A draft, a request that waits, one that was decided, and a worse revision beside it."""
    now = timezone.now()
    product_of("onboarding", price="2000", period="once", kind="one_off")
    draft = make_quote(
        rep,
        deal=make_deal(rep, "Harbour rollout", account=small_account()),
        lines=[line(25), line(product=product_of("onboarding"), quantity=1)],
        terms=[term()],
        term_months=24,
    )
    waiting = submit(
        make_quote(rep, 25, deal=make_deal(rep, "Quarry rollout", account=small_account())),
        at=now - HOUR,
        needed_by=date(2030, 1, 7),
        needed_cause="Their board meets",
    )
    approved = make_quote(rep, 22, deal=make_deal(rep, "Mill renewal", account=small_account()))
    decided = submit(approved, at=now - 2 * HOUR)
    decide(decided, vp, at=now - HOUR)
    worse = revise_quote(quote=approved, by=by(rep), at=now)
    save_quote(quote=worse, lines=[line(30)], by=by(rep), at=now)
    return {"draft": draft, "waiting": waiting, "decided": decided, "worse": worse}


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (360, "light"), (1280, "dark"), (360, "dark")]
)
def test_every_page_is_accessible_and_fits(
    page, live_server, story, errors, rep, vp, revops, width, scheme
):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 740})
    waiting, decided = story["waiting"], story["decided"]
    slot = slot_of(waiting, vp)
    for person, addresses in (
        (
            rep,
            {
                "editor": story["draft"].get_absolute_url(),
                "quote": decided.quote.get_absolute_url(),
                "primary": f"/quotes/{story['worse'].pk}/make-primary/",
                "request": waiting.get_absolute_url(),
                "deal": decided.deal.get_absolute_url(),
            },
        ),
        (
            vp,
            {
                "inbox": "/approvals/",
                "decided": "/approvals/?tab=decided",
                "approval": slot.get_absolute_url(),
                "approved": slot_of(decided, vp).get_absolute_url(),
                "taken-back": decided.get_absolute_url(),
                "home": "/",
            },
        ),
        (
            revops,
            {
                "exceptions": "/exceptions/",
                "policy": "/policy/",
                "prices": "/prices/",
                "terms": "/terms/",
            },
        ),
    ):
        sign_in(page.context, live_server.url, person)
        for name, address in addresses.items():
            page.goto(f"{live_server.url}{address}")
            assert axe(page) == [], address
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width, address
            look(page, f"dealdesk-{name}-{width}-{scheme}")

    assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_a_link_are_accessible_on_a_phone(browser, live_server, story, vp, desk, scheme):
    context = browser.new_context(**PHONE, color_scheme=scheme)
    page = context.new_page()
    slot = slot_of(story["waiting"], vp)
    path = link_path(derive_token(ApprovalLink.objects.get(slot=slot)))

    page.goto(f"{live_server.url}{path}")
    assert axe(page) == [], "link"
    look(page, f"dealdesk-link-{scheme}")
    page.goto(f"{live_server.url}/a/nobody-made-this/")
    assert axe(page) == [], "unknown link"

    sign_in(context, live_server.url, desk)
    page.goto(f"{live_server.url}{path}")
    assert axe(page) == [], "somebody else's link"
    look(page, f"dealdesk-link-other-{scheme}")
    context.close()


def test_set_up_is_accessible(page, live_server, errors):
    page.goto(f"{live_server.url}/setup/")

    assert axe(page) == [], "/setup/"
    look(page, "dealdesk-setup")
    assert errors == []


# The editor


@pytest.fixture
def editor(page, live_server, rep, vp, desk, errors):
    """Rita's draft of one line at standard price, open in the editor."""
    page.set_viewport_size({"width": 1280, "height": 900})
    product_of("addon", price="50")
    quote = make_quote(rep, deal=make_deal(rep, "Harbour rollout", account=small_account()))
    sign_in(page.context, live_server.url, rep)
    page.goto(f"{live_server.url}{quote.get_absolute_url()}")
    page.quote = quote
    return page


def route(page):
    return page.get_by_role("list", name="Who would be asked")


def test_quote_is_typed_through_with_the_keyboard(editor, errors):
    editor.get_by_label("Quantity").select_text()
    editor.keyboard.type("200")
    editor.keyboard.press("Tab")
    editor.keyboard.type("25")

    expect(editor.locator("#quote-live")).to_contain_text("$15,000.00")
    expect(route(editor)).to_contain_text("Vera Vance")
    expect(editor.get_by_label("Discount or price")).to_be_focused()
    expect(editor.get_by_role("status").first).to_contain_text("25 % off")

    editor.get_by_role("button", name="Add a line").press("Enter")
    expect(editor.get_by_label("Product").nth(1)).to_be_focused()
    editor.keyboard.type("Addon")
    editor.keyboard.press("Tab")
    editor.keyboard.type("10")
    expect(editor.locator("#quote-live")).to_contain_text("$15,500.00")
    editor.keyboard.press("ArrowUp")
    expect(editor.get_by_label("Quantity").first).to_be_focused()

    editor.get_by_role("button", name="Save draft").first.click()
    expect(editor.get_by_text("Revision 1 is saved.")).to_be_visible()
    assert Quote.objects.get().net_amount == Decimal(15500)
    assert errors == []


def test_typing_keeps_the_place_while_totals_change(editor):
    wish = editor.get_by_label("Discount or price")
    wish.click()
    editor.keyboard.type("2")
    expect(editor.locator("#quote-live")).to_contain_text("2 % off")
    editor.keyboard.type("5")
    expect(editor.locator("#quote-live")).to_contain_text("25 % off")
    expect(wish).to_have_value("25")
    expect(wish).to_be_focused()


def test_ramp_opens_a_row_for_each_year_of_the_term(editor):
    editor.get_by_label("Term", exact=True).fill("24")
    editor.get_by_label("Different each year").check()
    expect(editor.locator(".quote-year")).to_have_count(2)

    editor.get_by_label("Quantity").nth(1).fill("50")
    expect(editor.locator("#quote-live")).to_contain_text("Worst year")
    editor.get_by_label("Term", exact=True).fill("36")

    expect(editor.locator(".quote-year")).to_have_count(3)
    expect(editor.get_by_label("Term", exact=True)).to_be_focused()
    expect(editor.get_by_label("Quantity").nth(1)).to_have_value("50")


def test_what_cannot_be_read_is_said_at_once(editor):
    editor.get_by_label("Discount or price").fill("a lot")

    expect(editor.locator("#quote-live")).to_contain_text("Enter a number")
    expect(editor.locator("#quote-live")).not_to_contain_text("Who decides")


def test_refused_submission_stays_with_what_was_typed(editor):
    editor.get_by_label("Discount or price").fill("25")
    expect(route(editor)).to_contain_text("Vera Vance")
    editor.get_by_role("button", name="Submit for approval").click()

    expect(editor.get_by_text("Say why the customer needs this.").first).to_be_visible()
    expect(editor.get_by_label("Discount or price")).to_have_value("25")
    editor.get_by_label("Why does the customer need this?").fill("They compare us")
    editor.get_by_label("A reference").check()
    editor.get_by_role("button", name="Submit for approval").click()

    expect(editor.get_by_text("Vera will be asked by mail now")).to_be_visible()
    assert ApprovalRequest.objects.get().is_pending


def test_editor_works_without_scripts(browser, live_server, rep, vp):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    quote = make_quote(rep, deal=make_deal(rep, "Harbour rollout", account=small_account()))
    sign_in(context, live_server.url, rep)
    page.goto(f"{live_server.url}{quote.get_absolute_url()}")

    page.get_by_label("Discount or price").fill("25")
    page.get_by_role("button", name="Work it out").click()
    expect(route(page)).to_contain_text("Vera Vance")
    page.get_by_role("button", name="Add a line").click()
    expect(page.get_by_label("Product")).to_have_count(2)
    expect(page.get_by_label("Discount or price").first).to_have_value("25")
    page.get_by_role("button", name="Remove line 2").click()
    expect(page.get_by_label("Product")).to_have_count(1)
    page.get_by_role("button", name="Save draft").first.click()

    expect(page.get_by_label("Discount or price")).to_have_value("25")
    assert Quote.objects.get().net_amount == Decimal(7500)
    context.close()


# Deciding


def test_inbox_is_walked_and_decided_by_keys(page, live_server, story, vp):
    sign_in(page.context, live_server.url, vp)
    page.goto(f"{live_server.url}/approvals/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Quarry rollout")
    page.wait_for_load_state()
    page.keyboard.press("r")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Too much for a pilot.")
    assert not Decision.objects.filter(slot__step__request=story["waiting"]).exists()
    page.get_by_role("button", name="Reject").click()

    expect(page.get_by_text("You rejected this")).to_be_visible()
    assert Decision.objects.get(verdict="rejected").reason == "Too much for a pilot."


def test_decision_box_stays_in_view(page, live_server, story, vp):
    page.set_viewport_size({"width": 1280, "height": 600})
    sign_in(page.context, live_server.url, vp)
    page.goto(f"{live_server.url}{slot_of(story['waiting'], vp).get_absolute_url()}")

    page.mouse.wheel(0, 4000)

    expect(page.get_by_role("button", name="Approve")).to_be_in_viewport()


def test_request_is_recalled_from_its_dialog(page, live_server, story, rep):
    sign_in(page.context, live_server.url, rep)
    page.goto(f"{live_server.url}{story['waiting'].get_absolute_url()}")

    page.get_by_role("button", name="Recall").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("They want another term")
    dialog.get_by_role("button", name="Recall the request").click()

    expect(page.get_by_text("Recalled: They want another term").first).to_be_visible()
    assert ApprovalRequest.objects.get(pk=story["waiting"].pk).status == "recalled"


def test_report_is_filtered_in_its_address(page, live_server, story, revops):
    sign_in(page.context, live_server.url, revops)
    page.goto(f"{live_server.url}/exceptions/")

    page.get_by_label("Type", exact=True).select_option("discount")

    page.wait_for_url("**kind=discount**")
    expect(page.get_by_role("row").filter(has_text="Discount 20 to 40 %").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")


def test_return_by_keys_alone(page, live_server, story, vp):
    sign_in(page.context, live_server.url, vp)
    page.goto(f"{live_server.url}{slot_of(story['waiting'], vp).get_absolute_url()}")

    page.keyboard.press("t")
    page.keyboard.type("Drop the discount of year two.")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("You returned this for changes")).to_be_visible()
