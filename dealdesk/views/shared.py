"""What the pages of the deal desk share: which record, and how a refusal is answered."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from dealdesk.models import ApprovalRequest, ApprovalSlot, Quote
from pipeline.models import Deal
from pipeline.views.shared import by_and_at, changed_meanwhile, is_swap, version_in
from revops.refusals import Refused

__all__ = [
    "by_and_at",
    "changed_meanwhile",
    "deal_or_404",
    "is_swap",
    "quote_or_404",
    "request_or_404",
    "slot_or_404",
    "version_in",
    "why_not",
]


def deal_or_404(request, pk: int) -> Deal:
    deals = Deal.objects.visible_to(request.user).select_related("account", "owner", "stage")
    return get_object_or_404(deals, pk=pk)


def quote_or_404(request, pk: int) -> Quote:
    quotes = Quote.objects.visible_to(request.user).select_related(
        "deal__account", "deal__owner", "deal__stage", "payment_terms", "billing", "created_by"
    )
    return get_object_or_404(quotes, pk=pk)


REQUEST = ("deal__account", "deal__owner", "quote", "snapshot", "policy", "submitted_by")


def request_or_404(request, pk: int) -> ApprovalRequest:
    requests = ApprovalRequest.objects.visible_to(request.user).select_related(*REQUEST)
    return get_object_or_404(requests, pk=pk)


def slot_or_404(request, pk: int) -> ApprovalSlot:
    """A slot of a request that this person may see, theirs or not.

    Who is asked sees the deal; of others that is asked apart, since planning both at once takes
    longer than answering them.
    """
    slot = get_object_or_404(with_request(ApprovalSlot.objects), pk=pk)
    if slot.person_id != request.user.pk:
        deals = Deal.objects.visible_to(request.user)
        get_object_or_404(deals.only("pk"), pk=slot.step.request.deal_id)
    return slot


def with_request(slots):
    # Hardly any slot is answered for somebody absent: a join for them all is not worth planning.
    read = slots.select_related("person", *(f"step__request__{name}" for name in REQUEST))
    return read.prefetch_related("absence__person", "absence__delegate")


OF_REQUEST = (
    *("why", "needed_by", "submitted_at", "submitted_by__name", "submitted_by__email"),
    *("deal__name", "deal__account__name"),
    *("quote__net_amount", "quote__currency", "quote__discount_percent"),
    *("route_key", "route", "snapshot__digest", "snapshot__body", "policy__body"),
)
OF_SLOT = ("state", "role", "person", "requested_at", "due_at", "paused_at")
LINE = (*OF_SLOT, *(f"step__request__{name}" for name in OF_REQUEST))
"""What one line of a list says of a slot, and by what it is told that it is read by itself."""


def first_lines(slots, number: int) -> list[ApprovalSlot]:
    """The first of the slots with what a line says; the others are put in order by number alone."""
    pks = list(slots.values_list("pk", flat=True)[:number])
    names = ("deal__account", "quote", "snapshot", "policy", "submitted_by")
    read = ApprovalSlot.objects.select_related(*(f"step__request__{name}" for name in names))
    found = read.only(*LINE).in_bulk(pks)
    return [found[pk] for pk in pks]


def why_not(check, *args, **kwargs) -> str:
    """Why this cannot be done now, in the sentence of the operation; empty when it can."""
    try:
        check(*args, **kwargs)
    except Refused as refused:
        return refused.message
    return ""


def private(response: HttpResponse) -> HttpResponse:
    """Keep a page that a token opened out of caches, search engines and the next site's log."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
