"""A newcomer's first five minutes, walked in a browser as they are told on the home page.

One test, because it is one story: a deal is dragged, quoted, asked for, decided by mail and in the
inbox, and won; an administrator reads the report; a worse price costs its twin the approval.
"""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dealdesk.demo import checklist
from dealdesk.demo.prepared import FIRST, SOURCE, TWIN
from dealdesk.models import Decision
from pipeline.models import Deal
from tests.demo.conftest import load
from tests.e2e import walk
from tests.e2e.walk import look

pytestmark = [pytest.mark.django_db(transaction=True)]

RITA, ANA, KIM, NOOR = "Rita Santos", "Ana Ruiz", "Kim Tanaka", "Noor Haddad"
WHY = "They roll out to all three plants at once, and compare us with Orrin."


@pytest.fixture
def demo(settings, live_server):
    """The demo company as `make run` loads it, a moment ago."""
    settings.DEV_TOOLS = True
    settings.BASE_URL = live_server.url
    return load(at=timezone.now())


@pytest.fixture
def complaints(page):
    """What the browser's console complained of; a refused move is no complaint."""
    heard = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert [said for said in heard if "422" not in said] == []


@pytest.fixture
def desk(page):
    page.set_viewport_size({"width": 1280, "height": 800})
    return page


def prepared(which: str) -> Deal:
    return Deal.objects.get(source=SOURCE, external_id=which)


@pytest.mark.usefixtures("demo", "complaints")
def test_first_five_minutes(desk, browser, live_server, smtp_server):
    base, deal = live_server.url, prepared(FIRST)

    starts_as_rita(desk, base)
    drags_the_deal(desk, base, deal)
    tries_discounts(desk, base)
    submits(desk)
    ana_decides_from_her_mail(browser, smtp_server)
    kim_decides_by_keyboard(desk, base, deal)
    wins(desk, base, deal)
    noor_reads_the_report(desk, base, deal)
    gives_up_the_approval_of_the_twin(desk, base)
    finds_the_list_ticked(desk, base, deal)


def starts_as_rita(page, base):
    page.goto(base)
    start = page.get_by_role("button", name=RITA)
    expect(start).to_contain_text("start here")
    expect(page.locator(".dev-person").first).to_contain_text(RITA)
    look(page, "01-sign-in")

    start.click()

    expect(page.get_by_role("heading", name="Your first five minutes")).to_be_in_viewport()
    expect(page.get_by_text("0 of 7")).to_be_visible()
    look(page, "02-home")


def drags_the_deal(page, base, deal):
    page.get_by_role("link", name="Drag the deal to Proposal").click()
    card = page.locator(f"#card-{deal.pk}")

    walk.drag(page, card, page.locator("#column-proposal"))

    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".asked")).to_have_count(2)
    look(page, "03-asks-for-two")
    dialog.get_by_label("Technical requirements").fill("Single sign-on, and orders into the ERP.")
    dialog.get_by_label(re.compile("proposal", re.I)).check()
    dialog.get_by_role("button", name="Move to Proposal").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#column-proposal").locator(f"#card-{deal.pk}")).to_be_visible()
    look(page, "04-moved")


def tries_discounts(page, base):
    page.goto(base)
    page.get_by_role("link", name="Ask for 25 % off").click()
    wish = page.get_by_label("Discount or price")
    route = page.get_by_role("list", name="Who would be asked")
    expect(route).to_contain_text("Nobody needs to approve this")

    wish.fill("25")
    expect(route).to_contain_text(ANA)
    expect(route).to_contain_text("25 % below standard: the VP of sales from 20 %")
    look(page, "05-vp-appears")

    wish.fill("19.99")
    expect(route).to_contain_text("Marc Lindner")
    expect(route).not_to_contain_text(ANA)
    look(page, "06-vp-leaves")

    page.get_by_role("button", name="Add a term").click()
    page.get_by_label("Non-standard term").select_option(label="Custom SLA")
    page.get_by_label("Value asked for").fill("99.9 %")
    expect(route).to_contain_text(KIM)

    wish.fill("25")
    expect(route).to_contain_text(ANA)
    expect(route).to_contain_text(KIM)
    look(page, "07-desk-appears")


def submits(page):
    page.get_by_label("Why does the customer need this?").fill(WHY)
    page.get_by_label("A reference").check()
    look(page, "08-submit")
    page.get_by_role("button", name="Submit for approval").click()

    expect(page.get_by_text("will be asked by mail now")).to_be_visible()
    expect(page.get_by_role("list", name="Who decides")).to_contain_text("waiting")
    look(page, "09-submitted")


