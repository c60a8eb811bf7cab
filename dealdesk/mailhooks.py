"""What a mail service's webhooks bring: answers to mails, and mails that came back.

The webhooks and their signatures are django-anymail's; here its events become ours.
"""

from __future__ import annotations

import hashlib
from typing import Any

from anymail.signals import inbound, tracking
from django.conf import settings
from django.utils import timezone

from dealdesk.answered import ReceivedMail, is_vouched_for
from revops.people.actor import Actor

CAME_BACK = {"bounced", "rejected", "failed"}
MACHINES = ("auto_reply", "bulk", "junk", "list")


def connect() -> None:
    inbound.connect(receive_answer, dispatch_uid="dealdesk.answers")
    tracking.connect(receive_state, dispatch_uid="dealdesk.bounces")


def receive_answer(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    from dealdesk.operations import take_reply

    take_reply(mail=received(event.message), by=Actor.system(), at=timezone.now())


def receive_state(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    """A mail that came back is told by the number we gave it, where the service passes it on."""
    from revops.outbox.operations import note_bounce

    if event.event_type not in CAME_BACK:
        return
    raw = event.esp_event if isinstance(event.esp_event, dict) else {}
    number = raw.get("smtp-id") or event.message_id or ""
    why = event.mta_response or event.description or event.reject_reason or ""
    note_bounce(message_id=str(number), why=str(why), by=Actor.system(), at=timezone.now())


def received(message: Any) -> ReceivedMail:
    """A mail of anymail's as ours."""
    sender = getattr(message.from_email, "addr_spec", "") if message.from_email else ""
    people = [message.envelope_recipient, *(to.addr_spec for to in (*message.to, *message.cc))]
    results = [str(each) for each in message.get_all("Authentication-Results", [])]
    text = message.text or ""
    return ReceivedMail(
        message_id=number_of(message, text),
        sender=sender,
        recipients=tuple(dict.fromkeys(filter(None, people))),
        text=text,
        is_authenticated=is_vouched_for(results, settings.MAIL_AUTHSERV, sender),
        is_automatic=is_automatic(message),
    )


def number_of(message: Any, text: str) -> str:
    """The mail's own number; one that has none goes by what it says."""
    number = str(message.get("Message-ID", "")).strip()
    if number and len(number) <= 250:
        return number
    return hashlib.sha256(f"{number}\n{message.get('Date')}\n{text}".encode()).hexdigest()


def is_automatic(message: Any) -> bool:
    """Whether a machine answered: out of office, a list, a mail that came back."""
    says = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    bounced = str(message.get("Return-Path", "")).strip() == "<>"
    marked = any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
    return says != "no" or precedence in MACHINES or bounced or marked
