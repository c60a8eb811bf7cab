"""Answering the mail of an approval."""

import hashlib
import hmac
from base64 import b64encode
from datetime import timedelta

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone

from dealdesk import links
from dealdesk.answered import is_vouched_for, own_words, read_answer
from dealdesk.models import ApprovalLink, Decision, MailReply, RequestMessage
from dealdesk.operations import recall_request, send_fresh_link
from dealdesk.policy import StepUp
from pipeline.models import Account
from revops.outbox.models import Delivery
from revops.outbox.operations import try_delivery
from revops.people.actor import Via
from tests.dealdesk.test_step_up import ask_for
from tests.factories.dealdesk import HOUR, make_quote, slot_of, submit
from tests.factories.people import by

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.dealdesk.hook_urls")]
SERVICE = "mx.service.example"
KEY = "the-service-signs-with-this"
AUTH = {"Authorization": "Basic " + b64encode(b"hook:secret").decode()}


def signed(key=KEY):
    """What the service signs its calls with."""
    stamp, token = "1790000000", "one"
    digest = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": token, "signature": digest}


@pytest.fixture(autouse=True)
def service(settings):
    settings.REPLY_DOMAIN = "in.dealdesk.example"
    settings.MAIL_AUTHSERV = SERVICE
    settings.ANYMAIL = {"WEBHOOK_SECRET": "hook:secret", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}


@pytest.fixture
def slot(rep, vp):
    at = timezone.now() - HOUR
    return slot_of(submit(make_quote(rep, 25, at=at), at=at), vp)


def address_of(slot):
    return links.reply_address(ApprovalLink.objects.get(slot=slot, killed_at=None).pk)


def hook(slot, text, *, verdict="dmarc=pass header.from=dealdesk.example", to=None, **headers):
    """What the service posts when somebody answered."""
    domain = slot.person.email.rpartition("@")[2]
    lines = {
        "Authentication-Results": f"{SERVICE}; {verdict.replace('dealdesk.example', domain)}",
        "From": slot.person.email,
        "To": to or address_of(slot),
        "Message-ID": "<1@phone>",
        "Subject": "Re: Decide",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    raw = "".join(f"{name}: {value}\n" for name, value in lines.items() if value) + f"\n{text}\n"
    return Client().post(
        "/mail/hooks/mailgun/inbound_mime/",
        {"recipient": lines["To"], "sender": lines["From"], "body-mime": raw, **signed()},
        headers=AUTH,
    )


def test_approve_on_the_first_line_decides(slot):
    assert hook(slot, "Approve\n\n> the mail").status_code == 200

    decision = Decision.objects.get()
    assert (decision.verdict, decision.via, decision.decided_by) == (
        "approved",
        "mail",
        slot.person,
    )


def test_reject_takes_its_reason(slot):
    hook(slot, "reject: too much for one year")

    assert Decision.objects.get().reason == "too much for one year"


def test_reject_without_reason_is_a_comment(slot):
    hook(slot, "reject")

    assert not Decision.objects.exists()
    assert MailReply.objects.get().why == "Say why you reject this."


@pytest.mark.parametrize(
    "verdict",
    [
        "dmarc=fail header.from=dealdesk.example",
        "spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example",
        "none",
    ],
)
def test_who_is_not_vouched_for_only_comments(slot, verdict):
    hook(slot, "approve", verdict=verdict)

    assert not Decision.objects.exists()
    assert "not confirmed" in RequestMessage.objects.get().body


def test_a_verdict_that_the_sender_wrote_counts_for_nothing(slot):
    hook(slot, "approve", Authentication_Results="evil.example; dmarc=pass")

    assert not Decision.objects.exists()


def test_somebody_elses_address_only_comments(slot, rep):
    hook(slot, "approve", From=rep.email)

    assert not Decision.objects.exists()


def test_a_guessed_address_answers_nothing(slot):
    hook(slot, "approve", to=f"reply+{slot.links.get().pk}.{'0' * 40}@in.dealdesk.example")

    assert MailReply.objects.get().outcome == "refused"
    assert not RequestMessage.objects.exists()


def test_what_is_no_decision_becomes_a_comment_and_its_person_is_told(slot):
    hook(slot, "Approve if they prepay.\nLet us talk.")

    assert RequestMessage.objects.get().body == "Approve if they prepay.\nLet us talk."
    assert not Decision.objects.exists()
    assert Delivery.objects.filter(notification__event="approval.reply_kept").count() == 1


@pytest.mark.parametrize(
    "header",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "auto_reply"}, {"Return_Path": "<>"}],
)
def test_a_vacation_reply_is_left_alone(slot, header):
    hook(slot, "approve", **header)

    assert MailReply.objects.get().outcome == "ignored"
    assert not Decision.objects.exists()


