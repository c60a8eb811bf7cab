from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from dealdesk.models import ApprovalSlot, Decision, ExceptionRecord
from dealdesk.operations import (
    decide_approval,
    expire_requests,
    publish_preset,
    recall_request,
    restaff_requests,
    revise_quote,
    revoke_decision,
)
from pipeline.models import Deal
from pipeline.operations import reassign_deal
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.people.actor import Actor, Via
from revops.people.models import Role
from revops.people.operations import deactivate_person, grant_role, revoke_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    make_quote,
    slot_of,
    submit,
    term,
)
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(rep, vp):
    """A request that waits for the VP alone."""
    return submit(make_quote(rep, 25))


@pytest.fixture
def two_steps(rep, vp, desk):
    """A request that waits for the VP and for the desk."""
    return submit(make_quote(rep, 25, terms=[term()]))


def test_the_last_approval_approves(request_, vp, rep):
    decision = decide(request_, vp, via=Via.LINK)

    request_.refresh_from_db()
    assert request_.status == "approved"
    assert request_.valid_until == AT + HOUR + timedelta(days=30)
    assert decision.terms_digest == request_.snapshot.digest
    assert set(decision.topics) == {"price"}
    assert decision.via == "mail_link"
    assert Notification.objects.filter(person=rep, event="approval.settled").exists()


def test_one_of_two_steps_leaves_it_pending(two_steps, vp):
    decide(two_steps, vp)

    two_steps.refresh_from_db()
    assert two_steps.status == "pending"
    assert two_steps.steps.get(key="vp_sales").state == "approved"


def test_one_rejection_ends_it_and_cancels_the_rest(two_steps, vp, desk, rep):
    decide(two_steps, vp, "rejected", reason="Not at this price")

    two_steps.refresh_from_db()
    assert two_steps.status == "rejected"
    assert two_steps.ended_reason == "Not at this price"
    assert slot_of(two_steps, desk).state == "cancelled"
    assert Notification.objects.filter(person=desk, event="approval.closed").exists()
    assert ExceptionRecord.objects.filter(outcome="rejected").count() == 2


def test_first_response_closes_the_others(rep, desk):
    other = make_person("Dan Dore", roles=["deal_desk"])
    request = submit(make_quote(rep, terms=[term()]))

    decide(request, desk)

    assert slot_of(request, other).state == "not_required"
    assert Notification.objects.filter(person=other, event="approval.closed").exists()


def test_finance_and_legal_must_both_agree(rep, finance, legal):
    request = submit(make_quote(rep, term_months=24))

    decide(request, finance)
    request.refresh_from_db()
    assert request.status == "pending"
    decide(request, legal)
    request.refresh_from_db()
    assert request.status == "approved"


def test_a_rejection_needs_a_reason(request_, vp):
    with pytest.raises(Refused, match="why you reject"):
        decide(request_, vp, "rejected", reason=" ")


def test_a_rejection_without_reason_is_refused_by_the_database(request_, vp):
    decision = decide(request_, vp)
    decision.pk, decision.verdict = None, "rejected"
    decision.slot = slot_of(request_, vp)
    with pytest.raises(IntegrityError), transaction.atomic():
        decision.save(force_insert=True)


def test_a_decision_is_never_rewritten(request_, vp):
    decide(request_, vp)

    for change in (lambda: Decision.objects.update(reason="x"), Decision.objects.all().delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.parametrize("who", ["rep", "manager", "revops", "auditor", "desk"])
def test_only_the_person_asked_decides(request_, vp, who, request):
    """An administrator is nobody here."""
    other = request.getfixturevalue(who)

    with pytest.raises(NotAllowed, match="Vera Vance"):
        decide_approval(
            slot=slot_of(request_, vp),
            verdict="approved",
            digest=request_.snapshot.digest,
            by=by(other),
            at=AT,
        )


def test_nobody_signs_for_somebody_else(request_, vp, rep):
    with pytest.raises(NotAllowed):
        decide_approval(
            slot=slot_of(request_, vp),
            verdict="approved",
            digest=request_.snapshot.digest,
            by=Actor(user=vp, via=Via.WEB, on_behalf_of=rep),
            at=AT,
        )


def test_deciding_twice_is_a_conflict(two_steps, vp):
    decide(two_steps, vp)

    with pytest.raises(Conflict) as conflict:
        decide(two_steps, vp)

    assert conflict.value.code == "already_decided"


def test_digest_changes_between_page_and_post(request_, vp):
    with pytest.raises(Conflict) as conflict:
        decide(request_, vp, digest="0" * 64)

    assert conflict.value.code == "terms_changed"
    assert not Decision.objects.exists()


def test_the_conflict_names_what_changed(rep, vp):
    from dealdesk.operations import save_quote
    from tests.factories.dealdesk import line

    quote = make_quote(rep, 25)
    first = submit(quote)
    draft = revise_quote(quote=quote, by=by(rep), at=AT)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(30, key=key)], by=by(rep), at=AT)
    second = submit(draft, at=AT + HOUR)

    with pytest.raises(Conflict) as conflict:
        decide(second, vp, digest=first.snapshot.digest)

    assert any("25 % to 30 %" in change for change in conflict.value.facts["changes"])


