"""Every mail of the deal desk can be read, as HTML and as plain text."""

import pytest

from dealdesk.operations import make_primary, restaff_requests, revise_quote, save_quote
from revops.outbox.bodies import render
from revops.outbox.models import Notification
from revops.people.operations import revoke_role
from tests.factories.dealdesk import AT, HOUR, decide, line, make_quote, submit, term
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db

EVENTS = [
    "approval.requested",
    "approval.settled",
    "approval.closed",
    "approval.cover_lost",
    "approval.alert",
    "approval.unanswerable",
]


@pytest.fixture
def told(rep, manager, vp, desk, finance, revops):
    """Something of everything has happened."""
    make_person("Dan Dore", roles=["deal_desk"])
    quote = make_quote(rep, 25, terms=[term()])
    request = submit(quote)
    decide(request, vp)
    decide(request, desk, at=AT + HOUR)
    draft = revise_quote(quote=quote, by=by(rep), at=AT + 2 * HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(35, key=key)], by=by(rep), at=AT + 2 * HOUR)
    make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR)
    submit(draft, at=AT + 3 * HOUR, needed_by=None)
    revoke_role(person=vp, role="vp_sales", by=by(revops), at=AT + 4 * HOUR)
    restaff_requests(at=AT + 4 * HOUR)


@pytest.mark.parametrize("event", EVENTS)
def test_it_reads_well(told, event):
    notifications = list(Notification.objects.filter(event=event))
    assert notifications

    for notification in notifications:
        body = render(notification)
        for text in (body.subject, body.text, body.html):
            assert "Acme rollout" in text
            for blank in ("None", "{{", "{%", "[]"):
                assert blank not in text
        assert "\n\n\n\n" not in body.text


def test_the_request_says_what_is_given_and_got(told):
    body = render(Notification.objects.filter(event="approval.requested").earliest("pk"))

    for fact in (
        "7,500.00 USD",
        "25 %",
        "A reference",
        "Custom SLA: 99.9 %",
        "The customer compares us with Orrin.",
        "personal",
    ):
        assert fact in body.text
        assert fact in body.html


def test_the_subject_names_the_ask_and_holds_no_code(told):
    body = render(Notification.objects.filter(event="approval.requested").earliest("pk"))

    assert body.subject == ("Rita Reyes asks you to decide on Acme rollout: 7,500.00 USD, 25 % off")