def ana_decides_from_her_mail(browser, mailbox):
    """On her phone, where nobody is signed in."""
    [mail] = walk.post(mailbox, "ana.ruiz@tallowmere.example")
    link = walk.link_in(mail)
    token = link.rsplit("/", 2)[1]
    assert token not in mail["Subject"]
    assert link in walk.html(mail)
    for said in ("Alderbeck Foods", "17,325.00", "25 %", "the VP of sales from 20 %", WHY):
        assert said in walk.plain(mail), said
        assert said in walk.html(mail).replace("&#x27;", "'"), said

    context = browser.new_context(**walk.PHONE)
    phone = context.new_page()
    phone.goto(link)

    assert token not in phone.url
    expect(phone.get_by_text("For Ana Ruiz")).to_be_in_viewport()
    for shown in ("17,325.00", "25 % off", "Your answer due", "Why you", "Given", "In return"):
        expect(phone.get_by_text(shown).first).to_be_in_viewport()
    expect(phone.get_by_role("button", name="Approve")).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    look(phone, "10-phone")

    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("heading", name="You approved this")).to_be_visible()
    expect(phone.get_by_text(re.compile(r"\d+ more waits? for you"))).to_be_visible()
    look(phone, "11-phone-decided")
    context.close()


def kim_decides_by_keyboard(page, base, deal):
    walk.step_into(page, base, KIM)
    page.get_by_role("link", name="Approvals").first.click()
    row = page.get_by_role("link", name=re.compile(re.escape(deal.name)))
    expect(row).to_be_visible()
    look(page, "12-inbox")

    for _ in range(20):
        page.keyboard.press("j")
        if row.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rita asks for 25 % off")
    look(page, "13-approval")
    page.wait_for_load_state()
    page.keyboard.press("a")
    page.keyboard.press("Enter")

    expect(page.get_by_text("You approved this")).to_be_visible()
    look(page, "14-approved")
    assert set(
        Decision.objects.filter(slot__step__request__deal=deal).values_list("slot__role", "via")
    ) == {("vp_sales", "mail_link"), ("deal_desk", "web")}


def wins(page, base, deal):
    walk.step_into(page, base, RITA)
    page.get_by_role("link", name="Win the deal").click()
    expect(page.get_by_text("Approved, good until")).to_be_visible()
    look(page, "15-approved-deal")

    page.get_by_role("button", name="Advance to Negotiation").click()
    dialog = page.get_by_role("dialog")
    answer(dialog)
    look(page, "16-advance")
    dialog.get_by_role("button", name="Move to Negotiation").click()
    expect(dialog).to_be_hidden()

    page.get_by_role("button", name="Win").click()
    answer(dialog)
    look(page, "17-win")
    dialog.get_by_role("button", name=re.compile("Win|Won")).click()
    expect(dialog).to_be_hidden()

    expect(page.locator(".deal-sub")).to_contain_text("Won")
    look(page, "18-won")
    deal.refresh_from_db()
    assert deal.status == Deal.Status.WON


def answer(dialog):
    """Give every item asked an answer: a tick, none, or a few words."""
    expect(dialog).to_be_visible()
    for asked in dialog.locator(".asked").all():
        boxes = asked.get_by_role("checkbox")
        words = asked.get_by_role("textbox")
        if boxes.count():
            boxes.last.check()
        elif words.count():
            words.first.fill("Contracts 2026, folder 12")


def noor_reads_the_report(page, base, deal):
    walk.step_into(page, base, NOOR)
    page.get_by_role("link", name="Exceptions").first.click()

    expect(page.get_by_role("heading", name="Exceptions", level=1)).to_be_visible()
    rows = page.get_by_role("row").filter(has_text=deal.name)
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="Custom SLA")).to_be_visible()
    look(page, "19-exceptions")


def gives_up_the_approval_of_the_twin(page, base):
    walk.step_into(page, base, RITA)
    page.get_by_role("link", name="Make the worse price of the twin primary").click()
    look(page, "20-worse-price")

    page.get_by_role("link", name="Make primary").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Ana's approval")
    expect(dialog).to_contain_text("30 %")
    look(page, "21-gives-up")
    dialog.get_by_role("button", name="Make primary and give it up").click()

    expect(dialog).to_be_hidden()
    expect(page.locator("#main")).to_contain_text(re.compile("discount.*22 %.*30 %", re.I))
    look(page, "22-gave-up")
    assert not prepared(TWIN).quotes.get(is_primary=True).requests.exists()


def finds_the_list_ticked(page, base, deal):
    page.goto(base)

    expect(page.get_by_text("7 of 7")).to_be_visible()
    expect(page.get_by_text("make demo-tamper")).to_be_visible()
    look(page, "23-all-ticked")
    assert all(item.done for item in checklist.checklist(deal, prepared(TWIN), deal.owner))
