"""Random sequences of verbs by random people never reach a won deal without valid cover.

The checker below reads the rows and the frozen terms only; it shares nothing with the gate.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    CounterOffer,
    Decision,
    Quote,
    StandingGrant,
)
from dealdesk.operations import (
    accept_counter,
    add_approver,
    bypass_request,
    counter_offer,
    decide_approval,
    decline_counter,
    end_ungranted,
    expire_requests,
    give_grant,
    lapse_approvals,
    make_primary,
    reassign_approval,
    recall_request,
    revise_quote,
    revoke_decision,
    revoke_grant,
    save_quote,
    submit_quote,
    take_up_counter,
)
from dealdesk.patches import LinePatch, Patch
from dealdesk.terms import from_canonical
from pipeline.models import Deal
from pipeline.operations import win_deal
from revops import integrity
from revops.refusals import Refused
from tests.factories.dealdesk import AT, line, make_quote, payment, small_account, term
from tests.factories.people import by
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db

VERBS = 30
"""So many are tried in a walk; about half of them are refused."""


class Walk:
    """One deal, the people around it, and a clock that only goes forward."""

    def __init__(self, seed, deal, people):
        self.dice, self.deal, self.people = random.Random(seed), deal, people
        self.at, self.done = AT, []

    def one(self, rows):
        found = list(rows)
        return self.dice.choice(found) if found else None

    def anybody(self):
        return by(self.dice.choice(list(self.people.values())))

    def usually(self, person):
        return by(person) if self.dice.random() < 0.85 else self.anybody()

    def owner(self):
        return self.usually(self.people["rep"])

    def step(self):
        verb = self.dice.choices(VERBS_OF, weights=[weight for _, weight in WEIGHED])[0]
        self.at += timedelta(hours=self.dice.choice([1, 1, 3, 30, 24 * 12]))
        try:
            done = verb(self)
        except Refused:
            done = None
        if done is not None:
            self.done.append(verb.__name__)


def submit(walk):
    quote = walk.one(Quote.objects.filter(deal=walk.deal))
    facts = {"why": "Because", "in_return": ["nothing"]}
    return submit_quote(quote=quote, **facts, by=walk.owner(), at=walk.at)


def decide(walk):
    slot = walk.one(ApprovalSlot.objects.filter(step__request__deal=walk.deal))
    return slot and decide_approval(
        slot=slot,
        verdict=walk.dice.choice(["approved"] * 5 + ["rejected", "returned"]),
        reason="So",
        digest=slot.step.request.snapshot.digest,
        by=walk.usually(slot.person),
        at=walk.at,
    )


def counter(walk):
    slot = walk.one(ApprovalSlot.objects.open().filter(step__request__deal=walk.deal))
    if slot is None:
        return None
    key = slot.step.request.quote.lines.get().key
    percent = Decimal(walk.dice.choice([5, 12, 18, 30]))
    return counter_offer(
        slot=slot,
        patch=Patch(lines=(LinePatch(key, percent),)),
        reason="So",
        digest=slot.step.request.snapshot.digest,
        by=walk.usually(slot.person),
        at=walk.at,
    )


def answer_offer(walk):
    offer = walk.one(CounterOffer.objects.all())
    verb = walk.dice.choice([accept_counter, accept_counter, decline_counter, take_up_counter])
    return offer and verb(counter=offer, by=walk.owner(), at=walk.at)


def recall(walk):
    request = walk.one(ApprovalRequest.objects.pending())
    return request and recall_request(request=request, by=walk.owner(), at=walk.at)


def revoke(walk):
    decision = walk.one(Decision.objects.all())
    return decision and revoke_decision(
        decision=decision, reason="So", by=walk.usually(decision.decided_by), at=walk.at
    )


def bypass(walk):
    request = walk.one(ApprovalRequest.objects.pending())
    actor = walk.usually(walk.people["revops"])
    return request and bypass_request(request=request, reason="So", by=actor, at=walk.at)


def hand_on(walk):
    slot = walk.one(ApprovalSlot.objects.open())
    to = walk.dice.choice(list(walk.people.values()))
    return slot and reassign_approval(
        slot=slot, to=to, reason="So", by=walk.usually(slot.person), at=walk.at
    )


def add(walk):
    request = walk.one(ApprovalRequest.objects.pending())
    person = walk.dice.choice(list(walk.people.values()))
    actor = walk.usually(walk.people["desk"])
    return request and add_approver(
        request=request, person=person, reason="So", by=actor, at=walk.at
    )


def lapse(walk):
    return expire_requests(at=walk.at) + lapse_approvals(at=walk.at) or None


def revise(walk):
    quote = walk.one(Quote.objects.filter(deal=walk.deal))
    return revise_quote(quote=quote, by=walk.owner(), at=walk.at)


def edit(walk):
    quote = walk.one(Quote.objects.filter(deal=walk.deal, status="draft"))
    if quote is None:
        return None
    dice, key = walk.dice, quote.lines.get().key
    return save_quote(
        quote=quote,
        header={"payment_terms": payment(dice.choice(["net-30", "net-60"]))},
        lines=[line(dice.choice([0, 8, 15, 25, 45]), key=key, quantity=dice.choice([80, 100]))],
        terms=[term()] if dice.random() < 0.2 else [],
        by=walk.owner(),
        at=walk.at,
    )


def primary(walk):
    quote = walk.one(Quote.objects.filter(deal=walk.deal))
    return make_primary(quote=quote, by=walk.owner(), at=walk.at)


def grant(walk):
    giver, to = walk.people["vp"], walk.people["rep"]
    return give_grant(
        role="vp_sales",
        person=to,
        max_discount_percent=Decimal(26),
        max_uses=1,
        max_amount=Decimal(4000),
        ends_on=date(2027, 12, 31),
        by=walk.usually(giver),
        at=walk.at,
    )


def take_grant_back(walk):
    found = walk.one(StandingGrant.objects.standing())
    if found is None:
        return None
    revoke_grant(grant=found, reason="So", by=walk.usually(found.given_by), at=walk.at)
    return found if walk.dice.random() < 0.5 else end_ungranted(at=walk.at)


def win(walk):
    deal = Deal.objects.get(pk=walk.deal.pk)
    return win_deal(deal=deal, by=walk.owner(), at=walk.at)


WEIGHED = [
    (submit, 6), (decide, 9), (counter, 2), (answer_offer, 3), (recall, 1), (revoke, 1),
    (bypass, 1), (hand_on, 1), (add, 1), (lapse, 1), (revise, 2), (edit, 3), (primary, 2),
    (grant, 1), (take_grant_back, 1), (win, 4),
]  # fmt: skip
VERBS_OF = [verb for verb, _ in WEIGHED]


# What a won deal must rest on, from the rows alone


def check_won(deal, won_at):
    request = ApprovalRequest.objects.get(deal=deal, status="consumed")
    assert request.consumed_at == won_at
    assert won_at < request.valid_until
    approved = from_canonical(request.snapshot.body)
    check_terms(approved, Quote.objects.get(deal=deal, is_primary=True))
    if request.bypassed_at is None:
        for step in request.steps.all():
            for role, needed in step.groups.items():
                yes = sum(says_yes(slot, won_at) for slot in step.slots.filter(role=role))
                assert yes >= max(needed, 1), (step.key, role)


def check_terms(approved, quote):
    """The quote that was won gives no more, and gets no less, than the terms that were approved."""
    row = quote.lines.get()
    percent = Fraction(row.typed_value or 0)
    assert percent <= (approved.price.blended.percent or 0)
    assert row.quantity >= approved.price.lines[0].quantity
    assert quote.payment_terms.net_days <= approved.payment.rank
    asked = {term.term.key for term in quote.terms.all()}
    assert asked <= {term.key for term in approved.nonstandard}


def says_yes(slot, at):
    """Whether a person who may decide has said yes to this, and not taken it back."""
    request = slot.step.request
    assert slot.person_id not in (request.submitted_by_id, request.deal.owner_id)
    if slot.state == "granted":
        grant = request.grant_use.grant
        return grant.revoked_at is None or grant.revoked_at > at
    decision = slot.carried_from or getattr(slot, "decision", None)
    if decision is None or slot.state not in ("approved", "carried_forward"):
        return False
    agreed = decision.verdict == "approved" or hasattr(decision, "counter")
    return agreed and not hasattr(decision, "revocation")


@pytest.mark.parametrize("seed", range(8))
def test_no_walk_wins_without_cover(seed, rep, manager, vp, desk, finance, legal, revops):
    deal = complete(make_deal(rep, account=small_account(), stage="negotiation"))
    make_quote(rep, 25, deal=deal)
    people = {"rep": rep, "manager": manager, "vp": vp, "desk": desk, "finance": finance}
    walk = Walk(seed, deal, people | {"legal": legal, "revops": revops})

    for _ in range(VERBS):
        walk.step()
        if "win" in walk.done:
            check_won(deal, walk.at)
            break

    assert walk.done
    assert [str(each) for each in integrity.findings() if "dealdesk" in each.check] == []
