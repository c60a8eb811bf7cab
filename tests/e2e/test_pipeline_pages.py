"""The pages of the pipeline in a browser: accessible, dragged, walked by keys, without scripts."""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from pipeline.models import Account, Deal
from pipeline.operations import log_activity, lose_deal, push_close_date
from tests.e2e.walk import axe
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_account, make_contact, make_deal

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sign_in(live_server):
    """`sign_in(context, person)` gives a browser the session of that person."""

    def sign(context, person):
        client = Client()
        client.force_login(person)
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])

    return sign


@pytest.fixture
def deals(rep, customer_success):
    """A deal that lacks two items, one that is far, one with a history."""
    acme = make_account()
    make_contact(acme)
    near = complete(make_deal(rep, "Acme rollout"), but=["fit_score", "discovery_call_scheduled"])
    far = complete(make_deal(rep, "Acme renewal", stage="negotiation", amount=84000))
    make_deal(rep, "Acme pilot", stage="demo")
    log_activity(deal=near, kind="call", side="buyer", body="Budget is free.", by=by(rep), at=AT)
    push_close_date(
        deal=near, to="2026-12-20", reason_key="budget", note="January.", by=by(rep), at=AT
    )
    return {"near": near, "far": far}


def addresses(deals):
    near, far = deals["near"], deals["far"]
    return [
        "/",
        "/deals/board/",
        "/deals/",
        "/deals/new/",
        f"/deals/{near.pk}/",
        f"/deals/{far.pk}/",
        f"/deals/{near.pk}/edit/",
        f"/deals/{near.pk}/advance/",
        f"/deals/{near.pk}/lose/",
        f"/deals/{near.pk}/push/",
        f"/deals/{near.pk}/skip/",
        f"/deals/{near.pk}/contacts/",
        f"/deals/push/?deal={near.pk}&deal={far.pk}",
        f"/deals/move/?deal={near.pk}",
        "/tasks/",
        "/accounts/",
        f"/accounts/{near.account_id}/",
        f"/accounts/{near.account_id}/edit/",
        "/accounts/new/",
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark"), (1280, "dark")])
def test_every_page_is_accessible_and_fits(
    page, live_server, sign_in, rep, deals, errors, width, scheme
):
    sign_in(page.context, rep)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})

    faults = []
    for address in addresses(deals):
        page.goto(live_server.url + address)
        if found := axe(page):
            faults.append(f"{address}: {found}")
        if page.evaluate("() => document.documentElement.scrollWidth") > width:
            faults.append(f"{address} is wider than {width}")

    assert not faults, "\n".join(faults)
    assert errors == []


def test_one_endless_word_widens_no_page(page, live_server, sign_in, rep, deals):
    sign_in(page.context, rep)
    page.set_viewport_size({"width": 360, "height": 740})
    Account.objects.update(name="Donaudampfschifffahrt" * 5)
    Deal.objects.update(name="\u202e" + "Versammlungsprotokoll" * 6, next_step="x" * 150)

    wide = []
    for address in [*addresses(deals), "/hygiene/deals/", "/reports/aging/"]:
        page.goto(live_server.url + address)
        if page.evaluate("() => document.documentElement.scrollWidth") > 360:
            wide.append(address)

    assert wide == []


def test_dragging_onto_a_gated_stage_asks_for_exactly_two_items(
    page, live_server, sign_in, rep, deals
):
    sign_in(page.context, rep)
    page.goto(f"{live_server.url}/deals/board/")
    card = page.locator(f"#card-{deals['near'].pk}")

    drag(page, card, page.locator("#column-discovery"))

    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".asked")).to_have_count(2)
    dialog.get_by_label("Fit score").fill("70")
    dialog.get_by_label("Discovery call scheduled").check()
    dialog.get_by_role("button", name="Move to Discovery").click()

    expect(dialog).to_be_hidden()
    expect(page.locator("#column-discovery").locator(f"#card-{deals['near'].pk}")).to_be_visible()
    expect(page.locator("#column-discovery .count")).to_have_text("1")
    expect(page.locator("#column-qualified .count")).to_have_text("0")
    expect(page.locator("#toasts")).to_contain_text("is in Discovery now")
    assert Deal.objects.get(pk=deals["near"].pk).fit_score == 70


