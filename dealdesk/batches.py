"""What the gates ask of quotes and requests, read for many deals at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from dealdesk.exclusions import root_of
from dealdesk.models import ApprovalRequest, Quote


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
