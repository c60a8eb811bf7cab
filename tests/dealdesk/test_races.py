"""Real threads on PostgreSQL: what happens to one request at once happens one after the other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dealdesk.coverage import cover_of
from dealdesk.models import ApprovalLink, ApprovalRequest, CounterOffer, Decision
from dealdesk.operations import (
    accept_counter,
    counter_offer,
    decide_approval,
    end_ungranted,
    give_grant,
    make_primary,
    publish_preset,
    recall_request,
    revise_quote,
    revoke_decision,
    revoke_grant,
    save_quote,
)
from dealdesk.patches import LinePatch, Patch
from pipeline.models import Deal
from pipeline.operations import reassign_deal, win_deal
from revops import integrity
from revops.ledger.verification import verify
from revops.people.actor import Via
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    line,
    make_quote,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by, make_person
from tests.factories.pipeline import complete, make_deal
from tests.racing import at_once, refused

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def sound():
    found = [each for each in integrity.findings() if each.check.startswith("dealdesk.")]
    return found == [] and verify().is_intact


def test_two_approvers_at_the_same_instant(rep, desk):
    """First response: one decision counts, the other is told that it is no longer needed."""
    other = make_person("Dan Dore", roles=["deal_desk"])
    request = submit(make_quote(rep, terms=[term()]))

    results = at_once(lambda: decide(request, desk), lambda: decide(request, other, "rejected"))

    assert len(refused(results)) == 1
    assert Decision.objects.count() == 1
    assert sound()


def test_the_last_two_steps_at_the_same_instant(rep, finance, legal):
    """Each must see the other, or neither settles the request."""
    request = submit(make_quote(rep, term_months=24))

    results = at_once(lambda: decide(request, finance), lambda: decide(request, legal))

    assert refused(results) == []
    assert ApprovalRequest.objects.get().status == "approved"
    assert sound()


def test_recall_during_decision(rep, vp):
    request = submit(make_quote(rep, 25))

    results = at_once(
        lambda: decide(request, vp),
        lambda: recall_request(request=request, by=by(rep), at=AT + HOUR),
    )

    assert len(refused(results)) == 1
    status = ApprovalRequest.objects.get().status
    assert status == ("approved" if Decision.objects.exists() else "recalled")
    assert sound()


def test_two_submissions_at_once_for_the_last_use_of_a_grant(rep, vp):
    """One is approved under it, the other asks the VP: the row of the grant is locked."""
    grant = give_grant(
        role="vp_sales",
        person=rep,
        max_discount_percent=Decimal(25),
        max_uses=1,
        max_amount=Decimal(9000),
        ends_on=date(2027, 1, 1),
        by=by(vp),
        at=AT,
    )
    quotes = [
        make_quote(rep, 25, deal=make_deal(rep, name, account=small_account()))
        for name in ("One", "Two")
    ]

    results = at_once(*(lambda quote=quote: submit(quote) for quote in quotes))

    assert refused(results) == []
    assert sorted(request.status for request in results) == ["approved", "pending"]
    grant.refresh_from_db()
    assert (grant.used_count, grant.uses.count()) == (1, 1)
    assert sound()


def test_a_grant_taken_back_while_it_is_used(rep, vp):
    """Whichever is first: a request that rests on it afterwards covers nothing."""
    grant = give_grant(
        role="vp_sales",
        person=rep,
        max_discount_percent=Decimal(25),
        max_uses=1,
        max_amount=Decimal(9000),
        ends_on=date(2027, 1, 1),
        by=by(vp),
        at=AT,
    )
    quote = make_quote(rep, 25)

    results = at_once(
        lambda: submit(quote),
        lambda: revoke_grant(grant=grant, reason="x", by=by(vp), at=AT),
    )

    assert refused(results) == []
    assert not cover_of(quote.deal, AT + HOUR).ok
    end_ungranted(at=AT + HOUR)
    assert sound()


def test_two_counter_offers_at_the_same_instant(rep, vp, desk):
    """The first returns the request; the second is told that it is no longer open."""
    request = submit(make_quote(rep, 25, terms=[term()]))
    key = request.quote.lines.get().key

    def counter(person):
        return counter_offer(
            slot=slot_of(request, person),
            patch=Patch(lines=(LinePatch(key, Decimal(15)),)),
            reason="So much",
            digest=request.snapshot.digest,
            by=by(person),
            at=AT + HOUR,
        )

    results = at_once(lambda: counter(vp), lambda: counter(desk))

    assert len(refused(results)) == 1
    assert CounterOffer.objects.count() == 1
    assert sound()


def test_an_offer_accepted_while_it_is_taken_back(rep, vp):
    request = submit(make_quote(rep, 25))
    key = request.quote.lines.get().key
    offer = counter_offer(
        slot=slot_of(request, vp),
        patch=Patch(lines=(LinePatch(key, Decimal(15)),)),
        reason="So much",
        digest=request.snapshot.digest,
        by=by(vp),
        at=AT + HOUR,
    )

    at_once(
        lambda: accept_counter(counter=offer, by=by(rep), at=AT + 2 * HOUR),
        lambda: revoke_decision(decision=offer.decision, reason="x", by=by(vp), at=AT + 2 * HOUR),
    )

    assert not cover_of(request.deal, AT + 3 * HOUR).ok
    assert sound()


def test_a_link_used_twice_at_once_decides_once(rep, vp):
    request = submit(make_quote(rep, 25))
    slot = slot_of(request, vp)
    link = slot.links.get()

    def use():
        return decide_approval(
            slot=slot,
            verdict="approved",
            digest=request.snapshot.digest,
            link=link,
            by=by(vp, Via.LINK),
            at=AT + HOUR,
        )

    results = at_once(use, use, use)

    assert len(refused(results)) == 2
    assert Decision.objects.count() == 1
    assert ApprovalLink.objects.filter(consumed_at__isnull=False).count() == 1
    assert sound()


def test_two_submits_at_once_make_one_request(rep, vp):
    quote = make_quote(rep, 25)

    results = at_once(lambda: submit(quote), lambda: submit(quote))

    assert [result.code for result in refused(results)] == ["already_pending"]
    assert ApprovalRequest.objects.count() == 1
    assert sound()


def test_decision_against_a_worse_primary(rep, vp):
    """Whoever comes first, worse terms are never covered by the approval."""
    quote = make_quote(rep, 25)
    request = submit(quote)
    draft = revise_quote(quote=quote, by=by(rep), at=AT)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(35, key=key)], by=by(rep), at=AT)

    results = at_once(
        lambda: decide(request, vp),
        lambda: make_primary(quote=draft, by=by(rep), at=AT + HOUR),
    )

    assert refused(results) == []
    assert not cover_of(Deal.objects.get(), AT + HOUR).ok
    assert sound()


def test_a_win_against_a_decision_taken_back(rep, vp):
    deal = complete(make_deal(rep, account=small_account(), stage="negotiation"))
    decision = decide(submit(make_quote(rep, 25, deal=deal)), vp)
    deal = Deal.objects.get(pk=deal.pk)

    results = at_once(
        lambda: win_deal(deal=deal, by=by(rep), at=AT + 2 * HOUR),
        lambda: revoke_decision(decision=decision, reason="x", by=by(vp), at=AT + 2 * HOUR),
    )

    assert len(refused(results)) == 1
    won = Deal.objects.get().status == "won"
    assert ApprovalRequest.objects.get().status == ("consumed" if won else "revoked")
    assert sound()


def test_two_primaries_at_once_leave_one(rep):
    quote = make_quote(rep, 5)
    drafts = [revise_quote(quote=quote, by=by(rep), at=AT) for _ in range(2)]

    at_once(*[lambda q=q: make_primary(quote=q, by=by(rep), at=AT + HOUR) for q in drafts])

    assert quote.deal.quotes.filter(is_primary=True).count() == 1
    assert sound()


def test_two_revisions_at_once_get_two_numbers(rep):
    quote = make_quote(rep, 5)

    at_once(*[lambda: revise_quote(quote=quote, by=by(rep), at=AT)] * 3)

    assert sorted(quote.deal.quotes.values_list("revision", flat=True)) == [1, 2, 3, 4]


def test_two_policies_published_at_once_follow_each_other(revops):
    publish_preset(preset="recommended", by=by(revops), at=AT)

    results = at_once(
        *[lambda: publish_preset(preset="as_in_the_sources", by=by(revops), at=AT)] * 2
    )

    assert [result.code for result in refused(results)] == ["unchanged"]
    assert sound()


def test_a_deal_handed_over_during_a_decision(rep, other_rep, vp, revops):
    """The deal is found whatever changed while it was waited for."""
    request = submit(make_quote(rep, 25))

    results = at_once(
        lambda: decide(request, vp),
        lambda: reassign_deal(
            deal=request.deal, owner=other_rep, reason="Ill", by=by(revops), at=AT + HOUR
        ),
    )

    assert refused(results) == []
    assert sound()


def test_policy_published_while_submitting(rep, vp, revops):
    quote = make_quote(rep, 25)

    results = at_once(
        lambda: submit(quote),
        lambda: publish_preset(preset="recommended", by=by(revops), at=AT),
    )

    assert refused(results) == []
    assert ApprovalRequest.objects.get().policy.number in (1, 2)
    assert sound()
