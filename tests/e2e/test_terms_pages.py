"""The ladder of terms, redlines and legal's checklist in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from dealdesk.models import NonStandardTerm, PolicyCase
from dealdesk.operations.ladder import add_rung
from dealdesk.operations.papers import add_redline
from tests.dealdesk.test_papers import word_file
from tests.e2e.walk import axe, look, sign_in
from tests.factories.dealdesk import AT, by, line, make_quote, slot_of, submit, term

pytestmark = [pytest.mark.django_db(transaction=True)]
GOLD = "The service is available 99.9 % of each month."


@pytest.fixture
def sla(revops):
    sla = NonStandardTerm.objects.get(key="custom-sla")
    facts = {"kind": "fallback", "name": "Gold", "value": "99.9 %", "text": GOLD, "roles": []}
    add_rung(term=sla, facts=facts, by=by(revops), at=AT)
    return sla


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_pages_of_terms_and_cases_are_accessible_and_fit(
    page, live_server, errors, revops, sla, width, scheme
):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 740})
    sign_in(page.context, live_server.url, revops)
    case = PolicyCase.objects.get(shipped_key="15-36")

    for name, address in {
        "cases": "/policy/cases/",
        "case": f"/policy/cases/{case.pk}/",
        "terms": "/terms/",
        "term": f"/terms/{sla.pk}/",
        "wording": f"/terms/{sla.pk}/wordings/new/",
    }.items():
        page.goto(f"{live_server.url}{address}")
        assert axe(page) == [], address
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, address
        look(page, f"{name}-{width}-{scheme}")

    assert errors == []


def test_a_fallback_is_put_in_and_redlines_ask_legal(page, live_server, rep, desk, legal, sla):
    quote = make_quote(rep, lines=[line()], terms=[term("custom-sla", "", "Theirs.")])
    sign_in(page.context, live_server.url, rep)
    page.goto(f"{live_server.url}{quote.get_absolute_url()}")
    expect(page.locator(".quote-asks")).to_contain_text("the deal desk")

    page.locator(".term-ladder summary").click()
    page.get_by_role("button", name=re.compile("Use it *Gold")).click()

    expect(page.locator(".quote-asks")).to_contain_text("pre-approved as “Gold”: nobody")
    expect(page.get_by_label("Exact wording")).to_have_value(GOLD)
    page.set_input_files(
        "#redline-file", {"name": "msa.txt", "mimeType": "text/plain", "buffer": b"Clause 7"}
    )
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("link", name="msa.txt")).to_be_visible()
    expect(page.locator("#quote-live")).to_contain_text("redlines comes with the quote: legal")


def test_legal_ticks_the_checklist_then_approves(page, live_server, errors, rep, legal):
    quote = make_quote(rep)
    add_redline(quote=quote, file=word_file(), by=by(rep), at=AT)
    slot = slot_of(submit(quote), legal)
    sign_in(page.context, live_server.url, legal)
    page.goto(f"{live_server.url}{slot.get_absolute_url()}")
    assert axe(page) == [], "checklist"

    for number in range(8):
        page.locator("#paper-checklist input[type=checkbox]").nth(number).check()
        expect(page.locator("#paper-checklist")).to_contain_text(f"{number + 1} of 8 looked at")
    page.get_by_role("button", name="Approve", exact=False).first.click()

    expect(page.get_by_text("You approved").first).to_be_visible()
    assert errors == []
