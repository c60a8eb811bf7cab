"""Moves in a browser: a drop on a gated stage, a skip with its receipt, an override."""

import pytest
from playwright.sync_api import expect

from pipeline.models import Deal
from tests.e2e.walk import axe, drag, sign_in
from tests.factories.pipeline import complete, make_deal, stage
from tests.pipeline.test_irregular_moves import with_version

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def board(page, live_server, rep):
    """The board of a rep, once `open()` is called."""

    def open_(person=rep):
        sign_in(page.context, live_server.url, person)
        page.goto(f"{live_server.url}/deals/board/?scope=all")
        return page

    return open_


def card_of(page, deal):
    return page.locator(f"#card-{deal.pk}")


def test_a_drop_on_a_gated_stage_asks_for_what_is_missing(board, rep):
    deal = complete(make_deal(rep), but=["fit_score"])
    page = board()

    drag(page, card_of(page, deal), page.locator("#column-discovery"))
    dialog = page.locator("#dialog")
    expect(dialog.locator(".asked")).to_have_count(1)
    dialog.get_by_label("Fit score").fill("70")
    dialog.get_by_role("button", name="Move to Discovery").click()

    expect(page.locator("#column-discovery").locator(f"#card-{deal.pk}")).to_be_visible()
    assert Deal.objects.get(pk=deal.pk).stage.key == "discovery"


def test_one_menu_serves_every_card_of_its_column(board, rep):
    first, second = make_deal(rep, "First"), complete(make_deal(rep, "Second"))
    page = board()

    for deal in (first, second):
        page.get_by_role("link", name=f"Move {deal.name} to").click()
        page.locator("#move-qualified").get_by_role("button", name="Discovery").click()
        if deal is first:
            expect(page.locator("#dialog")).to_contain_text("Move First to Discovery")
            page.keyboard.press("Escape")

    expect(page.locator("#column-discovery").locator(f"#card-{second.pk}")).to_be_visible()
    expect(page.locator("#column-qualified").locator(f"#card-{first.pk}")).to_be_visible()


def test_a_skip_leaves_a_receipt_that_blocks_where_the_pipeline_says(board, live_server, rep):
    with_version(debt_blocks_at=stage("proposal"))
    deal = complete(make_deal(rep), but=["timeline"])
    page = board()

    page.get_by_role("link", name="Move Acme rollout to").click()
    page.locator("#move-qualified").get_by_role("button", name="Demo / Evaluation").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Why skip").fill("The buyer asked for a demo at once")
    dialog.get_by_role("button", name="Move to Demo").click()
    expect(page.locator("#column-demo").locator(f"#card-{deal.pk}")).to_contain_text("Owes 1, due")

    page.goto(f"{live_server.url}/deals/{deal.pk}/")
    expect(page.locator(".lines-owed")).to_contain_text("The buyer asked for a demo at once")
    page.get_by_role("button", name="Advance to Proposal").click()
    expect(dialog).to_contain_text("Timeline")
    page.keyboard.press("Escape")

    owed = page.locator(".lines-owed")
    owed.get_by_text("Fill in").click()
    owed.locator("[name=item-timeline]").fill("Before the new year")
    owed.get_by_role("button", name="Save").click()
    expect(page.locator(".lines-owed")).to_have_count(0)
    page.get_by_role("button", name="Advance to Proposal").click()

    expect(page.locator("#toasts")).to_contain_text("is in Proposal now")
    assert Deal.objects.get(pk=deal.pk).debts.get().paid_by == rep


def test_an_administrator_overrides_a_gate(board, live_server, rep, revops):
    deal = complete(make_deal(rep), but=["fit_score"])
    page = board(revops)
    page.goto(f"{live_server.url}/deals/{deal.pk}/")

    page.get_by_role("button", name="Advance to Discovery").click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("link", name="Override the gate").click()
    expect(dialog).to_contain_text("goes past Fit score")
    dialog.get_by_label("Why past the gate").fill("The board decided")
    dialog.get_by_role("button", name="Override the gate").click()

    expect(page.locator(".deal-override")).to_contain_text("The board decided")
    assert Deal.objects.get(pk=deal.pk).visits.get(left_at=None).is_override


@pytest.mark.parametrize(
    "address",
    [
        "deals/{}/override/",
        "deals/{}/move/",
        "deals/move/?deal={}",
        "deals/give/?deal={}",
        "reports/bypasses/",
        "settings/hand-over/",
    ],
)
def test_the_pages_are_accessible_and_fit_a_phone(page, live_server, rep, revops, address):
    deal = make_deal(rep)
    sign_in(page.context, live_server.url, revops)
    page.set_viewport_size({"width": 360, "height": 780})

    page.goto(f"{live_server.url}/{address.format(deal.pk)}")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []
