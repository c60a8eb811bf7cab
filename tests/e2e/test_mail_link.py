"""The personal link of a mail, attacked and used: by scanners, in two tabs, dead, without scripts.

The mails come out of a real SMTP server, and the reader holds a phone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from dealdesk.links import LIFETIME
from dealdesk.models import ApprovalLink, ApprovalSlot, Decision, PolicyVersion
from dealdesk.operations import publish_policy, recall_request, send_fresh_link
from dealdesk.policy import StepUp, policy_from_json
from pipeline.models import Account
from pipeline.operations import change_account
from revops.ledger.models import Entry
from tests.e2e import walk
from tests.factories.dealdesk import decide, make_quote, slot_of, small_account, submit, term
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import make_deal

pytestmark = [pytest.mark.django_db(transaction=True)]

DEAL = "Harbour rollout"
SECRETS = [DEAL, "Harbour Mills", "25 %", "7,500", "compares us with Orrin"]
"""What a dead link must never tell."""


@pytest.fixture
def asked(live_server, settings, rep, vp):
    """Rita asks for 25 %, a moment ago; Vera is mailed."""
    settings.BASE_URL = live_server.url
    deal = make_deal(rep, DEAL, account=small_account("Harbour Mills"))
    return submit(make_quote(rep, 25, deal=deal), at=timezone.now() - timedelta(minutes=5))


@pytest.fixture
def mailed(asked, smtp_server, vp):
    """`mailed()` delivers what waits and returns the newest link to Vera."""

    def newest() -> str:
        return walk.link_in(walk.post(smtp_server, vp.email)[-1])

    return newest


@pytest.fixture
def phone(browser):
    """A phone on which nobody is signed in."""
    context = browser.new_context(**walk.PHONE)
    yield context.new_page()
    context.close()


def what_is_stored():
    return (
        list(ApprovalLink.objects.order_by("pk").values()),
        list(ApprovalSlot.objects.order_by("pk").values()),
        Decision.objects.count(),
        Entry.objects.count(),
    )


def expect_no_deal(page):
    text = page.content()
    assert [secret for secret in SECRETS if secret in text] == []


# What a scanner does


def test_scanner_opens_the_link_twenty_times_and_changes_nothing(mailed, phone, live_server):
    link = mailed()
    before = what_is_stored()

    for _ in range(20):
        opened = phone.context.request.get(link)
        assert opened.status == 200
        assert phone.context.request.head(link).status == 200
    phone.goto(link)

    assert what_is_stored() == before
    expect(phone.get_by_role("button", name="Approve")).to_be_enabled()


def test_the_page_is_kept_out_of_caches_logs_and_search_engines(mailed, phone):
    link = mailed()

    for answer in (phone.context.request.get(link, max_redirects=0), phone.goto(link)):
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
    assert link.rsplit("/", 2)[1] not in phone.url


def test_pressing_every_button_without_the_page_is_refused(mailed, phone, asked, vp, live_server):
    """A POST needs the token of the form as well as the link."""
    page_url = f"{live_server.url}/a/slot/{slot_of(asked, vp).pk}/"
    phone.context.request.get(mailed())

    answer = phone.context.request.post(
        page_url, form={"verdict": "approved", "digest": asked.snapshot.digest}
    )

    assert answer.status == 403
    assert not Decision.objects.exists()


def test_pressing_a_link_that_was_never_opened_is_refused(phone, asked, vp, live_server):
    phone.goto(f"{live_server.url}/a/slot/{slot_of(asked, vp).pk}/")

    expect(phone.get_by_role("heading", name="This link is not known")).to_be_visible()
    expect_no_deal(phone)


def test_no_choice_is_made_in_advance_and_a_rejection_needs_its_reason(mailed, phone):
    phone.goto(mailed())
    assert phone.locator("#decide :checked").count() == 0

    phone.get_by_role("button", name="Reject").click()

    expect(phone.get_by_role("alert")).to_contain_text("Say why you reject this")
    assert not Decision.objects.exists()


# Opening and deciding


def test_the_first_screen_of_a_phone_says_what_is_asked(mailed, phone):
    phone.goto(mailed())

    for shown in ("25 % off", "7,500.00", "Why you", "Given", "In return", "due"):
        place = phone.get_by_text(shown).first
        expect(place).to_be_in_viewport()
    expect(phone.get_by_text("For Vera Vance")).to_be_in_viewport()
    expect(phone.get_by_role("button", name="Approve")).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_same_link_opens_again_until_it_is_decided(mailed, phone, browser):
    link = mailed()
    phone.goto(link)
    elsewhere = browser.new_context()
    desktop = elsewhere.new_page()
    desktop.goto(link)
    phone.goto(link)

    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("heading", name="You approved this")).to_be_visible()
    expect(phone.get_by_text("Nothing else waits for you")).to_be_visible()

    desktop.get_by_role("button", name="Approve").click()
    expect(desktop.get_by_role("heading", name="You approved this")).to_be_visible()
    assert Decision.objects.count() == 1
    elsewhere.close()


def test_a_decision_is_recorded_as_made_by_the_link(mailed, phone, vp):
    phone.goto(mailed())
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("heading", name="You approved this")).to_be_visible()

    decision = Decision.objects.get()
    assert (decision.decided_by, decision.via) == (vp, "mail_link")
    assert decision.ip == "127.0.0.1"
    assert "Chrom" in decision.agent


def test_links_in_two_tabs_never_mix(mailed, phone, asked, rep, vp, smtp_server):
    """Each tab decides its own slot, whichever link was opened last."""
    first_link = mailed()
    other_deal = make_deal(rep, "Quarry rollout", account=small_account("Quarry Works"))
    other = submit(make_quote(rep, 30, deal=other_deal), at=timezone.now() - timedelta(minutes=4))
    second_link = walk.link_in(walk.post(smtp_server, vp.email)[-1])
    second = phone.context.new_page()

    phone.goto(first_link)
    second.goto(second_link)
    expect(phone.get_by_role("heading", level=1)).to_contain_text(DEAL)
    expect(second.get_by_role("heading", level=1)).to_contain_text("Quarry rollout")
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_text("1 more waits for you")).to_be_visible()

    assert slot_of(asked, vp).state == "approved"
    assert slot_of(other, vp).state == "requested"
    second.get_by_label("Reason").fill("Too much for a pilot.")
    second.get_by_role("button", name="Reject").click()
    expect(second.get_by_role("heading", name="You rejected this")).to_be_visible()
    assert slot_of(other, vp).state == "rejected"


def test_without_scripts_one_reads_and_decides(mailed, browser):
    context = browser.new_context(**walk.PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(mailed())

    expect(page.get_by_role("heading", level=1)).to_contain_text("25 % off")
    page.get_by_label("Reason").fill("Only with the reference.")
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="You approved this")).to_be_visible()
    assert Decision.objects.get().reason == "Only with the reference."
    context.close()


def test_other_terms_are_offered_from_the_phone(mailed, phone, asked, vp):
    phone.goto(mailed())
    phone.get_by_role("link", name="Counter-offer").click()
    expect(phone.get_by_role("heading", name="What would you approve?")).to_be_visible()
    expect(phone.get_by_text("For Vera Vance")).to_be_visible()

    phone.get_by_label("Discount on Platform").fill("17,5 %")
    expect(phone.locator("#counter-live")).to_contain_text("17.5 % off")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(phone)
    assert found.violations_count == 0, found.generate_report()
    walk.look(phone, "counter-by-link-360")
    assert not Decision.objects.exists()
    phone.get_by_label("Why").fill("That is what others have.")
    phone.get_by_role("button", name="Make the counter-offer").click()

    expect(phone.get_by_role("heading", name="You offered other terms")).to_be_visible()
    expect_no_deal(phone)
    decision = Decision.objects.get()
    assert (decision.decided_by, decision.via, decision.verdict) == (vp, "mail_link", "returned")


def test_where_the_discount_is_typed_again_the_offer_asks_for_it_too(
    settings, live_server, rep, vp, smtp_server, phone
):
    settings.BASE_URL = live_server.url
    policy = policy_from_json(PolicyVersion.objects.get(in_force=True).body)
    rules = tuple(replace(rule, step_up=StepUp.RETYPE) for rule in policy.roles)
    publish_policy(policy=replace(policy, roles=rules), label="Stepped", by=SYSTEM, at=AT)
    submit(make_quote(rep, 25), at=timezone.now() - timedelta(minutes=5))
    phone.goto(walk.link_in(walk.post(smtp_server, vp.email)[-1]))
    phone.get_by_role("link", name="Counter-offer").click()
    phone.get_by_label("Discount on Platform").fill("17.5")
    phone.get_by_label("Why").fill("That is what others have.")
    phone.get_by_label("To offer this here, type the discount").fill("24")
    phone.get_by_role("button", name="Make the counter-offer").click()

    expect(phone.get_by_role("alert")).to_contain_text("That is not the discount asked for")
    expect(phone.get_by_label("Discount on Platform")).to_have_value("17.5")
    walk.look(phone, "counter-by-link-retype-360")
    assert not Decision.objects.exists()
    phone.get_by_label("To offer this here, type the discount").fill("25")
    phone.get_by_role("button", name="Make the counter-offer").click()

    expect(phone.get_by_role("heading", name="You offered other terms")).to_be_visible()


# Terms that changed


def test_terms_that_are_not_those_shown_answer_409(mailed, phone):
    """Somebody who decides on an old page decides nothing, and keeps what was typed."""
    phone.goto(mailed())
    phone.get_by_label("Reason").fill("Fine by me.")
    phone.evaluate("document.querySelector('[name=digest]').value = '0'.repeat(64)")

    with phone.expect_response(lambda response: response.request.method == "POST") as answered:
        phone.get_by_role("button", name="Approve").click()

    assert answered.value.status == 409
    expect(phone.get_by_role("alert")).to_contain_text("The terms changed")
    expect(phone.get_by_label("Reason")).to_have_value("Fine by me.")
    assert not Decision.objects.exists()
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("heading", name="You approved this")).to_be_visible()


def test_segment_that_changed_meanwhile_answers_409(mailed, phone):
    """The judged terms change behind the page when the account turns out to be an enterprise."""
    phone.goto(mailed())
    account = Account.objects.get(name="Harbour Mills")
    change_account(account=account, changes={"employees": 9000}, by=SYSTEM, at=timezone.now())

    with phone.expect_response(lambda response: response.request.method == "POST") as answered:
        phone.get_by_role("button", name="Approve").click()

    assert answered.value.status == 409
    assert not Decision.objects.exists()


# Links that are dead


def test_link_of_a_recalled_request_reveals_nothing(mailed, phone, asked, rep):
    link = mailed()
    recall_request(request=asked, reason="Withdrawn", by=by(rep), at=timezone.now())

    answer = phone.goto(link)

    assert answer.status == 410
    expect(phone.get_by_role("heading", name="Nothing to decide here any more")).to_be_visible()
    expect(phone.get_by_text("The request was recalled")).to_be_visible()
    expect(phone.get_by_role("button", name="Send me a fresh link")).to_have_count(0)
    expect_no_deal(phone)


def test_link_that_was_used_says_so_and_reveals_nothing(mailed, phone, asked, vp):
    link = mailed()
    decide(asked, vp, at=timezone.now())

    phone.goto(link)

    expect(phone.get_by_role("heading", name="You approved this")).to_be_visible()
    expect(phone.get_by_text(re.compile("Decided by Vera Vance"))).to_be_visible()
    expect_no_deal(phone)


def test_superseded_link_reveals_nothing(mailed, phone, asked, vp):
    old = mailed()
    send_fresh_link(slot=slot_of(asked, vp), by=by(vp), at=timezone.now())

    answer = phone.goto(old)

    assert answer.status == 410
    expect(phone.get_by_role("heading", name="There is a newer link")).to_be_visible()
    expect_no_deal(phone)
    phone.goto(mailed())
    expect(phone.get_by_role("button", name="Approve")).to_be_visible()


def test_expired_link_sends_a_fresh_one_to_its_addressee_alone(
    mailed, phone, asked, vp, smtp_server
):
    old = mailed()
    sent = len(smtp_server.messages)
    ago = timezone.now() - LIFETIME
    ApprovalLink.objects.update(issued_at=ago, expires_at=ago + LIFETIME - timedelta(seconds=1))

    answer = phone.goto(old)
    assert answer.status == 410
    expect(phone.get_by_role("heading", name="This link is too old")).to_be_visible()
    expect_no_deal(phone)
    phone.get_by_role("button", name="Send me a fresh link").click()
    expect(phone.get_by_role("heading", name="A fresh link is on its way")).to_be_visible()
    expect_no_deal(phone)

    fresh = mailed()
    assert fresh != old
    assert [mail["To"] for mail in smtp_server.messages[sent:]] == [
        walk.post(smtp_server, vp.email)[-1]["To"]
    ]
    phone.goto(fresh)
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("heading", name="You approved this")).to_be_visible()


def test_link_that_nobody_made_says_nothing(phone, live_server):
    answer = phone.goto(f"{live_server.url}/a/{'x' * 43}/")

    assert answer.status == 404
    expect(phone.get_by_role("heading", name="This link is not known")).to_be_visible()


# Somebody else


def test_signed_in_other_person_is_told_it_is_not_theirs(mailed, browser, live_server, outsider):
    context = browser.new_context()
    walk.sign_in(context, live_server.url, outsider)
    page = context.new_page()

    answer = page.goto(mailed())

    assert answer.status == 403
    expect(page.get_by_role("heading", name="This link is not yours")).to_be_visible()
    expect(page.get_by_text("you are signed in as Oda Olsen")).to_be_visible()
    expect_no_deal(page)
    page.get_by_role("button", name="Close it on this device").click()
    expect(page.get_by_role("heading", name="Closed on this device")).to_be_visible()
    context.close()


def test_in_development_one_steps_out_and_sees_it_as_on_the_phone(
    mailed, browser, live_server, rep, settings
):
    settings.DEV_TOOLS = True
    context = browser.new_context()
    walk.sign_in(context, live_server.url, rep)
    page = context.new_page()
    page.goto(mailed())

    page.get_by_role("button", name="Open it as on the phone").click()

    expect(page.get_by_text("For Vera Vance")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="You approved this")).to_be_visible()
    context.close()


def test_signed_in_colleague_is_taken_to_their_own_slot(
    browser, live_server, settings, rep, vp, desk, smtp_server
):
    settings.BASE_URL = live_server.url
    quote = make_quote(rep, 25, terms=[term()])
    asked = submit(quote, at=timezone.now() - timedelta(minutes=5))
    link = walk.link_in(walk.post(smtp_server, vp.email)[-1])
    context = browser.new_context()
    walk.sign_in(context, live_server.url, desk)
    page = context.new_page()

    page.goto(link)

    expect(page).to_have_url(f"{live_server.url}/approvals/{slot_of(asked, desk).pk}/")
    expect(page.get_by_text("That link was Vera Vance's")).to_be_visible()
    context.close()


def test_addressee_who_is_signed_in_decides_by_the_link(mailed, browser, live_server, vp):
    context = browser.new_context(**walk.PHONE)
    walk.sign_in(context, live_server.url, vp)
    page = context.new_page()
    page.goto(mailed())

    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", name="You approved this")).to_be_visible()
    assert Decision.objects.get().decided_by == vp
    context.close()


def test_not_you_forgets_the_link_on_this_device(mailed, phone):
    phone.goto(mailed())
    address = phone.url

    phone.get_by_text("Not you?").click()
    phone.get_by_role("button", name="Close it on this device").click()
    expect(phone.get_by_role("heading", name="Closed on this device")).to_be_visible()

    phone.goto(address)
    expect(phone.get_by_role("heading", name="This link is not known")).to_be_visible()
    assert not Decision.objects.exists()


def test_deadline_is_told_in_the_zone_of_the_addressee(mailed, phone, asked, vp):
    vp.zone = "Asia/Tokyo"
    vp.save(update_fields=["zone"])
    due = slot_of(asked, vp).due_at.astimezone(ZoneInfo("Asia/Tokyo"))

    phone.goto(mailed())

    expect(phone.locator(".approval-facts")).to_contain_text(f"{due:%H:%M}")
