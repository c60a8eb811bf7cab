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
    """A slot of a request that this person may see, theirs or not."""
    visible = ApprovalRequest.objects.visible_to(request.user)
    slots = ApprovalSlot.objects.filter(step__request__in=visible)
    return get_object_or_404(with_request(slots), pk=pk)


def with_request(slots):
    people = ("person", "absence__person", "absence__delegate")
    return slots.select_related(*people, *(f"step__request__{name}" for name in REQUEST))


def first_with_request(slots, number: int) -> list[ApprovalSlot]:
    """The first of the slots with their requests; the others are put in order by number alone."""
    pks = list(slots.values_list("pk", flat=True)[:number])
    found = with_request(ApprovalSlot.objects).in_bulk(pks)
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
