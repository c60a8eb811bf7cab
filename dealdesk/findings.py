"""What can be wrong with the approval that an open deal stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from dealdesk.models import ApprovalRequest
from pipeline.findings import Context, Kind, Seen
from pipeline.models import Deal
from pipeline.registry import BAD
from revops.remembering import remembered

Status = ApprovalRequest.Status


def ended(context: Context) -> Q:
    return Q(approval_ends_at__lte=context.at)


def approval_expired(context: Context) -> Q:
    return ended(context) & Q(approval_voided=False)


def approval_voided(context: Context) -> Q:
    return ended(context) & Q(approval_voided=True)


def end_of(deal: Deal, context: Context) -> datetime | None:
    """When the last approval ended; None while it has not."""
    ends = deal.approval_ends_at
    return ends if ends is not None and ends <= context.at else None


def read_last(deals: Sequence[Deal], context: Context) -> Mapping[int, ApprovalRequest]:
    """The last request of those deals whose approval ended: asked once for both kinds."""
    pks = tuple(deal.pk for deal in deals if end_of(deal, context))
    if not pks:
        return {}
    rows = ApprovalRequest.objects.filter(deal__in=pks).order_by("attempt")
    found = rows.only("deal_id", "status", "ended_reason")
    return remembered(
        ("last requests", pks, context.at), lambda: {each.deal_id: each for each in found}
    )


def judge_expired(deal: Deal, context: Context, fact: Any) -> Seen | None:
    ends = end_of(deal, context)
    if ends is None or deal.approval_voided:
        return None
    day = context.day(ends)
    if fact is not None and fact.status == Status.EXPIRED:
        return Seen(day, "Nobody decided on the quote in time.")
    return Seen(day, f"The approval was good until {day:%-d %B %Y}.")


def judge_voided(deal: Deal, context: Context, fact: Any) -> Seen | None:
    ends = end_of(deal, context)
    if ends is None or not deal.approval_voided:
        return None
    why = fact.ended_reason if fact is not None else ""
    return Seen(context.day(ends), why or "The approval no longer covers the deal.")


def to_quotes(deal: Deal, context: Context) -> str:
    return f"{deal.get_absolute_url()}#quotes"


KINDS = (
    Kind(
        "approval_expired",
        "Approval expired",
        BAD,
        "The approval was not given or not used in time.",
        approval_expired,
        judge_expired,
        "Submit the quote again",
        to_quotes,
        read=read_last,
        order="close_date",
    ),
    Kind(
        "approval_voided",
        "Approval voided",
        BAD,
        "The approval no longer covers what the deal stands on.",
        approval_voided,
        judge_voided,
        "Submit the quote again",
        to_quotes,
        read=read_last,
        order="close_date",
    ),
)
