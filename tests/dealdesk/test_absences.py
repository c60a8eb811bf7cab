"""Who answers while somebody is away: at submission, for what waits already, and at the end."""

from datetime import date, timedelta

import pytest

from dealdesk.models import ApprovalSlot, Decision
from dealdesk.operations import follow_absences, restaff_requests
from revops.ledger.models import Entry
from revops.outbox.models import Delivery, Notification
from revops.people.models import Absence
from revops.people.operations import cancel_absence, deactivate_person, enter_absence, revoke_role
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db

TODAY = AT.date()
DAY = timedelta(days=1)
END = TODAY + 4 * DAY


def away(person, delegate=None, first=TODAY, last=END):
    return enter_absence(
        person=person, delegate=delegate, first_day=first, last_day=last, by=by(person), at=AT
    )


def open_of(request):
    slots = ApprovalSlot.objects.open().filter(step__request=request)
    return sorted(slot.person.name for slot in slots.select_related("person"))


def mailed(person, event):
    return Delivery.objects.filter(notification__person=person, notification__event=event).count()


# At submission


def test_the_delegate_is_asked_and_decides_on_behalf(rep, vp, desk):
    away(vp, desk)
    request = submit(make_quote(rep, 25))

    slot = ApprovalSlot.objects.open().get(step__request=request)
    assert (slot.person, slot.principal, slot.held_as) == (desk, vp, "vp_sales")
    assert slot.substitution == "Dora Diaz answers for Vera Vance, away until 7 November."
    decision = decide(request, desk)

    request.refresh_from_db()
    assert request.status == "approved"
    assert (decision.decided_by, decision.on_behalf_of) == (desk, vp)
    entry = Entry.objects.get(verb="approval.decided")
    assert (entry.actor, entry.on_behalf_of) == (desk, vp)


def test_a_chain_of_delegates_is_followed(rep, vp, desk, finance):
    away(vp, desk)
    away(desk, finance)

    assert open_of(submit(make_quote(rep, 25))) == ["Finn Fabre"]


def test_delegate_is_the_submitter_and_is_never_asked(rep, manager, vp):
    """The submitter's manager is away and named the submitter: somebody above answers."""
    away(manager, rep)

    request = submit(make_quote(rep, 15))

    assert open_of(request) == ["Vera Vance"]


def test_delegate_is_the_submitter_and_nobody_else_is_left(rep, vp):
    away(vp, rep)

    with pytest.raises(Refused) as refused:
        submit(make_quote(rep, 25))

    assert refused.value.code == "approver_missing"
    assert "Rita Reyes, who answers for Vera Vance, submitted this quote" in refused.value.message


def test_delegate_is_the_owner_and_is_never_asked(rep, other_rep, manager, vp):
    away(manager, rep)
    quote = make_quote(rep, 15)

    request = submit(quote, by(manager))

    assert open_of(request) == ["Vera Vance"]


def test_a_to_b_to_a_delegation_is_harmless(rep, vp, desk):
    """Written past the operation, the circle is harmless: the absent are asked as the last."""
    away(vp, desk)
    Absence.objects.create(person=desk, delegate=vp, first_day=TODAY, last_day=END, entered_at=AT)

    request = submit(make_quote(rep, 25))

    assert open_of(request) == ["Vera Vance"]
    assert follow_absences(at=AT) == []


def test_who_is_away_without_a_delegate_is_asked_only_when_nobody_else_is_left(rep, vp, desk):
    make_person("Dan Dore", roles=["deal_desk"])
    away(desk)
    away(vp)

    request = submit(make_quote(rep, 25, terms=[term()]))

    assert open_of(request) == ["Dan Dore", "Vera Vance"]


def test_a_delegate_never_answers_for_two_groups_of_one_step(rep, finance, legal):
    away(finance, legal)

    request = submit(make_quote(rep, term_months=24))

    assert open_of(request) == ["Finn Fabre", "Lena Lund"]


# What waits already


def test_open_approvals_follow_when_an_absence_is_entered(rep, vp, desk):
    request = submit(make_quote(rep, 25))
    old = slot_of(request, vp)
    away(vp, desk)

    assert follow_absences(at=AT + HOUR) == [request.pk]

    old.refresh_from_db()
    assert old.state == "reassigned"
    assert old.links.get().killed_why == "reassigned"
    assert open_of(request) == ["Dora Diaz"]
    assert mailed(desk, "approval.requested") == 1
    assert Notification.objects.filter(person=vp, event="approval.delegated").count() == 1
    assert mailed(vp, "approval.delegated") == 0
    assert follow_absences(at=AT + HOUR) == []