def test_a_superseded_request_is_not_decided(rep, vp):
    quote = make_quote(rep, 25)
    first = submit(quote)
    submit(revise_quote(quote=quote, by=by(rep), at=AT), at=AT + HOUR)

    with pytest.raises(Conflict):
        decide(first, vp)


def test_policy_published_while_pending_changes_nothing(two_steps, vp, desk, revops):
    publish_preset(preset="recommended", by=by(revops), at=AT)

    decide(two_steps, vp)
    decide(two_steps, desk)

    two_steps.refresh_from_db()
    assert two_steps.status == "approved"
    assert two_steps.policy.number == 1


def test_role_emptied_while_pending(request_, vp, revops):
    """The role is revoked: the person may not decide, and everybody is told who can help."""
    revoke_role(person=vp, role=Role.VP_SALES, by=by(revops), at=AT)

    with pytest.raises(NotAllowed, match="no longer holds"):
        decide(request_, vp)

    assert restaff_requests(at=AT) == [request_.pk]
    assert Notification.objects.filter(person=revops, event="approval.unanswerable").exists()


def test_somebody_else_is_asked_when_the_role_is_lost(request_, vp, revops):
    revoke_role(person=vp, role=Role.VP_SALES, by=by(revops), at=AT)
    other = make_person("Vic Voss", roles=["vp_sales"])

    assert restaff_requests(at=AT) == []

    assert slot_of(request_, vp).state == "reassigned"
    decide(request_, other)
    request_.refresh_from_db()
    assert request_.status == "approved"


def test_approver_deactivated_while_pending(request_, vp, revops):
    """An eligible successor takes the approval over; the old link is dead."""
    successor = make_person("Vic Voss", roles=["vp_sales"])
    old = slot_of(request_, vp).links.get()
    deactivate_person(person=vp, successor=successor, by=by(revops), at=AT)

    old.refresh_from_db()
    assert old.killed_why == "reassigned"
    assert slot_of(request_, successor).state == "requested"
    with pytest.raises((NotAllowed, Conflict)):
        decide(request_, vp)
    decide(request_, successor)


def test_a_successor_without_the_role_takes_nothing_over(request_, vp, revops, outsider):
    deactivate_person(person=vp, successor=outsider, by=by(revops), at=AT)

    assert not ApprovalSlot.objects.filter(person=outsider).exists()
    assert Notification.objects.filter(event="approval.unanswerable").exists()


def test_a_new_owner_may_not_approve_their_deal(request_, vp, revops):
    grant_role(person=vp, role=Role.REP, by=by(revops), at=AT)
    reassign_deal(deal=request_.deal, owner=vp, reason="Ill", by=by(revops), at=AT)

    with pytest.raises((NotAllowed, Conflict)):
        decide(request_, vp)


def test_same_person_in_two_groups(rep, finance, legal, revops):
    """A role granted later lets nobody answer for both groups of one step."""
    request = submit(make_quote(rep, term_months=24))
    grant_role(person=finance, role=Role.LEGAL, by=by(revops), at=AT)

    decide(request, finance)
    slot = slot_of(request, legal)
    with pytest.raises(NotAllowed):
        decide_approval(
            slot=slot,
            verdict="approved",
            digest=request.snapshot.digest,
            by=by(finance),
            at=AT + HOUR,
        )


def test_recall_ends_it_and_its_links(request_, vp, rep):
    recall_request(request=request_, reason="Customer called", by=by(rep), at=AT + HOUR)

    request_.refresh_from_db()
    assert request_.status == "recalled"
    assert slot_of(request_, vp).state == "cancelled"
    assert slot_of(request_, vp).links.get().killed_why == "recalled"
    with pytest.raises(Conflict):
        decide(request_, vp)


