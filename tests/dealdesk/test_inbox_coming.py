"""What will ask a person in a later step: seen early, and answered only in its turn."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dealdesk.operations import publish_policy, recall_request
from dealdesk.policy import StepOrder
from dealdesk.presets import AS_IN_THE_SOURCES
from tests.factories.dealdesk import (
    HOUR,
    decide,
    make_quote,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def price_first(db):
    policy = replace(AS_IN_THE_SOURCES, version="t", name="T", order=StepOrder.PRICE_FIRST)
    publish_policy(policy=policy, label="Price first", by=SYSTEM, at=AT)


def ask(rep, name="Acme rollout", **facts):
    """Asks the VP first, then the deal desk."""
    deal, at = make_deal(rep, name, account=small_account()), timezone.now() - HOUR
    return submit(make_quote(rep, 25, terms=[term()], deal=deal, at=at), at=at, **facts)


def coming(person, address="?tab=coming"):
    client = Client()
    client.force_login(person)
    return client.get(reverse("dealdesk:approval-inbox") + address)


def test_a_later_step_is_seen_coming_and_whom_it_waits_for(rep, vp, desk):
    asked = ask(rep)

    page = coming(desk)

    [row] = page.context["coming"]["rows"]
    assert row.slot == slot_of(asked, desk)
    assert row.after_words == "after VP of sales"
    assert "Acme rollout" in page.content.decode()
    assert [tab["count"] for tab in page.context["tabs"]] == [0, 1, 0]


def test_what_comes_may_be_read_and_not_decided(rep, vp, desk):
    slot = slot_of(ask(rep), desk)
    client = Client()
    client.force_login(desk)

    page = client.get(slot.get_absolute_url()).content.decode()

    assert "Custom SLA" in page
    assert 'name="verdict"' not in page


def test_once_asked_it_waits_and_comes_no_longer(rep, vp, desk):
    decide(ask(rep), vp, at=timezone.now())

    assert [tab["count"] for tab in coming(desk).context["tabs"]] == [1, 0, 0]


def test_what_ended_does_not_come(rep, vp, desk):
    recall_request(request=ask(rep), reason="Not now", by=by(rep), at=timezone.now())

    assert not coming(desk).context["coming"]["rows"]


def test_nothing_coming_says_what_will_stand_here(vp, desk):
    assert "Nothing is on its way to you" in coming(desk).content.decode()


def test_it_is_nobody_elses(rep, vp, desk, finance):
    ask(rep)

    assert not coming(finance).context["coming"]["rows"]
    assert not coming(vp).context["coming"]["rows"]


def test_it_pages_through_everything_once(rep, vp, desk, monkeypatch):
    monkeypatch.setattr("dealdesk.views.inbox.INBOX", 2)
    for number, day in enumerate([None, date(2030, 1, 2), None, date(2030, 1, 1)]):
        ask(rep, f"Deal {number}", needed_by=day, needed_cause="Board" if day else "")

    seen, address = [], "?tab=coming"
    while address:
        page = coming(desk, address).context["coming"]
        seen += [row.slot.step.request.deal.name for row in page["rows"]]
        address = page["next"]

    assert seen == ["Deal 3", "Deal 1", "Deal 0", "Deal 2"]


def test_it_asks_the_same_however_much_comes(rep, vp, desk):
    counts = []
    for number in range(4):
        ask(rep, f"Deal {number}")
        if number in (0, 3):
            coming(desk)
            with CaptureQueriesContext(connection) as queries:
                coming(desk)
            counts.append(len(queries))

    assert counts[0] == counts[1]
