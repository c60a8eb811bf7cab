"""A counter-offer in a browser: made beside what was asked, accepted with one click."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dealdesk.models import ApprovalRequest
from dealdesk.operations import give_grant
from revops.company.models import Company
from tests.e2e.walk import axe, look, sign_in
from tests.factories.dealdesk import make_quote, slot_of, submit
from tests.factories.people import by

pytestmark = [pytest.mark.django_db(transaction=True)]


def assert_sound(page, width, name):
    assert axe(page) == [], name
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width, name
    look(page, f"{name}-{width}")


def test_an_approver_offers_and_the_rep_accepts(page, live_server, rep, vp):
    asked = submit(make_quote(rep, 25, at=timezone.now()), at=timezone.now())
    sign_in(page.context, live_server.url, vp)

    page.goto(f"{live_server.url}{slot_of(asked, vp).get_absolute_url()}")
    page.get_by_role("link", name="Counter-offer").click()
    page.get_by_label("Discount on Platform").fill("17,5 %")
    live = page.locator("#counter-live")
    expect(live).to_contain_text("17.5 % off")
    expect(live).to_contain_text("nobody else is asked")
    page.get_by_label("Why").fill("That is what others have.")
    assert_sound(page, 1280, "counter-offer")
    page.get_by_role("button", name="Make the counter-offer").click()
    expect(page.get_by_role("heading", name="Vera would approve this instead")).to_be_visible()

    sign_in(page.context, live_server.url, rep)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server.url}{asked.get_absolute_url()}")
    expect(page.get_by_text("Accepted, it is approved at once.")).to_be_visible()
    assert_sound(page, 360, "counter-offered")
    page.get_by_role("button", name="Accept the offer").click()
    expect(page.get_by_text("Accepted and approved")).to_be_visible()

    second = ApprovalRequest.objects.get(attempt=2)
    assert (second.status, second.quote.discount_percent) == ("approved", Decimal("17.5"))
    assert second.quote.is_primary


def test_one_click_takes_a_trade_and_a_grant_answers(page, live_server, rep, vp, manager):
    quote = make_quote(rep, 25, at=timezone.now())
    sign_in(page.context, live_server.url, rep)
    page.goto(f"{live_server.url}{quote.get_absolute_url()}")

    page.get_by_role("button", name="19.5 % instead of 25 %").click()

    expect(page.locator("input[name='lines-0-wish']")).to_have_value("19.5")
    expect(page.locator("#route")).to_contain_text("Sales manager")
    grant = give_grant(
        role="vp_sales",
        person=rep,
        max_discount_percent=Decimal(25),
        max_uses=2,
        max_amount=Decimal(9000),
        ends_on=Company.get().local_day(timezone.now() + timedelta(days=9)),
        by=by(vp),
        at=timezone.now(),
    )
    page.reload()
    expect(page.locator("#route")).to_contain_text(f"Under grant {grant} of Vera Vance")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(f"{live_server.url}{grant.get_absolute_url()}")
        assert_sound(page, width, "grant")
        page.goto(f"{live_server.url}/grants/")
        assert_sound(page, width, "grants")
