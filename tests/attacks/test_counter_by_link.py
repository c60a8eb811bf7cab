"""Attacks on offers made from the link of a mail: what deciding by it refuses, this refuses."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dealdesk import links
from dealdesk.models import ApprovalLink, ApprovalRequest, CounterOffer, Decision, PolicyVersion
from dealdesk.operations import publish_policy, recall_request, send_fresh_link
from dealdesk.policy import StepUp, policy_from_json
from revops.ledger.models import Entry
from tests.factories.dealdesk import HOUR, decide, line, make_quote, slot_of, submit, term
from tests.factories.people import AT, SYSTEM, by

pytestmark = pytest.mark.django_db


def ask_for(step_up: StepUp) -> None:
    policy = policy_from_json(PolicyVersion.objects.get(in_force=True).body)
    rules = tuple(replace(rule, step_up=step_up) for rule in policy.roles)
    publish_policy(policy=replace(policy, roles=rules), label="Stepped", by=SYSTEM, at=AT)


def asked_of(rep, person, percent=25, **facts):
    at = timezone.now() - HOUR
    return slot_of(submit(make_quote(rep, percent, at=at, **facts), at=at), person)


@pytest.fixture
def slot(rep, vp):
    return asked_of(rep, vp)


def token_of(slot) -> str:
    return links.derive_token(ApprovalLink.objects.filter(slot=slot).order_by("pk").last())


def holding(slot, client=None) -> Client:
    """A browser in which the link was opened."""
    client = client or Client()
    client.get(links.link_path(token_of(slot)))
    return client


def address(slot) -> str:
    return reverse("dealdesk:approval-link-counter", args=[slot.pk])


def offer(client, slot, percent="17,5 %", **facts):
    """Post the form as the page has it, with less discount."""
    quote = slot.step.request.quote
    mark = f"q{quote.pk}"
    typed = {
        f"{mark}-line-{quote.lines.get().stable_key}": percent,
        f"{mark}-payment": quote.payment_terms.key,
        f"{mark}-billing": quote.billing.key,
        f"{mark}-term_months": str(quote.term_months or ""),
        f"{mark}-digest": slot.step.request.snapshot.digest,
        f"{mark}-reason": "That is what others have.",
    }
    own = {f"{mark}-{name}": value for name, value in facts.items() if name in ("digest", "reason")}
    rest = {name: value for name, value in facts.items() if name not in ("digest", "reason")}
    return client.post(address(slot), {**typed, **own, **rest})


def expect_nothing(slot):
    assert not Decision.objects.exists()
    assert not CounterOffer.objects.exists()
    assert ApprovalRequest.objects.get(pk=slot.step.request_id).is_pending


# What it is for


def test_offer_by_link_is_the_offer_of_its_addressee(slot, vp):
    answer = offer(holding(slot), slot)

    assert (answer.status_code, answer.url) == (302, f"/a/slot/{slot.pk}/")
    counter = CounterOffer.objects.get()
    assert (counter.decision.decided_by, counter.decision.via) == (vp, "mail_link")
    assert counter.decision.verdict == "returned"
    assert ApprovalLink.objects.get(slot=slot).consumed_at


def test_opening_the_form_and_trying_terms_changes_nothing(slot):
    client, before = holding(slot), Entry.objects.count()

    for _ in range(5):
        assert client.get(address(slot)).status_code == 200
        assert client.head(address(slot)).status_code == 200
    tried = offer(client, slot, preview="1")

    assert tried.status_code == 200
    assert "17.5 % off" in tried.content.decode()
    assert Entry.objects.count() == before
    expect_nothing(slot)


# Attacks


def test_forwarded_link_in_the_browser_of_a_colleague_offers_nothing(slot, manager):
    client = Client()
    client.force_login(manager)
    holding(slot, client)

    assert client.get(address(slot)).status_code == 403
    assert offer(client, slot).status_code == 403
    expect_nothing(slot)


def test_address_without_the_link_offers_nothing_and_tells_nothing(slot):
    stranger = Client()

    answer = stranger.get(address(slot))

    assert answer.status_code == 404
    assert slot.step.request.deal.name not in answer.content.decode()
    assert offer(stranger, slot).status_code in (404, 409)
    expect_nothing(slot)


def test_link_of_one_slot_makes_no_offer_on_another(rep, vp, slot):
    other = asked_of(rep, vp, 30)

    assert offer(holding(slot), other).status_code in (404, 409)
    expect_nothing(other)


def test_scanner_that_posts_without_the_token_of_the_form_is_refused(slot):
    client = holding(slot, Client(enforce_csrf_checks=True))

    assert offer(client, slot).status_code == 403
    expect_nothing(slot)


def test_stale_digest_answers_409_and_keeps_the_link(slot):
    client = holding(slot)

    assert offer(client, slot, digest="0" * 64).status_code == 409

    expect_nothing(slot)
    assert ApprovalLink.objects.get(slot=slot).consumed_at is None
    assert offer(client, slot).status_code == 302


def test_used_link_makes_no_second_offer(slot):
    client = holding(slot)
    offer(client, slot)

    again = offer(client, slot, "15")

    assert again.status_code == 409
    assert CounterOffer.objects.count() == 1
    page = client.get(f"/a/slot/{slot.pk}/").content.decode()
    assert "You offered other terms" in page
    assert slot.step.request.deal.name not in page


def test_link_that_a_decision_used_up_offers_nothing(slot, vp):
    client = holding(slot)
    decide(slot.step.request, vp, at=timezone.now())

    assert offer(client, slot).status_code == 409
    assert not CounterOffer.objects.exists()


def test_older_link_and_link_of_a_recalled_request_offer_nothing(slot, rep, vp):
    old = holding(slot)
    send_fresh_link(slot=slot, by=by(vp), at=timezone.now())
    assert offer(old, slot).status_code == 409
    fresh = holding(slot)
    recall_request(request=slot.step.request, reason="Not now", by=by(rep), at=timezone.now())

    assert offer(fresh, slot).status_code == 409
    assert not CounterOffer.objects.exists()


def test_expired_link_offers_nothing(slot):
    client, ago = holding(slot), timezone.now() - links.LIFETIME
    ApprovalLink.objects.update(issued_at=ago - HOUR, expires_at=ago)

    assert offer(client, slot).status_code == 409
    expect_nothing(slot)


def test_wrong_step_up_offers_nothing_and_the_fifth_ends_the_link(rep, vp):
    ask_for(StepUp.RETYPE)
    slot = asked_of(rep, vp)
    client = holding(slot)

    assert 'name="retyped"' in client.get(address(slot)).content.decode()
    for _ in range(4):
        assert offer(client, slot, retyped="24").status_code == 422
    assert offer(client, slot, retyped="17.5").status_code in (409, 422)

    assert ApprovalLink.objects.get(slot=slot).killed_why == "mistyped"
    assert offer(client, slot, retyped="25").status_code == 409
    expect_nothing(slot)


def test_the_discount_typed_again_makes_the_offer(rep, vp):
    ask_for(StepUp.RETYPE)
    slot = asked_of(rep, vp)
    client = holding(slot)

    assert offer(client, slot, reason="", retyped="25,0 %").status_code == 422
    assert offer(client, slot).status_code == 302
    assert CounterOffer.objects.exists()


def test_trying_terms_asks_for_no_step_up_and_counts_none(rep, vp):
    ask_for(StepUp.RETYPE)
    slot = asked_of(rep, vp)

    assert offer(holding(slot), slot, preview="1", retyped="3").status_code == 200

    assert ApprovalLink.objects.get(slot=slot).mistyped == 0


def test_where_the_tier_asks_for_a_sign_in_the_link_offers_nothing(rep, vp):
    ask_for(StepUp.SIGN_IN)
    slot = asked_of(rep, vp)
    client = holding(slot)

    page = client.get(address(slot))

    assert page.status_code == 403
    assert "Sign in and decide" in page.content.decode()
    assert 'name="reason"' not in page.content.decode()
    assert offer(client, slot).status_code == 403
    expect_nothing(slot)


def test_offer_by_link_may_not_be_worse_for_us(slot):
    assert offer(holding(slot), slot, "30").status_code == 422
    expect_nothing(slot)


def test_legal_offers_nothing_by_link_past_the_checklist(rep, desk, legal):
    slot = asked_of(rep, legal, lines=[line(5)], terms=[term("customer-paper", "")])

    answer = offer(holding(slot), slot, "0")

    assert answer.status_code == 422
    assert "checklist" in answer.content.decode()
    expect_nothing(slot)


def test_page_of_the_offer_is_kept_out_of_caches_and_search_engines(slot):
    client = holding(slot)

    for answer in (
        client.get(address(slot)),
        offer(client, slot, preview="1"),
        offer(client, slot),
    ):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
