"""What was said about a request, as its pages show it."""

from __future__ import annotations

from typing import Any

from dealdesk.models import ApprovalRequest, RequestMessage
from dealdesk.permissions import check_can_answer, check_can_comment
from dealdesk.views.shared import why_not
from revops.people.actor import Actor


def conversation_of(asked: ApprovalRequest, by: Actor, slot: Any = None) -> dict[str, Any]:
    """What was said, and what this person may say."""
    found = said_about(asked)
    open_ones = [message for message in found if message.is_open_question]
    mine = slot is not None and slot.is_open and asked.is_pending
    waits = any(message.slot_id == slot.pk for message in open_ones) if mine else False
    return {
        "messages": found,
        "may_comment": not why_not(check_can_comment, asked, by=by),
        "may_ask": bool(mine and not waits and slot.person_id == getattr(by.user, "pk", None)),
        "may_answer": bool(open_ones) and not why_not(check_can_answer, asked, by=by),
        "answers_to": open_ones,
        "slot": slot,
    }


def said_about(asked: ApprovalRequest) -> list[RequestMessage]:
    return list(asked.messages.select_related("written_by", "answer").order_by("pk"))
