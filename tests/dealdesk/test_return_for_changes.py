from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from dealdesk.models import ApprovalLink, ExceptionRecord
from dealdesk.operations import revise_quote, revoke_decision
from revops.outbox.models import Notification
from revops.refusals import Conflict, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import by

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(rep, vp, desk):
    """A VP for the discount and the deal desk for the SLA, both asked."""
    return submit(make_quote(rep, 25, terms=[term()]))


def give_back(request, person, reason="Twelve months, please", **facts):
    return decide(request, person, "returned", reason=reason, **facts)


def again(request, rep, at):
    revised = revise_quote(quote=request.quote, by=by(rep), at=at)
    return submit(revised, at=at)


def test_returning_ends_the_round_without_a_verdict(asked, vp, desk, rep):
    give_back(asked, vp)

    asked.refresh_from_db()
    assert (asked.status, asked.ended_reason) == ("returned", "Twelve months, please")
    assert slot_of(asked, vp).state == "returned"
    assert slot_of(asked, desk).state == "cancelled"
    assert set(ExceptionRecord.objects.values_list("outcome", flat=True)) == {"withdrawn"}


def test_returning_says_what_must_change(asked, vp):
    with pytest.raises(Refused, match="what must change"):
        give_back(asked, vp, reason=" ")


def test_the_database_asks_what_must_change(asked, vp):
    decision = give_back(asked, vp)
    decision.pk, decision.reason = None, ""
    with pytest.raises(IntegrityError), transaction.atomic():
        decision.save(force_insert=True)


def test_the_submitter_is_told_and_the_others_are_no_longer_asked(asked, vp, desk, rep):
    give_back(asked, vp)

    assert Notification.objects.filter(person=rep, event="approval.settled").exists()
    assert Notification.objects.filter(person=desk, event="approval.closed").exists()
    assert not ApprovalLink.objects.filter(killed_at=None, consumed_at=None).exists()


def test_returned_terms_may_be_changed_and_submitted_again(asked, vp, rep):
    give_back(asked, vp)

    second = again(asked, rep, AT + HOUR)

    assert (second.status, second.attempt) == ("pending", 2)


def test_nobody_decides_on_a_returned_request(asked, vp, desk):
    give_back(asked, vp)

    with pytest.raises(Conflict, match="no longer open"):
        decide(asked, desk)


def test_a_return_is_not_taken_back(asked, vp):
    decision = give_back(asked, vp)

    with pytest.raises(Refused, match="Only an approval"):
        revoke_decision(decision=decision, reason="Sorry", by=by(vp), at=AT + HOUR)


def test_after_three_rounds_somebody_must_decide(asked, vp, rep):
    request = asked
    for number in range(3):
        give_back(request, vp)
        request = again(request, rep, AT + timedelta(days=number + 1))

    with pytest.raises(Refused, match="3 times already"):
        give_back(request, vp)
    decide(request, vp, "rejected", reason="Enough")
    request.refresh_from_db()
    assert request.status == "rejected"
