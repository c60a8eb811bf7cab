"""What the mail of a working morning says of approvals that wait for somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Min
from django.urls import reverse

from dealdesk.mails import due_words
from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.wording import percent_text
from revops.frame.formats import money_text, rounded
from revops.people.models import User

MOST_LISTED = 25


def waiting_since() -> Mapping[int, datetime]:
    """For whom approvals wait whose clock runs, and since when the oldest does."""
    waiting = ApprovalSlot.objects.open().filter(
        step__request__status=ApprovalRequest.Status.PENDING, paused_at=None
    )
    found = waiting.order_by().values_list("person").annotate(since=Min("requested_at"))
    return {person: since for person, since in found if since is not None}


def waiting_facts(person: User, at: datetime) -> dict[str, Any]:
    """The approvals that wait for one person, in the order of their inbox."""
    waiting = ApprovalSlot.objects.waiting_on(person).filter(paused_at=None)
    count = waiting.count()
    if not count:
        return {}
    joined = ("step__request__deal", "step__request__quote", "absence__person", "person")
    entries = [entry_of(slot, at) for slot in waiting.select_related(*joined)[:MOST_LISTED]]
    return {
        "count": count,
        "late": waiting.late(at).count(),
        "words": f"{count} approval{'s wait' if count != 1 else ' waits'}",
        "entries": entries,
        "more": count - len(entries),
        "path": reverse("dealdesk:approval-inbox"),
    }


def entry_of(slot: ApprovalSlot, at: datetime) -> dict[str, Any]:
    asked = slot.step.request
    quote = asked.quote
    ask = money_text(rounded(quote.net_amount, quote.currency), quote.currency)
    if quote.discount_percent > 0:
        ask += f", {percent_text(quote.discount_percent)} off"
    if slot.absence is not None:
        ask += f", for {slot.principal.name}"
    late = slot.is_late(at)
    return {
        "deal": asked.deal.name,
        "ask": ask,
        "due": f"{'Overdue since' if late else 'Due'} {due_words(slot)}",
        "late": late,
        "path": reverse("dealdesk:approval-detail", args=[slot.pk]),
    }
