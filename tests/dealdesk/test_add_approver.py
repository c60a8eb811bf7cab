"""Somebody more than the policy asks."""

import pytest

from dealdesk.operations import add_approver, restaff_requests
from revops.outbox.models import Notification
from revops.people.operations import revoke_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(rep, vp):
    return submit(make_quote(rep, 25))


def add(request, person, actor, *, at=AT, reason="She knows the account"):
    return add_approver(request=request, person=person, reason=reason, by=by(actor), at=at)


def test_the_request_waits_for_who_was_added(asked, vp, finance, rep):
    slot = add(asked, finance, vp)

    assert (slot.state, slot.reasons) == (
        "requested",
        ["Vera Vance added Finn Fabre: She knows the account"],
    )
    assert Notification.objects.filter(person=finance, event="approval.requested").exists()
    assert Notification.objects.filter(person=rep, event="approval.added").exists()
    decide(asked, vp)
    asked.refresh_from_db()
    assert asked.is_pending
    decide(asked, finance, at=AT + 2 * HOUR)
    asked.refresh_from_db()
    assert asked.status == "approved"


def test_who_was_added_may_say_no(asked, vp, finance):
    add(asked, finance, vp)

    decide(asked, finance, "rejected")

    asked.refresh_from_db()
    assert asked.status == "rejected"


def test_anybody_active_may_be_added(asked, desk):
    colleague = make_person("Pia Pohl", roles=["customer_success"])

    assert add(asked, colleague, desk).role == "customer_success"


def test_only_who_is_asked_the_desk_and_revops_add(asked, finance, rep, manager):
    for person in (rep, manager):
        with pytest.raises(NotAllowed, match="Only who is asked"):
            add(asked, finance, person)


def test_nobody_with_a_part_in_the_terms_is_added(asked, vp, rep):
    with pytest.raises(NotAllowed, match="Rita Reyes may not decide"):
        add(asked, rep, vp)


def test_nobody_is_added_twice(asked, vp, desk, finance):
    add(asked, finance, desk)

    for person in (finance, vp):
        with pytest.raises(Refused, match="asked already"):
            add(asked, person, desk)


def test_nobody_is_added_to_what_has_ended(asked, vp, desk, finance):
    decide(asked, vp)

    with pytest.raises(Conflict, match="no longer open"):
        add(asked, finance, desk)


def test_adding_needs_a_reason(asked, vp, finance):
    with pytest.raises(Refused, match="Say why"):
        add(asked, finance, vp, reason=" ")


def test_an_added_person_who_leaves_is_told_of(asked, vp, finance, revops):
    add(asked, finance, vp)
    revoke_role(person=finance, role="finance", by=by(revops), at=AT + HOUR)

    restaff_requests(at=AT + HOUR)

    assert Notification.objects.filter(event="approval.unanswerable").exists()
    assert slot_of(asked, vp).is_open
