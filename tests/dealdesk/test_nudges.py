"""What the rep sees of a request that waits, and the nudge."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dealdesk.models import ApprovalLink, Nudge
from dealdesk.operations import ask_submitter, nudge_approvers, recall_request
from revops.ledger.models import Entry
from revops.outbox.bodies import render
from revops.outbox.models import Delivery, Notification
from revops.people.models import Absence
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import HOUR, make_quote, slot_of, submit
from tests.factories.people import AT, by

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(rep, vp):
    return submit(make_quote(rep, 25))


def nudge(asked, person, at=AT + HOUR):
    return nudge_approvers(request=asked, by=by(person), at=at)


def test_a_nudge_mails_a_fresh_link_that_kills_the_old(asked, rep, vp):
    old = ApprovalLink.objects.get()

    nudge(asked, rep)

    old.refresh_from_db()
    assert old.killed_why == "superseded"
    told = Notification.objects.get(event="approval.nudged")
    assert told.person == vp
    assert "asks again to decide on Acme rollout" in render(told).subject
    assert Entry.objects.filter(verb="approval.nudged").count() == 1


def test_once_a_day_is_enough(asked, rep):
    nudge(asked, rep)

    with pytest.raises(Conflict, match="Once a day"):
        nudge(asked, rep, AT + 2 * HOUR)

    nudge(asked, rep, AT + timedelta(days=1))
    assert Nudge.objects.count() == 2


def test_only_who_sells_nudges(asked, auditor):
    with pytest.raises(NotAllowed):
        nudge(asked, auditor)


def test_what_does_not_wait_is_not_nudged(asked, rep):
    recall_request(request=asked, by=by(rep), at=AT)

    with pytest.raises(Conflict):
        nudge(asked, rep)


def test_who_waits_for_the_rep_is_left_in_peace(asked, rep, vp):
    ask_submitter(slot=slot_of(asked, vp), body="Why?", by=by(vp), at=AT)

    with pytest.raises(Refused, match="waits for an answer"):
        nudge(asked, rep)


def page_of(asked, person):
    client = Client()
    client.force_login(person)
    return client.get(asked.get_absolute_url()).content.decode()


def test_the_rep_sees_where_it_stands_and_nudges_on_the_page(rep, vp):
    asked = submit(make_quote(rep, 25, at=timezone.now()), at=timezone.now())
    client = Client()
    client.force_login(rep)

    page = client.get(asked.get_absolute_url()).content.decode()
    answer = client.post(f"/requests/{asked.pk}/nudge/")

    assert "Waiting for Vera" in page
    assert "not enough data" in page
    assert answer.status_code == 302
    assert "Once a day is enough" in client.get(asked.get_absolute_url()).content.decode()
    assert client.post(f"/requests/{asked.pk}/nudge/").status_code == 409


def test_the_rep_sees_who_is_away(rep, vp):
    asked = submit(make_quote(rep, 25, at=timezone.now()), at=timezone.now())
    today = timezone.localdate()
    Absence.objects.create(
        person=vp, first_day=today, last_day=today + timedelta(days=3), entered_at=timezone.now()
    )

    assert "Vera Vance is away until" in page_of(asked, rep)


def test_a_mail_that_came_back_shows_on_the_request(asked, rep):
    Delivery.objects.filter(notification__event="approval.requested").update(
        bounced_at=AT, bounce="550 no such user"
    )

    assert "came back: 550 no such user" in page_of(asked, rep)