def test_open_approvals_follow_when_an_absence_begins(rep, vp, desk):
    request = submit(make_quote(rep, 25))
    away(vp, desk, first=TODAY + DAY)

    assert follow_absences(at=AT + HOUR) == []
    assert follow_absences(at=AT + DAY) == [request.pk]
    assert open_of(request) == ["Dora Diaz"]


def test_unanswered_approvals_go_back_when_the_absence_ends(rep, vp, desk):
    request = submit(make_quote(rep, 25))
    away(vp, desk)
    follow_absences(at=AT)
    after = AT + 5 * DAY

    with pytest.raises(NotAllowed, match="Vera Vance is back"):
        decide(request, desk, at=after)
    assert follow_absences(at=after) == [request.pk]

    assert open_of(request) == ["Vera Vance"]
    slot = ApprovalSlot.objects.open().get(step__request=request)
    assert (slot.absence, slot.substitution) == (None, "Vera Vance is back and answers again.")
    with pytest.raises(Conflict):
        decide(request, desk, at=after)


def test_an_absence_called_off_gives_approvals_back(rep, vp, desk):
    request = submit(make_quote(rep, 25))
    absence = away(vp, desk)
    follow_absences(at=AT)

    cancel_absence(absence=absence, by=by(vp), at=AT + HOUR)
    follow_absences(at=AT + HOUR)

    assert open_of(request) == ["Vera Vance"]


def test_approvals_stay_where_the_delegate_may_not_decide(rep, vp):
    """Nobody else may decide, so who is away keeps it; it does not move to the submitter."""
    request = submit(make_quote(rep, 25))
    away(vp, rep)

    assert follow_absences(at=AT) == []
    assert open_of(request) == ["Vera Vance"]
    with pytest.raises(NotAllowed, match="has Rita Reyes as delegate"):
        decide(request, vp)


def test_a_colleague_asked_already_is_enough(rep, desk):
    other = make_person("Dan Dore", roles=["deal_desk"])
    request = submit(make_quote(rep, terms=[term()]))
    away(desk, other)

    follow_absences(at=AT)

    assert open_of(request) == ["Dan Dore"]


def test_a_manager_who_goes_without_a_delegate_is_answered_for_above(rep, manager, vp):
    request = submit(make_quote(rep, 15))
    away(manager)

    follow_absences(at=AT)

    assert open_of(request) == ["Vera Vance"]


def test_approver_deactivated_while_pending_takes_the_delegate_along(rep, vp, desk, revops):
    other = make_person("Vic Voss", roles=["vp_sales"])
    request = submit(make_quote(rep, 25))
    away(vp, desk)
    follow_absences(at=AT)
    decided = ApprovalSlot.objects.open().get(step__request=request, person=desk)
    successor = make_person("Sue Succ", roles=["sales_manager"])
    deactivate_person(person=vp, successor=successor, by=by(revops), at=AT)

    with pytest.raises(NotAllowed, match="Vera Vance is no longer active"):
        decide(request, desk)
    restaff_requests(at=AT)

    decided.refresh_from_db()
    assert decided.state == "reassigned"
    assert "Vic Voss" in open_of(request)
    assert other.pk


def test_role_emptied_while_pending_ends_its_delegate_too(rep, vp, desk, revops):
    away(vp, desk)
    request = submit(make_quote(rep, 25))
    revoke_role(person=vp, role="vp_sales", by=by(revops), at=AT)

    with pytest.raises(NotAllowed, match="Vera Vance no longer holds the role VP sales"):
        decide(request, desk)
    assert restaff_requests(at=AT) == [request.pk]
    assert Decision.objects.count() == 0


def test_days_of_an_absence_are_those_of_the_person(rep, vp, desk):
    vp.zone = "Pacific/Auckland"
    vp.save()
    away(vp, desk, date(2026, 11, 4), date(2026, 11, 4))
    request = submit(make_quote(rep, 25))

    follow_absences(at=AT.replace(hour=10))
    assert open_of(request) == ["Vera Vance"]
    follow_absences(at=AT.replace(hour=11))
    assert open_of(request) == ["Dora Diaz"]
