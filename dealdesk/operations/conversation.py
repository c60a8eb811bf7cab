"""Talking about a request: comments, questions that stop a clock, and their answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from dealdesk.models import ApprovalRequest, ApprovalSlot, RequestMessage
from dealdesk.operations.decisions import locked_slot
from dealdesk.operations.marks import move_marks
from dealdesk.operations.shared import lock_deal, lock_request
from dealdesk.permissions import check_can_answer, check_can_ask, check_can_comment
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, Refused
from revops.worktime.arithmetic import add_business_time, business_time_between
from revops.worktime.calendars import calendar_of

Kind = RequestMessage.Kind
NOTHING = timedelta(0)


@transaction.atomic(durable=True)
def comment_on_request(
    *, request: ApprovalRequest, body: str, by: Actor, at: datetime
) -> RequestMessage:
    """Say something to everybody who takes part; no clock and no state changes."""
    deal = lock_deal(request.deal_id)
    request = lock_request(request.pk, deal)
    check_can_comment(request, by=by)
    message = write(request, Kind.COMMENT, body, by=by, at=at)
    tell(participants(request), message, by=by, at=at)
    return message


@transaction.atomic(durable=True)
def ask_submitter(*, slot: ApprovalSlot, body: str, by: Actor, at: datetime) -> RequestMessage:
    """Ask the rep something before deciding. The asker's own clock stops until it is answered.

    Everybody else's clock runs on, and the asker may still decide at any moment.
    """
    deal = lock_deal(slot.step.request.deal_id)
    request = lock_request(slot.step.request_id, deal)
    slot = locked_slot(slot.pk, request)
    check_can_ask(slot, by=by)
    if open_question(slot):
        raise Conflict("Your last question is not answered yet.", code="already_asked")
    message = write(request, Kind.QUESTION, body, slot=slot, by=by, at=at)
    stop_clock(slot, at=at)
    tell(sellers(request), message, by=by, at=at)
    return message


@transaction.atomic(durable=True)
def answer_question(
    *, question: RequestMessage, body: str, by: Actor, at: datetime
) -> RequestMessage:
    """Answer what an approver asked; their clock goes on with the time it had left."""
    deal = lock_deal(question.request.deal_id)
    request = lock_request(question.request_id, deal)
    question = RequestMessage.objects.get(pk=question.pk)
    check_can_answer(request, by=by)
    if not question.is_open_question:
        raise Conflict("This is answered already.", code="already_answered")
    message = write(request, Kind.ANSWER, body, question=question, by=by, at=at)
    assert question.slot_id is not None  # a question has one: the database keeps it so
    slot = locked_slot(question.slot_id, request)
    start_clock(slot, at=at)
    tell([slot.person], message, by=by, at=at)
    return message


def write(
    request: ApprovalRequest,
    kind: RequestMessage.Kind,
    body: str,
    *,
    slot: ApprovalSlot | None = None,
    question: RequestMessage | None = None,
    by: Actor,
    at: datetime,
) -> RequestMessage:
    """Keep the message and enter in the ledger that there is one; its words stay in its row."""
    if not body.strip():
        raise Refused("Write something first.", code="empty")
    assert by.user is not None  # whoever may speak has been asked for
    message = RequestMessage.objects.create(
        request=request,
        kind=kind,
        body=body.strip(),
        slot=slot,
        question=question,
        written_at=at,
        written_by=by.user,
        via=by.via,
    )
    after = {"message": message.pk, "slot": slot.pk if slot else None}
    related = [request.deal, request.quote]
    record(f"approval.{VERBS[kind]}", request, by=by, at=at, after=after, related=related)
    return message


VERBS = {Kind.COMMENT: "commented", Kind.QUESTION: "asked_back", Kind.ANSWER: "answered"}


def open_question(slot: ApprovalSlot) -> bool:
    return slot.questions.filter(answer=None).exists()


def stop_clock(slot: ApprovalSlot, *, at: datetime) -> None:
    assert slot.due_at is not None  # an open slot has one: the database keeps it so
    left = business_time_between(calendar_of(slot.person), at, slot.due_at)
    slot.paused_at, slot.time_left = at, max(left, NOTHING)
    slot.save(update_fields=["paused_at", "time_left"])


def start_clock(slot: ApprovalSlot, *, at: datetime) -> None:
    """Let a stopped clock go on; one whose slot was closed meanwhile is left as it is."""
    if slot.time_left is None or not slot.is_open:
        return
    slot.due_at = add_business_time(calendar_of(slot.person), at, slot.time_left)
    move_marks(slot, left=slot.time_left, at=at)
    slot.paused_at = slot.time_left = None
    slot.save(update_fields=["due_at", "paused_at", "time_left"])


# Telling people


def sellers(request: ApprovalRequest) -> list[User]:
    """Who asked, and whose deal it is."""
    return [person for person in (request.submitted_by, request.deal.owner) if person is not None]


def participants(request: ApprovalRequest) -> list[User]:
    """Everybody who takes part: who asked, who is or was asked, who spoke."""
    slots = ApprovalSlot.objects.filter(step__request=request).select_related("person")
    spoke = request.messages.select_related("written_by")
    return [
        *sellers(request),
        *(slot.person for slot in slots),
        *(message.written_by for message in spoke),
    ]


def tell(people: Iterable[User], message: RequestMessage, *, by: Actor, at: datetime) -> None:
    for person in dict.fromkeys(people):
        if by.user is not None and person.pk == by.user.pk:
            continue
        notify(
            person,
            f"approval.{message.kind}",
            about=message.request,
            dedupe_key=f"message:{message.pk}",
            at=at,
            context={
                "deal": message.request.deal.name,
                "who": by.name,
                "body": message.body,
                "asked": message.question.body if message.question else "",
            },
            link=f"request:{message.request_id}",
        )
