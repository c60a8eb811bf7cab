"""Somebody says that they are away; their delegate decides from the mail on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dealdesk.models import ApprovalRequest, Decision
from dealdesk.operations import follow_absences
from revops.people.models import Absence
from tests.e2e import walk
from tests.factories.dealdesk import make_quote, small_account, submit
from tests.factories.pipeline import make_deal

pytestmark = [pytest.mark.django_db(transaction=True)]

DEAL = "Harbour rollout"


@pytest.fixture
def asked(live_server, settings, rep, vp):
    """Rita asks for 25 %, a moment ago; Vera is mailed."""
    settings.BASE_URL = live_server.url
    deal = make_deal(rep, DEAL, account=small_account("Harbour Mills"))
    return submit(make_quote(rep, 25, deal=deal), at=timezone.now() - timedelta(minutes=5))


@pytest.fixture
def away(vp, desk):
    """Vera is away from today on, and Dora answers."""
    today = timezone.now().astimezone(vp.get_zone()).date()
    return Absence.objects.create(
        person=vp,
        delegate=desk,
        first_day=today,
        last_day=today + timedelta(days=3),
        entered_at=timezone.now(),
    )


@pytest.fixture
def phone(browser):
    """A phone on which nobody is signed in."""
    context = browser.new_context(**walk.PHONE, color_scheme="dark")
    yield context.new_page()
    context.close()


def test_one_says_on_the_page_when_one_is_away(browser, live_server, vp, desk):
    context = browser.new_context(**walk.PHONE)
    walk.sign_in(context, live_server.url, vp)
    page = context.new_page()
    page.goto(live_server.url)
    page.get_by_role("button", name="Vera Vance: settings and signing out").click()
    page.get_by_role("link", name="When I am away").click()
    page.get_by_role("link", name="I am away").click()

    page.get_by_role("combobox", name="Who answers meanwhile").fill("Dora")
    page.get_by_role("option", name="Dora Diaz").click()
    walk.look(page, "absence_form_phone")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Dora Diaz answers", exact=True)).to_be_visible()
    walk.look(page, "absence_list_phone")
    assert Absence.objects.get().delegate == desk
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_a_delegate_decides_from_the_mail_on_a_phone(asked, away, smtp_server, phone, vp, desk):
    old = walk.link_in(walk.post(smtp_server, vp.email)[-1])
    follow_absences(at=timezone.now())
    mail = walk.post(smtp_server, desk.email)[-1]
    assert "Dora Diaz answers for Vera Vance, away until" in walk.plain(mail)

    phone.goto(walk.link_in(mail))
    expect(phone.get_by_text("For Dora Diaz, who answers for Vera Vance")).to_be_in_viewport()
    expect(phone.get_by_role("button", name="Approve")).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    walk.look(phone, "delegate_decides_phone")
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("heading", name="You approved this")).to_be_visible()

    decision = Decision.objects.get()
    assert (decision.decided_by, decision.on_behalf_of) == (desk, vp)
    assert ApprovalRequest.objects.get().status == "approved"
    phone.goto(old)
    expect(phone.get_by_text(DEAL)).to_have_count(0)


def test_the_request_says_who_is_away_and_who_answers(asked, away, browser, live_server, rep, desk):
    follow_absences(at=timezone.now())
    context = browser.new_context()
    walk.sign_in(context, live_server.url, rep)
    page = context.new_page()

    page.goto(f"{live_server.url}{asked.get_absolute_url()}")

    route = page.get_by_role("list", name="Who decides")
    expect(route).to_contain_text("Dora Diaz answers for Vera Vance, away until")
    walk.look(page, "request_away")
    context.close()
