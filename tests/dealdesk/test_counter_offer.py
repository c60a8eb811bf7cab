"""What an approver would say yes to instead, and what the rep makes of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dealdesk.coverage import cover_of
from dealdesk.models import ApprovalRequest, CounterOffer, QuoteEdit
from dealdesk.operations import (
    accept_counter,
    counter_offer,
    decline_counter,
    preview_quote,
    revise_quote,
    revoke_decision,
    save_quote,
    take_up_counter,
)
from dealdesk.patches import LinePatch, Patch, TermPatch
from pipeline.models import Account
from revops.outbox.models import Notification
from revops.people.operations import revoke_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    line,
    make_quote,
    payment,
    slot_of,
    submit,
    term,
)
from tests.factories.people import by

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(rep, vp):
    """Rita asks Vera for 25 % off."""
    return submit(make_quote(rep, 25))


def off(request, percent):
    key = request.quote.lines.get().key
    return Patch(lines=(LinePatch(key, Decimal(str(percent))),))


def counter(request, person, patch=None, *, at=AT + HOUR, **facts):
    facts.setdefault("reason", "Nobody has more than that")
    facts.setdefault("digest", request.snapshot.digest)
    return counter_offer(
        slot=slot_of(request, person),
        patch=patch or off(request, 17.5),
        by=by(person),
        at=at,
        **facts,
    )


def accept(offer, person, at=AT + 2 * HOUR):
    return accept_counter(counter=offer, by=by(person), at=at)


def test_a_counter_offer_returns_the_request_with_its_terms(asked, vp, rep):
    offer = counter(asked, vp)

    asked.refresh_from_db()
    assert (asked.status, asked.ended_reason) == ("returned", "Nobody has more than that")
    assert slot_of(asked, vp).decision.counter == offer
    told = Notification.objects.get(person=rep, event="approval.countered")
    assert ["Discount", "25 % off", "17.5 % off"] in told.context["changes"]


def test_accepted_it_is_approved_at_once_by_its_author(asked, vp, rep):
    """The sales manager would be asked for 17.5 %, and the VP has answered for the price."""
    second = accept(counter(asked, vp), rep)

    assert (second.status, second.attempt, second.quote.based_on) == ("approved", 2, asked.quote)
    assert second.quote.discount_percent == Decimal("17.5")
    slot = slot_of(second, vp)
    assert (slot.state, slot.role) == ("carried_forward", "sales_manager")
    assert second.valid_until == AT + HOUR + timedelta(days=30)
    assert cover_of(asked.deal, AT + 3 * HOUR).request == second


def test_others_are_asked_as_the_route_says(rep, vp, desk):
    asked = submit(make_quote(rep, 25, terms=[term()]))

    second = accept(counter(asked, vp), rep)

    assert second.status == "pending"
    assert slot_of(second, vp).state == "carried_forward"
    assert slot_of(second, desk).state == "requested"


def test_what_others_had_approved_stands(rep, vp, desk):
    asked = submit(make_quote(rep, 25, terms=[term()]))
    given = decide(asked, desk)

    second = accept(counter(asked, vp), rep)

    assert second.status == "approved"
    assert slot_of(second, desk).carried_from == given


def test_a_counter_offer_makes_nobody_an_editor(asked, vp, rep):
    accept(counter(asked, vp), rep)

    assert not QuoteEdit.objects.filter(edited_by=vp).exists()


def test_a_term_may_be_left_out(rep, desk):
    asked = submit(make_quote(rep, terms=[term()]))

    offer = counter(asked, desk, Patch(terms=(TermPatch("custom-sla", dropped=True),)))

    assert accept(offer, rep).is_automatic


def test_a_longer_term_asks_who_judges_it(asked, vp, rep, desk, finance, legal):
    offer = counter(asked, vp, Patch(term_months=24))

    second = accept(offer, rep)

    assert slot_of(second, vp).state == "carried_forward"
    assert slot_of(second, finance).state == slot_of(second, legal).state == "requested"


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        (lambda r: off(r, 30), "counter_is_worse"),
        (lambda r: off(r, 25), "nothing_changed"),
        (lambda r: Patch(), "nothing_changed"),
        (lambda r: Patch(payment="net-60"), "counter_is_worse"),
        (lambda r: Patch(payment="net-7"), "patch_does_not_fit"),
        (lambda r: Patch(lines=(LinePatch("other", Decimal(1)),)), "patch_does_not_fit"),
        (lambda r: Patch(term_months=6), "counter_is_worse"),
    ],
    ids=["worse", "same", "empty", "later", "unknown", "no-line", "shorter"],
)
def test_what_is_no_counter_offer_is_refused(asked, vp, patch, code):
    with pytest.raises(Refused) as refused:
        counter(asked, vp, patch(asked))

    assert refused.value.code == code
    assert not CounterOffer.objects.exists()


def test_a_counter_offer_has_a_reason(asked, vp):
    with pytest.raises(Refused, match="Say why"):
        counter(asked, vp, reason=" ")


def test_only_who_is_asked_counters(asked, vp, manager):
    with pytest.raises(NotAllowed):
        counter_offer(
            slot=slot_of(asked, vp),
            patch=off(asked, 17),
            reason="Mine",
            digest=asked.snapshot.digest,
            by=by(manager),
            at=AT,
        )


def test_a_stale_page_counters_nothing(asked, vp):
    with pytest.raises(Conflict) as refused:
        counter(asked, vp, digest="0" * 64)

    assert refused.value.code == "terms_changed"


def test_after_one_counter_offer_there_is_no_second(rep, vp, desk):
    asked = submit(make_quote(rep, 25, terms=[term()]))
    counter(asked, vp)

    with pytest.raises(Conflict, match="no longer open"):
        counter(asked, desk)


def test_a_declined_offer_stands_for_nothing(asked, vp, rep):
    offer = counter(asked, vp)
    decline_counter(counter=offer, note="They will not", by=by(rep), at=AT + 2 * HOUR)

    assert Notification.objects.filter(person=vp, event="approval.counter_answered").exists()
    with pytest.raises(Conflict, match="declined"):
        accept(offer, rep)
    draft = revise_quote(quote=asked.quote, by=by(rep), at=AT + 3 * HOUR)
    assert not preview_quote(quote=draft, by=by(rep), at=AT + 3 * HOUR).stands


def test_an_accepted_offer_is_not_accepted_again(asked, vp, rep):
    offer = counter(asked, vp)
    accept(offer, rep)

    with pytest.raises(Conflict, match="answered already: accepted"):
        accept(offer, rep)


def test_only_who_sells_accepts(asked, vp, other_rep, desk):
    offer = counter(asked, vp)

    for person in (other_rep, desk):
        with pytest.raises(NotAllowed):
            accept(offer, person)


def test_an_offer_that_no_longer_fits_is_refused_by_name(asked, vp, rep):
    offer = counter(asked, vp)
    Account.objects.filter(pk=asked.deal.account_id).update(employees=5000)

    with pytest.raises(Conflict, match=r"other terms than those offered.*segment"):
        accept(offer, rep)

    assert asked.deal.quotes.count() == 1


def test_an_offer_ends_with_its_time(asked, vp, rep):
    offer = counter(asked, vp)

    with pytest.raises(Conflict, match="time of this counter-offer is over"):
        accept(offer, rep, at=AT + timedelta(days=31))


def test_an_offer_ends_when_the_quote_is_submitted_again(asked, vp, rep):
    offer = counter(asked, vp)
    submit(revise_quote(quote=asked.quote, by=by(rep), at=AT + HOUR), at=AT + HOUR)

    with pytest.raises(Conflict, match="submitted again"):
        accept(offer, rep)


def test_an_offer_of_somebody_who_lost_the_role_is_not_taken(asked, vp, rep, revops):
    offer = counter(asked, vp)
    revoke_role(person=vp, role="vp_sales", by=by(revops), at=AT + HOUR)

    with pytest.raises(Conflict, match="no longer holds the role"):
        accept(offer, rep)


def test_an_offer_taken_back_is_not_accepted(asked, vp, rep):
    offer = counter(asked, vp)
    revoke_decision(decision=offer.decision, reason="Wrong", by=by(vp), at=AT + 2 * HOUR)

    offer.refresh_from_db()
    assert offer.answer == "withdrawn"
    with pytest.raises(Conflict, match="taken back"):
        accept(offer, rep)


def test_taking_an_offer_back_ends_what_rests_on_it(asked, vp, rep):
    offer = counter(asked, vp)
    second = accept(offer, rep)
    revoke_decision(decision=offer.decision, reason="Wrong", by=by(vp), at=AT + 3 * HOUR)

    second.refresh_from_db()
    assert second.status == "revoked"
    assert ApprovalRequest.objects.get(pk=asked.pk).status == "returned"


def test_a_draft_of_an_offer_that_gets_better_keeps_its_author(asked, vp, rep):
    offer = counter(asked, vp)
    draft = take_up_counter(counter=offer, by=by(rep), at=AT + 2 * HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(16, key=key)], by=by(rep), at=AT + 2 * HOUR)
    draft.refresh_from_db()

    second = submit(draft, at=AT + 3 * HOUR)

    offer.refresh_from_db()
    assert (second.status, offer.answer) == ("approved", "accepted")


def test_a_draft_of_an_offer_that_gets_worse_asks_anew(asked, vp, manager, rep):
    draft = take_up_counter(counter=counter(asked, vp), by=by(rep), at=AT + 2 * HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(18, key=key)], by=by(rep), at=AT + 2 * HOUR)
    draft.refresh_from_db()

    second = submit(draft, at=AT + 3 * HOUR)

    assert slot_of(second, manager).state == "requested"


def test_payment_may_be_sooner(rep, vp, desk):
    asked = submit(make_quote(rep, 25, payment_terms=payment("net-60")))

    offer = counter(asked, desk, Patch(payment="net-30"))

    second = accept(offer, rep)
    assert second.quote.payment_terms == payment("net-30")
    assert [slot.person for step in second.steps.all() for slot in step.slots.all()] == [vp]
