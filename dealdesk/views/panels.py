"""What the deal desk shows on pages of the pipeline: a deal's quote and route, what waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dealdesk.coverage import cover_of
from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.permissions import check_can_quote
from dealdesk.views.shared import REQUEST, first_lines, why_not
from dealdesk.views.showing import show_request
from pipeline.models import Deal
from revops.people.actor import Actor
from revops.people.models import User

SHOWN_AT_HOME = 5


def deal_panel(deal: Deal, user: User, at: datetime) -> Mapping[str, Any]:
    """Quote, revisions, cover and route of one deal."""
    quotes = list(
        deal.quotes.select_related("payment_terms", "billing").order_by("-revision", "-pk")
    )
    primary = next((quote for quote in quotes if quote.is_primary), None)
    newest = (
        ApprovalRequest.objects.filter(deal=deal)
        .select_related(*REQUEST)
        .order_by("-attempt")
        .first()
    )
    shown = show_request(newest, at) if newest else None
    mine = None
    if shown is not None and newest is not None and newest.is_pending:
        mine = next((s for s in shown.slots if s.is_open and s.person_id == user.pk), None)
    return {
        "quotes": quotes,
        "primary": primary,
        "others": [quote for quote in quotes if quote is not primary],
        "cover": cover_of(deal, at),
        "shown": shown,
        "mine": mine,
        "no_quote": why_not(check_can_quote, deal, by=Actor.of(user)),
        "at": at,
    }


def home_panel(user: User, at: datetime) -> Mapping[str, Any] | None:
    """What waits for this person, the most urgent first; nothing for who never decides."""
    waiting = ApprovalSlot.objects.waiting_on(user)
    rows = first_lines(waiting, SHOWN_AT_HOME + 1)
    if not rows:
        return None
    return {
        "slots": rows[:SHOWN_AT_HOME],
        "count": len(rows) if len(rows) <= SHOWN_AT_HOME else waiting.count(),
        "at": at,
    }
