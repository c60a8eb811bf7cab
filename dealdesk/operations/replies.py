"""Taking a mail that answers an approval: a decision of who was asked, or a comment."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealdesk import links
from dealdesk.answered import Answer, ReceivedMail, plainly, read_answer
from dealdesk.models import ApprovalLink, ApprovalSlot, MailReply, RequestMessage
from dealdesk.operations.conversation import participants, tell, write
from dealdesk.operations.decisions import decide_slot, locked_slot
from dealdesk.operations.shared import lock_deal, lock_request
from revops.outbox.operations import notify
from revops.people.actor import Actor, Via
from revops.refusals import Refused

Outcome = MailReply.Outcome


@transaction.atomic(durable=True)
def take_reply(*, mail: ReceivedMail, by: Actor, at: datetime) -> MailReply:
    """Decide what the first line of a mail says, or keep it as a comment; each mail once.

    It decides when the service vouches for the sender, the sender is the person of the slot whose
    unguessable address was answered, that address is still alive, and everything holds that its
    page would ask: the terms among it. Otherwise its words become a comment that says whose mail
    it was, and its person is told so. What a machine answered is left alone.
    """
    mail = plainly(mail)
    known = MailReply.objects.filter(message_id=mail.message_id).first()
    if known is not None:
        return known
    link = links.link_of_reply(mail.recipients)
    if link is None:
        return keep(mail, None, Outcome.REFUSED, "Nobody is asked at this address.", at=at)
    deal = lock_deal(link.slot.step.request.deal_id)
    request = lock_request(link.slot.step.request_id, deal)
    slot = locked_slot(link.slot_id, request)
    if mail.is_automatic:
        return keep(mail, slot, Outcome.IGNORED, "A machine wrote it.", at=at)
    link.slot = slot
    kind = links.kind_of(link, at)
    if kind is not links.LinkKind.LIVE:
        return keep(mail, slot, Outcome.REFUSED, links.SENTENCES[kind], at=at)
    answer = read_answer(mail.text)
    why = decide_by(mail, answer, link, at=at)
    if not why:
        return keep(mail, slot, Outcome.DECIDED, at=at)
    return comment(mail, answer, slot, why, at=at)


def decide_by(mail: ReceivedMail, answer: Answer, link: ApprovalLink, *, at: datetime) -> str:
    """Decide as the answer says; return why it is no decision, or "" when it is one."""
    slot = link.slot
    if not is_of(mail, slot):
        return "The sender of the mail is not confirmed."
    if not answer.verdict:
        return 'Its first line is neither "approve" nor "reject: reason".'
    try:
        # A refusal must leave the transaction usable for the comment.
        with transaction.atomic():
            decide_slot(
                slot,
                verdict=answer.verdict,
                reason=answer.reason,
                digest=slot.step.request.snapshot.digest,
                link=link,
                by=Actor(slot.person, Via.MAIL),
                at=at,
            )
    except Refused as refused:
        return refused.message
    return ""


def is_of(mail: ReceivedMail, slot: ApprovalSlot) -> bool:
    return mail.is_authenticated and mail.sender.lower() == slot.person.email.lower()


def comment(
    mail: ReceivedMail, answer: Answer, slot: ApprovalSlot, why: str, *, at: datetime
) -> MailReply:
    """Keep the words as a comment, and tell the person asked that nothing was decided."""
    if not answer.words:
        return keep(mail, slot, Outcome.IGNORED, "It says nothing.", at=at)
    by = Actor(slot.person, Via.MAIL)
    body = answer.words
    if not is_of(mail, slot):
        body = f"[By mail from {mail.sender}, not confirmed to be {slot.person.name}]\n{body}"
    request = slot.step.request
    message = write(request, RequestMessage.Kind.COMMENT, body, by=by, at=at)
    tell(participants(request), message, by=by, at=at)
    notify(
        slot.person,
        "approval.reply_kept",
        about=slot,
        dedupe_key=f"message:{message.pk}",
        at=at,
        context={"deal": request.deal.name, "why": why},
        link=f"request:{request.pk}",
    )
    return keep(mail, slot, Outcome.COMMENTED, why, at=at)


def keep(
    mail: ReceivedMail,
    slot: ApprovalSlot | None,
    outcome: MailReply.Outcome,
    why: str = "",
    *,
    at: datetime,
) -> MailReply:
    return MailReply.objects.create(
        message_id=mail.message_id,
        slot=slot,
        is_authenticated=slot is not None and is_of(mail, slot),
        outcome=outcome,
        why=why[:300],
        received_at=at,
    )