def test_each_mail_counts_once(slot):
    hook(slot, "What about Q4?")
    hook(slot, "What about Q4?")

    assert RequestMessage.objects.count() == 1


def test_terms_that_changed_since_the_mail_are_not_decided(slot):
    Account.objects.update(employees=50_000)

    hook(slot, "approve")

    assert not Decision.objects.exists()
    assert "changed" in MailReply.objects.get().why


def test_a_superseded_address_answers_nothing(slot):
    old = address_of(slot)
    send_fresh_link(slot=slot, by=by(slot.person, Via.LINK), at=timezone.now() + timedelta(hours=1))

    hook(slot, "approve", to=old)

    assert MailReply.objects.get().outcome == "refused"


def test_a_recalled_request_is_not_answered(slot, rep):
    recall_request(request=slot.step.request, by=by(rep), at=timezone.now())

    hook(slot, "approve", to=links.reply_address(slot.links.get().pk))

    assert not Decision.objects.exists()


@pytest.mark.parametrize("step_up", [StepUp.RETYPE, StepUp.SIGN_IN])
def test_where_more_than_a_link_is_asked_a_mail_never_decides(step_up, rep, vp):
    ask_for(step_up)
    at = timezone.now() - HOUR
    slot = slot_of(submit(make_quote(rep, 25, at=at), at=at), vp)

    hook(slot, "approve")

    assert not Decision.objects.exists()
    assert MailReply.objects.get().outcome == "commented"


@pytest.mark.parametrize(("key", "headers"), [("forged", AUTH), (KEY, {})])
def test_a_hook_that_is_not_the_services_is_closed(key, headers):
    sent = {"recipient": "x@y.example", "body-mime": "From: x@y.example", **signed(key)}

    answer = Client().post("/mail/hooks/mailgun/inbound_mime/", sent, headers=headers)

    assert answer.status_code == 400
    assert not MailReply.objects.exists()


def test_without_a_secret_there_is_no_hook():
    with pytest.raises(Resolver404):
        resolve("/mail/hooks/mailgun/inbound/", "revops.urls")


def test_the_mail_says_where_an_answer_goes(slot):
    delivery = Delivery.objects.get(notification__event="approval.requested")

    try_delivery(delivery_id=delivery.pk, at=timezone.now())

    assert outgoing.outbox[-1].reply_to == [address_of(slot)]


def test_a_mail_that_came_back_is_kept_with_its_reason(slot):
    delivery = Delivery.objects.get(notification__event="approval.requested")
    event = {
        "event": "failed",
        "severity": "permanent",
        "timestamp": 1_790_000_000,
        "recipient": slot.person.email,
        "message": {"headers": {"message-id": delivery.message_id.strip("<>")}},
        "delivery-status": {"message": "550 no such user"},
    }

    Client().post(
        "/mail/hooks/mailgun/tracking/",
        {"signature": signed(), "event-data": event},
        content_type="application/json",
        headers=AUTH,
    )

    delivery.refresh_from_db()
    assert delivery.bounce == "550 no such user"


@pytest.mark.parametrize(
    ("first", "verdict", "reason"),
    [
        ("approve", "approved", ""),
        ("APPROVED.", "approved", ""),
        ("Approve: well earned", "approved", "well earned"),
        ("reject: too much", "rejected", "too much"),
        ("Return: drop the SLA", "returned", "drop the SLA"),
        ("Approve if they prepay", "", ""),
        ("I cannot approve this", "", ""),
        ("", "", ""),
    ],
)
def test_the_first_line_says_it(first, verdict, reason):
    found = read_answer(f"{first}\n\nOn Monday Deal desk wrote:\n> approve")

    assert (found.verdict, found.reason) == (verdict, reason)


def test_what_is_quoted_is_nobodys_answer():
    assert own_words("Fine by me\n\nOn Tue, 1 Jan 2030 the desk wrote:\n> approve") == "Fine by me"


def test_dkim_of_the_very_domain_is_enough_without_dmarc():
    said = ["mx.a; spf=none; dkim=pass header.d=us.example"]

    assert is_vouched_for(said, "mx.a", "vera@us.example")
    assert not is_vouched_for(said, "mx.b", "vera@us.example")
    assert not is_vouched_for(said, "mx.a", "vera@notus.example")
