"""The open approvals of somebody who leaves: a successor for each role, and what became of it."""

import pytest
from django.test import Client
from django.urls import reverse

from dealdesk import links
from dealdesk.models import ApprovalLink, ApprovalSlot
from dealdesk.operations import decide_approval, hand_over_approvals
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import by, make_person
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db

PAGE = reverse("dealdesk:approval-hand-over")


def hand_over(person, revops, reason="She leaves", **successors):
    return hand_over_approvals(
        person=person, successors=successors, reason=reason, by=by(revops), at=AT + HOUR
    )


@pytest.fixture
def leaver():
    return make_person("Lou Leaver", roles=["vp_sales", "deal_desk"])


@pytest.fixture
def waiting(rep, leaver):
    """One approval as VP and one as deal desk, on one request."""
    return submit(make_quote(rep, 25, terms=[term()]))


@pytest.fixture
def new_vp(waiting):
    return make_person("Nia New", roles=["vp_sales"])


@pytest.fixture
def new_desk(waiting):
    return make_person("Nat New", roles=["deal_desk"])


def test_each_role_goes_to_its_own_successor(waiting, leaver, revops, new_vp, new_desk):
    results = hand_over(leaver, revops, vp_sales=new_vp, deal_desk=new_desk)

    assert {(each.slot.role, each.to, each.ok) for each in results} == {
        ("vp_sales", new_vp, True),
        ("deal_desk", new_desk, True),
    }
    decide(waiting, new_vp)
    decide(waiting, new_desk)
    waiting.refresh_from_db()
    assert waiting.status == "approved"


def test_a_role_without_a_successor_stays(waiting, leaver, revops, new_vp):
    hand_over(leaver, revops, vp_sales=new_vp)

    left = ApprovalSlot.objects.open().get(step__request=waiting, person=leaver)
    assert left.role == "deal_desk"


def test_a_successor_who_is_asked_already_is_enough(waiting, leaver, revops, vp):
    [result] = hand_over(leaver, revops, vp_sales=vp)

    assert (result.ok, result.sentence) == (True, "Vera Vance was asked already.")
    held = ApprovalSlot.objects.open().filter(step__request=waiting, role="vp_sales")
    assert [slot.person for slot in held] == [vp]


def test_who_may_not_decide_one_is_named_and_the_others_go_on(waiting, leaver, revops, new_vp):
    own = submit(make_quote(new_vp, 25, deal=make_deal(new_vp, "Nia's own")))

    results = hand_over(leaver, revops, vp_sales=new_vp)

    assert {each.slot.step.request: each.ok for each in results} == {waiting: True, own: False}
    assert "Nia New submitted this quote" in results[1].sentence
    assert slot_of(own, leaver).is_open


def test_token_after_reassign_opens_nothing(waiting, leaver, revops, new_vp):
    link = ApprovalLink.objects.filter(slot__person=leaver, slot__role="vp_sales").get()
    token = links.derive_token(link)

    hand_over(leaver, revops, vp_sales=new_vp)

    assert links.open_link(token, AT + HOUR).kind is links.LinkKind.CLOSED
    facts = {"verdict": "approved", "digest": waiting.snapshot.digest, "link": link}
    with pytest.raises(Conflict):
        decide_approval(slot=link.slot, by=by(leaver), at=AT + HOUR, **facts)


def test_only_revops_hands_over_and_says_why(waiting, leaver, revops, manager, vp):
    with pytest.raises(NotAllowed):
        hand_over(leaver, manager, vp_sales=vp)
    with pytest.raises(Refused):
        hand_over(leaver, revops, reason=" ", vp_sales=vp)
    with pytest.raises(Refused):
        hand_over(leaver, revops)


def test_the_page_shows_what_waits_and_what_became_of_it(waiting, leaver, revops, new_vp):
    page = Client()
    page.force_login(revops)

    shown = page.get(PAGE, {"person": leaver.pk}).text
    assert waiting.deal.name in shown
    assert "VP sales" in shown
    assert page.post(PAGE, {"person": leaver.pk, "to_vp_sales": new_vp.pk}).status_code == 422
    answer = page.post(PAGE, {"person": leaver.pk, "to_vp_sales": new_vp.pk, "reason": "Leaves"})

    assert "Nia New is asked now" in answer.text
    assert "1 still waits for Lou Leaver" in answer.text
    assert slot_of(waiting, new_vp).state == "requested"


def test_the_page_is_for_revops_alone(rep, vp):
    for person in (rep, vp):
        page = Client()
        page.force_login(person)
        assert page.get(PAGE).status_code == 403