def test_only_submitter_owner_and_revops_recall(request_, vp, other_rep, revops):
    for other in (vp, other_rep):
        with pytest.raises(NotAllowed):
            recall_request(request=request_, by=by(other), at=AT)
    recall_request(request=request_, by=by(revops), at=AT)


def test_recall_after_the_decision_is_a_conflict(request_, vp, rep):
    decide(request_, vp)

    with pytest.raises(Conflict):
        recall_request(request=request_, by=by(rep), at=AT + 2 * HOUR)


def test_resubmission_after_every_end(rep, vp):
    quote = make_quote(rep, 25)
    first = submit(quote)
    recall_request(request=first, by=by(rep), at=AT)
    second = submit(quote, at=AT + HOUR)
    decide(second, vp, "rejected", at=AT + 2 * HOUR)
    third = submit(quote, at=AT + 3 * HOUR)
    expire_requests(at=AT + timedelta(days=31))
    fourth = submit(quote, at=AT + timedelta(days=32))

    assert [r.attempt for r in (first, second, third, fourth)] == [1, 2, 3, 4]


def test_a_pending_request_expires_after_30_days(request_, rep):
    assert expire_requests(at=AT + timedelta(days=29)) == []
    assert expire_requests(at=AT + timedelta(days=30)) == [request_.pk]

    request_.refresh_from_db()
    assert request_.status == "expired"
    assert ExceptionRecord.objects.get().outcome == "expired"


def test_scheduler_dead_for_3_days(request_):
    """Catching up fires once, however often the sweep runs."""
    late = AT + timedelta(days=33)
    expire_requests(at=late)
    expire_requests(at=late)

    assert Entry.objects.filter(verb="approval.expired").count() == 1
    assert Notification.objects.filter(event="approval.closed").count() == 1


def test_an_approval_is_taken_back_by_its_author_in_time(request_, vp, rep):
    decision = decide(request_, vp)

    revoke_decision(decision=decision, reason="Wrong deal", by=by(vp), at=AT + 24 * HOUR)

    request_.refresh_from_db()
    assert request_.status == "revoked"
    assert Decision.objects.get().revocation.reason == "Wrong deal"
    with pytest.raises(Conflict):
        revoke_decision(decision=decision, reason="Again", by=by(vp), at=AT + 24 * HOUR)


def test_taking_back_too_late_by_others_or_without_reason_is_refused(request_, vp, rep):
    decision = decide(request_, vp)

    with pytest.raises(Refused, match="24 hours"):
        revoke_decision(decision=decision, reason="x", by=by(vp), at=AT + 26 * HOUR)
    with pytest.raises(NotAllowed):
        revoke_decision(decision=decision, reason="x", by=by(rep), at=AT + 2 * HOUR)
    with pytest.raises(Refused, match="why"):
        revoke_decision(decision=decision, reason=" ", by=by(vp), at=AT + 2 * HOUR)


def test_taking_back_one_of_two_ends_the_request(two_steps, vp, desk):
    decision = decide(two_steps, vp)

    revoke_decision(decision=decision, reason="Wrong", by=by(vp), at=AT + 2 * HOUR)

    two_steps.refresh_from_db()
    assert two_steps.status == "revoked"
    assert slot_of(two_steps, desk).state == "cancelled"


def test_a_revoked_approval_is_not_carried_forward(rep, vp):
    quote = make_quote(rep, 25)
    decision = decide(submit(quote), vp)
    revoke_decision(decision=decision, reason="Wrong", by=by(vp), at=AT + 2 * HOUR)

    again = submit(quote, at=AT + 3 * HOUR)

    assert slot_of(again, vp).state == "requested"


def test_the_register_says_who_decided_and_how_long_it_took(request_, vp):
    decide(request_, vp)

    row = ExceptionRecord.objects.get()
    assert row.outcome == "approved"
    assert list(row.deciders.all()) == [vp]
    assert row.business_hours == 1


def test_whoever_held_a_slot_sees_the_deal(rep, desk):
    """A VP outside the owner's line sees a deal because they are asked about it."""
    far = make_person("Vic Voss", roles=["vp_sales"])
    request = submit(make_quote(rep, 25))

    assert Deal.objects.visible_to(far).filter(pk=request.deal_id).exists()
