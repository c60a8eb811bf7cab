"""Telling people: written with the change that caused it, delivered after it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from email.utils import parseaddr
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, models, transaction
from django.db.models import F

from revops.canonical import jsonable
from revops.company.permissions import check_can_administer
from revops.models import subject_of
from revops.outbox.bodies import render
from revops.outbox.links import PLACEHOLDER, derive_link, derive_reply
from revops.outbox.models import Delivery, Notification
from revops.people.actor import Actor

if TYPE_CHECKING:
    from revops.people.models import User

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
# Longer than a mail server may take to answer (EMAIL_TIMEOUT).
CLAIM = timedelta(minutes=5)


_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what is told in here on record without mailing it: an import alerts nobody."""
    before = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(before)


def notify(
    person: User,
    event: str,
    *,
    about: models.Model,
    dedupe_key: str,
    at: datetime,
    context: Mapping[str, Any] | None = None,
    link: str = "",
) -> Notification | None:
    """Tell `person` of `event`, within the caller's transaction; None when told already.

    The same event with the same key reaches a person once. Who is not admitted, or has left,
    has it on record but is not mailed; nor is anybody of what is written `quietly`.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "A notification is written in the transaction of the change it tells of."
        )
    kind, number = subject_of(about)
    notification, is_new = Notification.objects.get_or_create(
        person=person,
        event=event,
        dedupe_key=dedupe_key,
        defaults={
            "about_type": kind,
            "about_id": number,
            "context": jsonable(context or {}),
            "link": link,
            "created_at": at,
        },
    )
    if not is_new:
        return None
    if person.can_be_mailed and not _quiet.get():
        delivery = Delivery.objects.create(
            notification=notification,
            channel=Delivery.Channel.MAIL,
            message_id=f"<{token_hex(16)}@{mail_domain()}>",
            next_try_at=at,
        )
        nudge(delivery)
    return notification


def mail_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"


def nudge(delivery: Delivery) -> None:
    """Ask for delivery as soon as the change is committed; the sweep would come later anyway."""
    from revops.outbox.tasks import deliver

    transaction.on_commit(lambda: deliver.delay(delivery.pk), robust=True)


def claim_delivery(*, delivery_id: int, at: datetime) -> Delivery | None:
    """Take a due delivery for one try; None when it is not due or somebody else has it.

    One conditional UPDATE decides, so two workers never hold the same delivery. A claim ends by
    itself, so that a worker that died does not keep it.
    """
    claim = uuid.uuid4().hex
    taken = (
        Delivery.objects.due(at)
        .filter(pk=delivery_id)
        .update(
            state=Delivery.State.SENDING,
            claim=claim,
            claimed_until=at + CLAIM,
            next_try_at=None,
            attempts=F("attempts") + 1,
        )
    )
    if not taken:
        return None
    return Delivery.objects.select_related("notification__person").get(pk=delivery_id, claim=claim)


def try_delivery(*, delivery_id: int, at: datetime) -> Delivery | None:
    """Send one mail, if it is due and nobody else is sending it; returns it when tried.

    The mail server is spoken to outside any transaction. Between its acceptance and our commit
    lies the one window in which a death of this process leads to a second mail; both carry the
    same Message-ID.
    """
    delivery = claim_delivery(delivery_id=delivery_id, at=at)
    if delivery is None:
        return None
    if delivery.attempts > MOST_ATTEMPTS:
        error = delivery.last_error or "Each try ended without an answer."
        return settle(delivery, state=Delivery.State.GIVEN_UP, last_error=error)
    if not delivery.notification.person.can_be_mailed:
        return settle(
            delivery,
            state=Delivery.State.DROPPED,
            last_error="This person is not admitted or has left.",
        )
    try:
        prepare(delivery)
        send(delivery)
    except Exception as error:
        logger.warning("Delivery %s failed: %s", delivery.pk, error)
        return put_off(delivery, error=error, at=at)
    return settle(delivery, state=Delivery.State.SENT, sent_at=at, last_error="")


def prepare(delivery: Delivery) -> None:
    """Write the mail on its first try; every later try sends the same words."""
    if delivery.subject:
        return
    body = render(delivery.notification)
    delivery.subject, delivery.text_body, delivery.html_body = body.subject, body.text, body.html
    delivery.address = delivery.notification.person.email
    delivery.save(update_fields=["subject", "text_body", "html_body", "address"])


def send(delivery: Delivery) -> None:
    """Hand the mail to the server, with the personal link in it."""
    address = derive_link(delivery.notification)
    reply = derive_reply(delivery.notification)
    message = EmailMultiAlternatives(
        subject=delivery.subject,
        body=delivery.text_body.replace(PLACEHOLDER, address),
        to=[delivery.address],
        reply_to=[reply] if reply else None,
        headers={
            "Message-ID": delivery.message_id,
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(delivery.html_body.replace(PLACEHOLDER, address), "text/html")
    message.send()


def put_off(delivery: Delivery, *, error: Exception, at: datetime) -> Delivery:
    """Try again later, each time after twice as long, or give up."""
    reason = f"{type(error).__name__}: {error}"[:2000]
    if delivery.attempts >= MOST_ATTEMPTS:
        logger.error("Delivery %s is given up: %s", delivery.pk, reason)
        return settle(delivery, state=Delivery.State.GIVEN_UP, last_error=reason)
    pause = min(FIRST_PAUSE * 2 ** (delivery.attempts - 1), LONGEST_PAUSE)
    return settle(delivery, state=Delivery.State.WAITING, next_try_at=at + pause, last_error=reason)


def settle(delivery: Delivery, **outcome: Any) -> Delivery:
    """Write how a try ended, unless the claim was lost in the meantime."""
    Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim).update(
        claim="", claimed_until=None, **outcome
    )
    delivery.refresh_from_db()
    return delivery


@transaction.atomic(durable=True)
def note_bounce(*, message_id: str, why: str, by: Actor, at: datetime) -> Delivery | None:
    """Keep that a mail came back or was not taken; None for a mail that is not ours.

    The first report counts; `why` is in the words of the mail service.
    """
    wanted = f"<{message_id.strip().strip('<>')}>"
    delivery = Delivery.objects.select_for_update().filter(message_id=wanted).first()
    if delivery is None or delivery.bounced_at:
        return delivery
    delivery.bounced_at = at
    delivery.bounce = " ".join(why.split())[:300] or "no reason was given"
    delivery.save(update_fields=["bounced_at", "bounce"])
    return delivery


@transaction.atomic(durable=True)
def retry_delivery(*, delivery: Delivery, by: Actor, at: datetime) -> Delivery:
    """Let a delivery that was given up be tried anew, as an administrator asks."""
    check_can_administer(by)
    revived = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.GIVEN_UP).update(
        state=Delivery.State.WAITING, next_try_at=at, attempts=0
    )
    if revived:
        nudge(delivery)
    delivery.refresh_from_db()
    return delivery


@transaction.atomic(durable=True)
def mark_read(*, notification: Notification, by: Actor, at: datetime) -> None:
    """Note that its person, and nobody else, has seen a notification."""
    own = Notification.objects.filter(pk=notification.pk, person=by.user)
    own.filter(read_at=None).update(read_at=at)


@transaction.atomic(durable=True)
def mark_all_read(*, by: Actor, at: datetime) -> int:
    """Note that a person has seen all that they were told up to now."""
    own = Notification.objects.of(by.user)
    return own.unread().filter(created_at__lte=at).update(read_at=at)
