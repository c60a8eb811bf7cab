"""The clock of an approval: warning, reminder with one more person, the next one up; each once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dealdesk import links
from dealdesk.clocks import Kind, latest, times_of
from dealdesk.models import ApprovalLink, ApprovalSlot, ApprovalStep, ClockMark, Decision
from dealdesk.operations import (
    answer_question,
    ask_submitter,
    follow_absences,
    publish_policy,
    recall_request,
    run_clocks,
)
from dealdesk.operations.staffing import open_slots
from dealdesk.policy import Role, StepMode
from dealdesk.presets import AS_IN_THE_SOURCES
from revops.outbox.models import Notification
from revops.people.operations import enter_absence
from revops.worktime.arithmetic import BusinessCalendar
from tests.dealdesk.test_steps import rules
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import by, make_person

DAY = timedelta(days=1)
SIXTEEN = timedelta(hours=16)

# The manager has four hours of 9 to 17 UTC from Tuesday 9:30: warned 12:30, due 13:30,
# handed upward 9:30 on Wednesday.
WARNED, DUE, UP = AT + 3 * HOUR, AT + 4 * HOUR, AT + DAY


def at(*day_and_time):
    return datetime(2026, 11, *day_and_time, tzinfo=UTC)


def told(person, event):
    return Notification.objects.filter(person=person, event=event).count()


def open_of(request):
    slots = ApprovalSlot.objects.open().filter(step__request=request)
    return sorted(slot.person.name for slot in slots.select_related("person"))


def marks_of(slot):
    return {mark.kind: mark.outcome for mark in slot.marks.all()}


# Arithmetic


def test_times_are_three_quarters_the_whole_and_twice_the_whole():
    office = BusinessCalendar(AT.tzinfo)

    times = times_of(office, at(6, 15), SIXTEEN)

    assert times.warning == at(10, 11)
    assert times.reminder == at(10, 15)
    assert times.escalation == at(12, 15)


def test_a_clock_that_goes_on_has_what_was_left():
    office = BusinessCalendar(AT.tzinfo)

    times = times_of(office, at(6, 9), SIXTEEN, left=timedelta(hours=2))

    assert (times.warning, times.reminder) == (at(6, 9), at(6, 11))


def test_of_several_things_the_last_is_done():
    assert latest([Kind.REMINDER, Kind.WARNING]) is Kind.REMINDER
    assert latest(Kind) is Kind.ESCALATION


# A manager who does not answer


@pytest.mark.django_db
def test_a_manager_is_warned_reminded_and_then_answered_for_above(rep, manager, vp):
    request = submit(make_quote(rep, 15))
    slot = slot_of(request, manager)

    assert run_clocks(at=WARNED - timedelta(minutes=1)) == 0
    assert run_clocks(at=WARNED) == 1
    assert told(manager, "approval.reminder") == 1
    assert run_clocks(at=DUE) == 1
    assert told(manager, "approval.reminder") == 2
    assert run_clocks(at=UP) == 1

    slot.refresh_from_db()
    assert slot.state == "reassigned"
    assert open_of(request) == ["Vera Vance"]
    assert slot_of(request, vp).held_as == "vp_sales"
    assert marks_of(slot) == {"warning": "done", "reminder": "nobody", "escalation": "done"}
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_nothing_happens_twice(rep, manager):
    submit(make_quote(rep, 15))

    assert [run_clocks(at=DUE), run_clocks(at=DUE), run_clocks(at=DUE + HOUR)] == [1, 0, 0]
    assert told(manager, "approval.reminder") == 1


@pytest.mark.django_db
def test_a_reminder_brings_a_fresh_link_and_kills_the_old_one(rep, manager):
    request = submit(make_quote(rep, 15))
    first = ApprovalLink.objects.get(slot__step__request=request)

    run_clocks(at=WARNED)

    outcome = links.open_link(links.derive_token(first), WARNED)
    assert outcome.kind is links.LinkKind.SUPERSEDED
    assert ApprovalLink.objects.filter(killed_at=None).count() == 1


@pytest.mark.django_db
def test_scheduler_dead_for_three_days_catches_up_once(rep, manager, vp):
    request = submit(make_quote(rep, 15))
    slot = slot_of(request, manager)
    late = AT + 3 * DAY

    assert [run_clocks(at=late), run_clocks(at=late), run_clocks(at=late + HOUR)] == [1, 0, 0]

    assert marks_of(slot) == {
        "warning": "overtaken",
        "reminder": "overtaken",
        "escalation": "done",
    }
    assert told(manager, "approval.reminder") == 0
    assert told(vp, "approval.requested") == 1
    assert slot_of(request, vp).requested_at == late


@pytest.mark.django_db
def test_weekends_and_nights_do_not_count(rep, manager):
    friday = at(6, 16)
    submit(make_quote(rep, 15, at=friday), at=friday)

    assert run_clocks(at=at(8, 12)) == 0
    assert run_clocks(at=at(9, 11)) == 1


@pytest.mark.django_db
def test_a_request_that_ended_is_let_alone(rep, manager):
    request = submit(make_quote(rep, 15))
    recall_request(request=request, by=by(rep), at=AT)

    assert run_clocks(at=UP) == 0
    assert set(marks_of(slot_of(request, manager)).values()) == {"not_needed"}
    assert told(manager, "approval.reminder") == 0


@pytest.mark.django_db
def test_a_clock_that_stopped_for_a_question_neither_reminds_nor_escalates(rep, manager):
    request = submit(make_quote(rep, 15))
    question = ask_submitter(
        slot=slot_of(request, manager), body="Why?", by=by(manager), at=AT + 2 * HOUR
    )
    assert run_clocks(at=UP + DAY) == 0

    answer_question(question=question, body="So", by=by(rep), at=AT + 2 * DAY)

    assert run_clocks(at=AT + 2 * DAY + HOUR - timedelta(minutes=1)) == 0
    assert run_clocks(at=AT + 2 * DAY + HOUR) == 1
    assert told(manager, "approval.reminder") == 1
    assert run_clocks(at=AT + 2 * DAY + 2 * HOUR) == 1


@pytest.mark.django_db
def test_slots_that_came_without_a_clock_get_one_and_nothing_is_made_up_for(rep, manager):
    request = submit(make_quote(rep, 15))
    ClockMark.objects.all().delete()

    assert run_clocks(at=AT + 9 * DAY) == 0

    mark = ClockMark.objects.get(slot__step__request=request)
    assert (mark.kind, mark.due_at) == ("escalation", AT + 9 * DAY + 4 * HOUR)


# Who is added, and who comes next


@pytest.fixture
def publish(revops):
    def publish(role, **changes):
        policy = replace(
            AS_IN_THE_SOURCES, version="test", name="Test", roles=rules(role, **changes)
        )
        publish_policy(policy=policy, label="Test", by=by(revops), at=AT)

    return publish


def slots_by_role(request, role):
    slots = ApprovalSlot.objects.open().filter(step__request=request, role=role)
    return {slot.person.name: slot.held_as for slot in slots.select_related("person")}


@pytest.mark.django_db
def test_the_backup_that_the_policy_names_is_added_and_may_decide(rep, desk, outsider, publish):
    publish(Role.DEAL_DESK, backup=outsider.email)
    request = submit(make_quote(rep, terms=[term()]))

    run_clocks(at=AT + 3 * DAY)

    assert slots_by_role(request, "deal_desk") == {"Dora Diaz": "deal_desk", "Oda Olsen": ""}
    assert "Dora Diaz has not answered in time" in slot_of(request, outsider).substitution
    decide(request, outsider, at=AT + 3 * DAY)
    request.refresh_from_db()
    assert request.status == "approved"


@pytest.mark.django_db
def test_who_was_added_adds_nobody(rep, desk, outsider, publish):
    publish(Role.DEAL_DESK, backup=outsider.email)
    request = submit(make_quote(rep, terms=[term()]))
    run_clocks(at=AT + 3 * DAY)

    kinds = slot_of(request, outsider).marks.values_list("kind", flat=True)

    assert set(kinds) == {"warning", "reminder"}


@pytest.mark.django_db
def test_nobody_is_added_where_everybody_must_agree(rep, desk, outsider, publish):
    publish(Role.DEAL_DESK, mode=StepMode.UNANIMOUS, backup=outsider.email)
    request = submit(make_quote(rep, terms=[term()]))

    run_clocks(at=AT + 3 * DAY)

    assert open_of(request) == ["Dora Diaz"]
    assert told(desk, "approval.reminder") == 1


@pytest.mark.django_db
def test_the_submitter_is_never_added(rep, desk, publish):
    publish(Role.DEAL_DESK, backup=rep.email)
    request = submit(make_quote(rep, terms=[term()]))

    run_clocks(at=AT + 3 * DAY)

    assert open_of(request) == ["Dora Diaz"]


@pytest.mark.django_db
def test_a_backup_who_is_away_is_answered_for(rep, desk, outsider, finance, publish):
    publish(Role.DEAL_DESK, backup=outsider.email)
    request = submit(make_quote(rep, terms=[term()]))
    last = AT.date() + 9 * DAY
    facts = {"first_day": AT.date(), "last_day": last, "delegate": finance}
    enter_absence(person=outsider, by=by(outsider), at=AT, **facts)

    run_clocks(at=AT + 3 * DAY)

    slot = slot_of(request, finance)
    assert (slot.principal, slot.state) == (outsider, "requested")
    decide(request, finance, at=AT + 3 * DAY)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["finance", "legal"])
def test_finance_and_legal_never_go_to_sales(rep, vp, finance, legal, desk, revops, role):
    """Nobody else is of the discipline: RevOps and who sells are told, and nothing moves."""
    request = submit(make_quote(rep, term_months=24))

    run_clocks(at=AT + 30 * DAY)
    run_clocks(at=AT + 31 * DAY)

    assert slots_by_role(request, role) == {
        {"finance": "Finn Fabre", "legal": "Lena Lund"}[role]: role
    }
    assert told(revops, "approval.unanswerable") == 2  # one for each discipline
    assert told(rep, "approval.unanswerable") == 2
    request.refresh_from_db()
    assert request.status == "pending"


@pytest.mark.django_db
def test_somebody_added_beside_the_policy_is_reminded_and_stands_for_nobody(
    rep, vp, manager, outsider, revops
):
    request = submit(make_quote(rep, 25))
    step = ApprovalStep.objects.create(
        request=request,
        position=9,
        key="added-9",
        name="Oda Olsen, added",
        groups={"rep": 1},
        added_by=manager,
        added_why="So",
    )
    open_slots([ApprovalSlot(step=step, role="rep", person=outsider, hours=4)], request, at=AT)

    run_clocks(at=AT + 4 * HOUR)
    assert told(outsider, "approval.reminder") == 1
    run_clocks(at=AT + 2 * DAY)
    first = AT.date()
    days = {"first_day": first, "last_day": first + 3 * DAY}
    enter_absence(person=outsider, **days, by=by(outsider), at=AT)
    follow_absences(at=AT + 2 * DAY)

    assert slot_of(request, outsider).state == "requested"
    said = Notification.objects.filter(person=revops, event="approval.unanswerable")
    assert "Oda Olsen has not answered in time, and nobody else may." in [
        notice.context["why"] for notice in said
    ]


@pytest.mark.django_db
def test_a_colleague_of_the_desk_takes_over_and_it_never_goes_round(rep, desk, revops):
    request = submit(make_quote(rep, terms=[term()]))
    make_person("Dan Dore", roles=["deal_desk"])

    run_clocks(at=AT + 8 * DAY)
    assert open_of(request) == ["Dan Dore"]
    run_clocks(at=AT + 20 * DAY)

    assert open_of(request) == ["Dan Dore"]
    assert told(revops, "approval.unanswerable") == 1