def drag(page, card, target):
    start, end = card.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + 60, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(start["x"] + 90, start["y"] + 50, steps=4)
    page.mouse.move(end["x"] + 60, end["y"] + 120, steps=8)
    page.mouse.up()


class Finger:
    """A finger on the glass: what the browser makes of it is the browser's own."""

    def __init__(self, page) -> None:
        self.page, self.glass = page, page.context.new_cdp_session(page)

    def touch(self, kind: str, *points) -> None:
        given = [{"x": x, "y": y} for x, y in points]
        self.glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    def down(self, x, y):
        self.touch("touchStart", (x, y))

    def slide(self, start, end, steps=10):
        for step in range(1, steps + 1):
            x, y = (a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
            self.touch("touchMove", (x, y))
            self.page.wait_for_timeout(16)

    def up(self):
        self.touch("touchEnd")


@pytest.fixture
def tablet(browser, live_server, sign_in, rep):
    """A touch screen wide enough for two columns, with Rita signed in."""
    context = browser.new_context(viewport={"width": 900, "height": 800}, has_touch=True)
    sign_in(context, rep)
    yield context.new_page()
    context.close()


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + 30


def test_card_is_dragged_by_a_finger_that_rested_on_it(tablet, live_server, deals):
    tablet.goto(f"{live_server.url}/deals/board/")
    card = tablet.locator(f"#card-{deals['near'].pk}")
    finger, start = Finger(tablet), middle(card)
    end = middle(tablet.locator("#column-discovery"))

    finger.down(*start)
    expect(tablet.locator(".board-ghost")).to_be_visible()
    finger.slide(start, (end[0], end[1] + 60))
    expect(tablet.locator("#column-discovery")).to_have_class(re.compile("is-target"))
    finger.up()

    dialog = tablet.locator("#dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Move Acme rollout to Discovery")
    expect(tablet.locator(".board-ghost")).to_have_count(0)
    dialog.get_by_label("Fit score").fill("70")
    dialog.get_by_label("Discovery call scheduled").check()
    dialog.get_by_role("button", name="Move to Discovery").tap()
    expect(tablet.locator("#column-discovery").locator(f"#card-{deals['near'].pk}")).to_be_visible()


def test_finger_that_moves_at_once_scrolls_the_board(tablet, live_server, deals):
    tablet.goto(f"{live_server.url}/deals/board/")
    board = tablet.locator("[data-board]")
    finger, start = Finger(tablet), middle(tablet.locator(f"#card-{deals['near'].pk}"))

    finger.down(*start)
    finger.slide(start, (start[0] - 90, start[1]), steps=6)
    expect(tablet.locator(".board-ghost")).to_have_count(0)
    finger.up()

    tablet.wait_for_function("board => board.scrollLeft > 20", arg=board.element_handle())
    expect(tablet.locator("#dialog")).to_be_hidden()
    assert tablet.url.endswith("/deals/board/")


def test_tap_opens_the_deal(tablet, live_server, deals):
    tablet.goto(f"{live_server.url}/deals/board/")

    tablet.locator(f"#card-{deals['near'].pk} [data-board-focus]").tap()

    expect(tablet).to_have_url(f"{live_server.url}/deals/{deals['near'].pk}/")


@pytest.mark.parametrize("scripts", [True, False])
def test_filters_fold_away_on_a_phone(browser, live_server, sign_in, rep, deals, scripts):
    phone = {"width": 360, "height": 740}
    context = browser.new_context(viewport=phone, java_script_enabled=scripts)
    sign_in(context, rep)
    page = context.new_page()
    page.goto(f"{live_server.url}/deals/?status=open&stage=demo")

    stage, summary = page.locator("select[name=stage]"), page.locator(".filter-more > summary")
    expect(stage).to_be_hidden()
    expect(summary).to_contain_text("Demo / Evaluation")
    summary.click()
    expect(stage).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(summary).to_be_hidden()
    expect(stage).to_be_visible()
    context.close()


def test_task_is_finished_from_the_deal(page, live_server, sign_in, rep, deals):
    deal = deals["far"]
    lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT)
    sign_in(page.context, rep)
    page.goto(f"{live_server.url}/deals/{deal.pk}/")

    page.locator("#tasks").get_by_role("link", name="Post-mortem logged").click()
    page.get_by_label("What came of it").fill("The budget was gone in June.")
    page.get_by_role("button", name="Finish").click()

    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#tasks")).to_contain_text("Done by Rita Reyes")
    expect(page.locator("#timeline")).to_contain_text("logged the post-mortem")


