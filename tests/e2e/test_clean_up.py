"""Clean-up mode in a browser: one's own findings cleared with the keyboard, axe passing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from pipeline.models import Deal
from tests.e2e.walk import axe, sign_in
from tests.factories.pipeline import make_deal

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def messy(rep):
    """Two deals of the rep: one past its close date, one without a next step."""
    now, today = timezone.now(), timezone.localdate()
    facts = {"buyer_acted_at": now, "entered_stage_at": now, "created_at": now}
    ahead = today + timedelta(days=20)
    late = make_deal(rep, "Late rollout", next_step="Call Bea", close_date=ahead)
    plain = make_deal(rep, "Plain rollout", close_date=ahead)
    Deal.objects.filter(pk=plain.pk).update(**facts)
    Deal.objects.filter(pk=late.pk).update(**facts, close_date=today - timedelta(days=3))
    return late, plain


def test_findings_are_cleared_with_the_keyboard(page: Page, live_server, rep, messy):
    sign_in(page.context, live_server.url, rep)
    page.goto(f"{live_server.url}/hygiene/clean-up/")
    expect(page.get_by_role("heading", name="Late rollout")).to_be_visible()
    expect(page.locator("[data-position]")).to_have_text("1")
    expect(page.locator("[data-total]")).to_have_text("2")

    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Plain rollout")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("Finding 2 of 2: No next step")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Late rollout")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of clean-up mode")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Plain rollout")).to_be_visible()
    expect(page.locator("[data-total]")).to_have_text("1")

    page.keyboard.press("Enter")
    page.keyboard.type("Call the CFO")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing else for today")).to_be_visible()
    assert Deal.objects.get(name="Plain rollout").next_step == "Call the CFO"

    page.get_by_role("button", name="Show the 1 I skipped").click()
    expect(page.get_by_role("heading", name="Late rollout")).to_be_visible()


def test_typing_in_a_field_turns_no_page(page: Page, live_server, rep, messy):
    sign_in(page.context, live_server.url, rep)
    page.goto(f"{live_server.url}/hygiene/clean-up/")

    page.get_by_label("Note").fill("")
    page.get_by_label("Note").press_sequentially("snap")

    expect(page.get_by_role("heading", name="Late rollout")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("snap")


@pytest.mark.parametrize("width", [1280, 360])
def test_clean_up_fits_and_is_accessible(page: Page, live_server, rep, messy, width):
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page.context, live_server.url, rep)
    for path in ("/hygiene/", "/hygiene/deals/", "/hygiene/clean-up/"):
        page.goto(f"{live_server.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert axe(page, context="main") == [], path
