"""A question to the desk in a browser: asked on the deal, answered from the desk's list."""

import pytest
from playwright.sync_api import expect

from tests.e2e.walk import look, sign_in
from tests.factories.pipeline import make_deal

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_a_question_is_asked_and_answered(browser, live_server, rep, desk):
    deal = make_deal(rep, "Acme rollout")
    seller, answers = browser.new_context(), browser.new_context()
    sign_in(seller, live_server.url, rep)
    sign_in(answers, live_server.url, desk)

    page = seller.new_page()
    page.goto(f"{live_server.url}{deal.get_absolute_url()}")
    page.get_by_text("Ask the deal desk").click()
    page.get_by_label("Your question to the deal desk").fill("May they pay in pounds?")
    page.get_by_role("button", name="Ask the desk").click()
    expect(page.get_by_text("Waits for the desk")).to_be_visible()
    look(page, "question")

    theirs = answers.new_page()
    theirs.goto(f"{live_server.url}/desk/")
    look(theirs, "questions")
    theirs.get_by_role("link", name="Acme rollout").click()
    theirs.get_by_label("The desk's answer").fill("Yes.")
    theirs.get_by_role("button", name="Answer").click()
    expect(theirs.locator(".tag", has_text="Answered")).to_be_visible()
    seller.close()
    answers.close()