def test_card_is_moved_by_keys_alone(page, live_server, sign_in, rep, deals):
    sign_in(page.context, rep)
    page.goto(f"{live_server.url}/deals/board/")
    page.locator(f"#card-{deals['near'].pk} [data-board-focus]").focus()

    page.keyboard.press("m")
    page.keyboard.press("Enter")

    expect(page.locator("#dialog")).to_be_visible()
    expect(page.locator("#dialog")).to_contain_text("Move Acme rollout to Discovery")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()


def test_escape_from_the_form_leaves_the_card_where_it_was(page, live_server, sign_in, rep, deals):
    sign_in(page.context, rep)
    page.goto(f"{live_server.url}/deals/board/")

    drag(page, page.locator(f"#card-{deals['near'].pk}"), page.locator("#column-discovery"))
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#column-qualified").locator(f"#card-{deals['near'].pk}")).to_be_visible()


def test_checklist_is_filled_in_place_and_the_deal_advances(page, live_server, sign_in, rep, deals):
    sign_in(page.context, rep)
    page.goto(f"{live_server.url}/deals/{deals['near'].pk}/")

    page.get_by_role("button", name="Confirm: Discovery call scheduled").click()
    expect(page.get_by_text("Confirmed by Rita Reyes")).to_be_visible()
    page.locator("summary", has_text="Fit score").click()
    page.locator("#item-line-fit_score input[name='item-fit_score']").fill("64")
    page.locator("#item-line-fit_score").get_by_role("button", name="Save").click()
    expect(page.locator("#checklist")).to_contain_text("5 of 5 there")
    page.get_by_role("button", name="Advance to Discovery").click()

    expect(page.get_by_role("button", name="Advance to Demo / Evaluation")).to_be_visible()


def test_note_that_is_refused_stays_in_the_composer(page, live_server, sign_in, rep, deals):
    sign_in(page.context, rep)
    page.goto(f"{live_server.url}/deals/{deals['near'].pk}/")
    page.get_by_role("textbox", name="What happened").fill("They asked for a pilot.")
    page.locator(".composer-when summary").click()
    page.get_by_label("When").fill("2090-01-01T10:00")

    page.get_by_role("button", name="Write down").click()

    expect(page.locator("#composer [role=alert]")).to_contain_text("lies in the future")
    expect(page.get_by_role("textbox", name="What happened")).to_have_value(
        "They asked for a pilot."
    )
    page.get_by_label("When").fill("")
    page.get_by_role("button", name="Write down").click()
    expect(page.locator("#timeline")).to_contain_text("They asked for a pilot.")
    expect(page.get_by_role("textbox", name="What happened")).to_have_value("")


def test_everything_is_read_and_decided_without_scripts(browser, live_server, sign_in, rep, deals):
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, rep)
    page = context.new_page()
    page.goto(f"{live_server.url}/deals/{deals['near'].pk}/")

    page.get_by_role("button", name="Advance to Discovery").click()
    page.get_by_label("Fit score").fill("70")
    page.get_by_label("Discovery call scheduled").check()
    page.get_by_role("button", name="Move to Discovery").click()

    expect(page.get_by_role("button", name="Advance to Demo / Evaluation")).to_be_visible()
    context.close()
