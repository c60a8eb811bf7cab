"""Real threads on PostgreSQL: a clock, an absence and an answer at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dealdesk.models import ApprovalSlot, ClockMark, Decision
from dealdesk.operations import ask_submitter, follow_absences, run_clocks
from revops.outbox.models import Notification
from revops.people.operations import enter_absence
from revops.refusals import Refused
from tests.dealdesk.test_races import sound
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, small_account, submit
from tests.factories.people import by, make_person
from tests.factories.pipeline import make_deal
from tests.racing import at_once, refused

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

DAY = timedelta(days=1)
UP = AT + 2 * DAY


def away(person, delegate):
    first = AT.date()
    return enter_absence(
        person=person,
        delegate=delegate,
        first_day=first,
        last_day=first + 9 * DAY,
        by=by(person),
        at=AT,
    )


def test_an_answer_and_the_clock_at_the_same_moment(rep, manager, vp):
    """Either it is decided, or it went upward and the answer comes too late; never both."""
    request = submit(make_quote(rep, 15))

    answer, _ = at_once(lambda: decide(request, manager, at=UP), lambda: run_clocks(at=UP))

    slot = slot_of(request, manager)
    if isinstance(answer, Refused):
        assert slot.state == "reassigned"
        assert slot_of(request, vp).is_open
        assert not Decision.objects.exists()
    else:
        assert slot.state == "approved"
        assert not ApprovalSlot.objects.filter(step__request=request, person=vp).exists()
    assert sound()


def test_a_question_and_the_clock_at_the_same_moment(rep, manager):
    request = submit(make_quote(rep, 15))

    at_once(
        lambda: ask_submitter(slot=slot_of(request, manager), body="Why?", by=by(manager), at=UP),
        lambda: run_clocks(at=UP),
    )

    slot = slot_of(request, manager)
    assert (slot.state, slot.paused_at is not None) in [("requested", True), ("reassigned", False)]
    assert sound()


def test_two_sweeps_of_the_clocks_do_everything_once(rep, manager):
    for number in range(4):
        deal = make_deal(rep, f"Deal {number}", account=small_account())
        submit(make_quote(rep, 15, deal=deal))

    done = at_once(*[lambda: run_clocks(at=AT + 4 * HOUR)] * 3)

    assert sum(done) == 4
    reminded = Notification.objects.filter(person=manager, event="approval.reminder")
    assert reminded.count() == 4
    assert ClockMark.objects.filter(outcome="overtaken").count() == 4
    assert sound()


def test_an_answer_and_an_absence_at_the_same_moment(rep, vp, desk):
    request = submit(make_quote(rep, 25))
    away(vp, desk)

    answer, _ = at_once(
        lambda: decide(request, vp, at=AT + HOUR), lambda: follow_absences(at=AT + HOUR)
    )

    moved = ApprovalSlot.objects.filter(step__request=request, person=desk).exists()
    assert moved == isinstance(answer, Refused)
    assert sound()


def test_two_sweeps_ask_a_delegate_once(rep, vp, desk):
    request = submit(make_quote(rep, 25))
    away(vp, desk)

    at_once(*[lambda: follow_absences(at=AT)] * 3)

    assert ApprovalSlot.objects.filter(step__request=request, person=desk).count() == 1
    assert sound()


def test_two_people_who_name_each_other_at_once_make_no_circle(vp, desk):
    results = at_once(lambda: away(vp, desk), lambda: away(desk, vp))

    assert len(refused(results)) == 1


def test_two_absences_of_one_person_at_once_do_not_overlap(vp, desk):
    other = make_person("Dan Dore")

    results = at_once(lambda: away(vp, desk), lambda: away(vp, other))

    assert len(refused(results)) == 1
