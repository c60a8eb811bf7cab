from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from dealdesk import links
from dealdesk.models import ApprovalLink
from dealdesk.operations import decide_approval, recall_request, send_fresh_link
from revops.ledger.models import Entry
from revops.outbox.bodies import render
from revops.outbox.models import Notification
from revops.people.actor import Via
from revops.refusals import Conflict, NotAllowed
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def slot(rep, vp):
    return slot_of(submit(make_quote(rep, 25)), vp)


def token_of(slot):
    return links.derive_token(slot.links.get(killed_at=None))


def by_link(slot, *, at=AT + HOUR, link=None, verdict="approved"):
    return decide_approval(
        slot=slot,
        verdict=verdict,
        reason="No" if verdict == "rejected" else "",
        digest=slot.step.request.snapshot.digest,
        link=link or slot.links.get(killed_at=None),
        by=by(slot.person, Via.LINK),
        at=at,
    )


def test_the_row_holds_no_token(slot):
    link = slot.links.get()
    token = token_of(slot)

    assert token not in {link.nonce, link.token_hash}
    assert len(token) == 43


def test_scanner_get_20_times_changes_nothing(slot):
    token = token_of(slot)
    before = (list(ApprovalLink.objects.values()), Entry.objects.count())

    kinds = {links.open_link(token, AT + HOUR).kind for _ in range(20)}

    assert kinds == {links.LinkKind.LIVE}
    assert (list(ApprovalLink.objects.values()), Entry.objects.count()) == before


def test_the_link_is_used_up_with_the_decision(slot):
    token = token_of(slot)
    by_link(slot)

    assert links.open_link(token, AT + HOUR).kind == links.LinkKind.USED
    assert slot.links.get().consumed_at == AT + HOUR


def test_a_failed_decision_does_not_burn_the_link(slot):
    with pytest.raises(Conflict):
        decide_approval(
            slot=slot,
            verdict="approved",
            digest="0" * 64,
            link=slot.links.get(),
            by=by(slot.person, Via.LINK),
            at=AT + HOUR,
        )

    assert links.open_link(token_of(slot), AT + HOUR).is_live


def test_a_link_lives_seven_days(slot):
    token = token_of(slot)

    assert links.open_link(token, AT + timedelta(days=7, seconds=-1)).is_live
    outcome = links.open_link(token, AT + timedelta(days=7))
    assert outcome.kind == links.LinkKind.EXPIRED
    assert outcome.may_ask_fresh


def test_a_dead_link_decides_nothing(slot):
    with pytest.raises(Conflict) as conflict:
        by_link(slot, at=AT + timedelta(days=8))

    assert conflict.value.code == "link_expired"


def test_second_link_of_the_same_slot_kills_the_first(slot):
    token, first = token_of(slot), slot.links.get()

    send_fresh_link(slot=slot, by=by(slot.person), at=AT + HOUR)

    assert links.open_link(token, AT + HOUR).kind == links.LinkKind.SUPERSEDED
    assert links.open_link(token_of(slot), AT + HOUR).is_live
    with pytest.raises(Conflict):
        by_link(slot, link=first)


def test_a_fresh_link_goes_to_the_addressee_alone(slot, rep):
    """Whoever asks, only the person of the slot is mailed."""
    send_fresh_link(slot=slot, by=by(rep), at=AT + HOUR)

    mails = Notification.objects.filter(event="approval.requested")
    assert {mail.person for mail in mails} == {slot.person}


def test_fresh_links_do_not_flood(slot):
    send_fresh_link(slot=slot, by=by(slot.person), at=AT + HOUR)

    with pytest.raises(Conflict):
        send_fresh_link(slot=slot, by=by(slot.person), at=AT + HOUR + timedelta(seconds=5))


def test_one_live_link_a_slot_is_a_constraint(slot):
    link = slot.links.get()
    link.pk, link.nonce, link.token_hash = None, "n", "h"
    with pytest.raises(IntegrityError), transaction.atomic():
        link.save(force_insert=True)


def test_a_decision_on_the_page_kills_the_link(slot):
    token = token_of(slot)
    decide(slot.step.request, slot.person)

    outcome = links.open_link(token, AT + HOUR)
    assert outcome.kind == links.LinkKind.DECIDED
    assert not outcome.may_ask_fresh


def test_recall_kills_the_link(slot, rep):
    token = token_of(slot)
    recall_request(request=slot.step.request, by=by(rep), at=AT + HOUR)

    assert links.open_link(token, AT + HOUR).kind == links.LinkKind.CLOSED


def test_a_changed_password_ends_the_link(slot):
    token = token_of(slot)
    slot.person.set_password("a new and long password")
    slot.person.save(update_fields=["password"])

    outcome = links.open_link(token, AT + HOUR)
    assert outcome.kind == links.LinkKind.CHANGED
    assert outcome.may_ask_fresh


def test_token_after_reassign(slot, revops):
    from revops.people.operations import deactivate_person

    token = token_of(slot)
    successor = make_person("Vic Voss", roles=["vp_sales"])
    deactivate_person(person=slot.person, successor=successor, by=by(revops), at=AT)

    assert links.open_link(token, AT + HOUR).kind == links.LinkKind.CLOSED


def test_the_link_of_one_slot_does_not_open_another(rep, vp, desk):
    request = submit(make_quote(rep, 25, terms=[term()]))
    mine, other = slot_of(request, vp), slot_of(request, desk)

    with pytest.raises(NotAllowed):
        by_link(mine, link=other.links.get())


def test_an_unknown_token_tells_nothing(slot):
    outcome = links.open_link("x" * 43, AT)

    assert outcome.kind == links.LinkKind.UNKNOWN
    assert outcome.slot is None


def test_a_key_that_was_rotated_still_derives(slot, settings):
    token = token_of(slot)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one " * 8

    assert token_of(slot) == token


@pytest.mark.parametrize("part", ["subject", "text", "html"])
def test_the_mail_says_why_and_holds_no_token(slot, part):
    body = getattr(render(Notification.objects.get(event="approval.requested")), part)

    assert token_of(slot) not in body
    assert "Acme rollout" in body
    if part != "subject":
        assert "20 %" in body
        assert "__PERSONAL_LINK__" in body
