"""What becomes of a counter-offer, and who is told. All of it assumes the transaction."""

from __future__ import annotations

from datetime import datetime

from dealdesk.models import ApprovalRequest, CounterOffer
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor


def answer(
    counter: CounterOffer, how: CounterOffer.Answer, *, note: str = "", by: Actor, at: datetime
) -> None:
    """Write down what became of an offer."""
    counter.answer, counter.answered_at, counter.answered_by = how, at, by.user
    counter.answer_note = note.strip()
    counter.save(update_fields=["answer", "answered_at", "answered_by", "answer_note"])
    request = counter.decision.slot.step.request
    record(
        f"approval.counter_{how.value}",
        request,
        by=by,
        at=at,
        after={"counter": counter.pk, "digest": counter.digest},
        why=counter.answer_note,
        related=[request.deal, request.quote],
    )


def tell_offer(
    counter: CounterOffer,
    request: ApprovalRequest,
    rows: list[list[str]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Tell submitter and owner what they are offered."""
    people = [p for p in (request.submitted_by, request.deal.owner) if p is not None]
    for person in dict.fromkeys(people):
        notify(
            person,
            "approval.countered",
            about=request,
            dedupe_key=f"counter:{counter.pk}",
            at=at,
            context={
                "deal": request.deal.name,
                "quote": f"r{request.quote.revision}",
                "who": by.name,
                "why": counter.decision.reason,
                "changes": rows,
            },
            link=f"request:{request.pk}",
        )


def tell_answer(
    counter: CounterOffer, request: ApprovalRequest, *, by: Actor, at: datetime
) -> None:
    """Tell who made an offer what became of it."""
    notify(
        counter.decision.decided_by,
        "approval.counter_answered",
        about=request,
        dedupe_key=f"counter:{counter.pk}",
        at=at,
        context={
            "deal": request.deal.name,
            "who": by.name,
            "answer": counter.get_answer_display().lower(),
            "note": counter.answer_note,
        },
        link=f"request:{request.pk}",
    )
