"""What the gates ask of quotes and requests, read for many deals at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dealdesk.exclusions import root_of
from dealdesk.models import ApprovalRequest, Quote

Status = ApprovalRequest.Status


def quotes_of_many(deals: Sequence[int], at: datetime) -> Mapping[int, Quote]:
    """The primary quote of each of these deals that has one."""
    quotes = Quote.objects.filter(deal__in=deals, is_primary=True)
    return {quote.deal_id: quote for quote in quotes}


def chains_of_many(deals: Sequence[int], at: datetime) -> Mapping[int, bool]:
    """Whether the primary quote of each of these deals was submitted, itself or a revision."""
    rows = Quote.objects.filter(deal__in=deals).values_list("pk", "deal", "based_on", "is_primary")
    quotes = list(rows)
    parents = {pk: based_on for pk, _, based_on, _ in quotes}
    requests = ApprovalRequest.objects.filter(deal__in=deals)
    standing = requests.exclude(status=ApprovalRequest.Status.RECALLED)
    submitted = {root_of(pk, parents) for pk in set(standing.values_list("quote", flat=True))}
    return {
        deal: root_of(pk, parents) in submitted for pk, deal, _, is_primary in quotes if is_primary
    }


ENDED_IN_TIME = (Status.EXPIRED, Status.LAPSED)
VOIDED = (Status.INVALIDATED, Status.REVOKED, Status.SUPERSEDED)


def approvals_of_many(deals: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """From when no approval covers each of these deals, and whether the last one was voided.

    A request that waits, or was answered with no, is no approval that ended.
    """
    rows = ApprovalRequest.objects.filter(deal__in=deals).order_by("deal", "attempt")
    last: dict[int, tuple[str, datetime | None]] = {}
    good_until: dict[int, datetime] = {}
    for deal, status, until, decided in rows.values_list(
        "deal", "status", "valid_until", "decided_at"
    ):
        last[deal] = (status, until if status == Status.LAPSED else decided)
        if status == Status.APPROVED and until:
            good_until[deal] = max(until, good_until.get(deal, until))
    return {
        deal: {
            "approval_ends_at": max(filter(None, (good_until.get(deal), decided)), default=None)
            if status != Status.APPROVED
            else good_until.get(deal),
            "approval_voided": status in VOIDED,
        }
        for deal, (status, decided) in last.items()
        if status in (Status.APPROVED, *ENDED_IN_TIME, *VOIDED)
    }
