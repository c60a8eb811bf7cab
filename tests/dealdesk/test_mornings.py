"""The mail of a working morning: what waits for somebody, at eight where they are."""

from datetime import UTC, datetime, timedelta

import pytest

from dealdesk.operations import ask_submitter
from pipeline.operations import send_digests, set_alert_preference
from revops.outbox.bodies import render
from revops.outbox.models import Notification
from revops.people.operations import enter_absence
from tests.factories.dealdesk import AT, HOUR, make_quote, slot_of, submit
from tests.factories.people import SYSTEM, by

pytestmark = pytest.mark.django_db

WEDNESDAY = datetime(2026, 11, 4, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def send(at):
    return send_digests(by=SYSTEM, at=at)


def told(person):
    return list(Notification.objects.filter(person=person, event="digest.waiting"))


def test_what_waits_is_told_once_on_the_next_working_morning(rep, vp):
    request = submit(make_quote(rep, 25))

    send(AT + HOUR)
    assert told(vp) == []
    send(WEDNESDAY)
    send(WEDNESDAY + HOUR)

    [notice] = told(vp)
    waits = notice.context["approvals"]
    assert (waits["count"], waits["late"]) == (1, 0)
    assert waits["entries"][0]["path"] == slot_of(request, vp).get_absolute_url()
    mail = render(notice)
    assert mail.subject == "Waiting for you: 1 approval waits"
    assert request.deal.name in mail.text
    assert told(rep) == []


def test_what_came_after_eight_waits_for_the_next_morning(rep, vp):
    submit(make_quote(rep, 25, at=WEDNESDAY + HOUR), at=WEDNESDAY + HOUR)

    send(WEDNESDAY + 2 * HOUR)
    assert told(vp) == []
    send(WEDNESDAY + DAY)
    assert len(told(vp)) == 1


def test_the_morning_is_the_readers_own(rep, vp):
    vp.zone = "Asia/Tokyo"
    vp.save()
    submit(make_quote(rep, 25))
    eight_in_tokyo = datetime(2026, 11, 3, 23, 0, tzinfo=UTC)

    send(eight_in_tokyo - timedelta(minutes=1))
    assert told(vp) == []
    send(eight_in_tokyo)
    assert len(told(vp)) == 1


def test_weekends_and_absences_are_left_alone(rep, vp):
    submit(make_quote(rep, 25))
    send(WEDNESDAY)
    last = WEDNESDAY.date() + DAY
    enter_absence(person=vp, first_day=last, last_day=last, by=by(vp), at=WEDNESDAY)

    for days in (1, 3, 4):  # away on Thursday; Saturday and Sunday
        send(WEDNESDAY + days * DAY)
    assert len(told(vp)) == 1
    send(WEDNESDAY + 5 * DAY)
    assert len(told(vp)) == 2


def test_who_does_not_want_it_has_none(rep, vp):
    submit(make_quote(rep, 25))
    set_alert_preference(
        person=vp, cadence="off", weekly_digest=False, waiting_digest=False, by=by(vp), at=AT
    )

    send(WEDNESDAY)

    assert told(vp) == []


def test_a_question_that_waits_for_the_rep_is_not_told(rep, vp):
    request = submit(make_quote(rep, 25))
    ask_submitter(slot=slot_of(request, vp), body="Why?", by=by(vp), at=AT)

    send(WEDNESDAY)

    assert told(vp) == []


def test_overdue_comes_first_and_says_so(rep, manager):
    submit(make_quote(rep, 15))

    send(WEDNESDAY + DAY)

    [notice] = told(manager)
    [entry] = notice.context["approvals"]["entries"]
    assert entry["late"]
    assert entry["due"].startswith("Overdue since Tuesday, 3 November 2026")
