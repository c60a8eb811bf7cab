"""What the operations of the deal desk share; everything here assumes the transaction.

Whoever changes quotes or requests of a deal locks the deal first, then the request: decisions,
recalls, submissions, primaries and wins on one deal follow each other.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from dealdesk import pricing
from dealdesk.confirming import main_product
from dealdesk.models import ApprovalRequest, Quote
from dealdesk.policy import Policy, policy_from_json
from dealdesk.terms import Terms, from_canonical
from pipeline.models import Deal
from pipeline.operations.shared import set_amount
from revops.people.actor import Actor


def lock_deal(deal_id: int) -> Deal:
    """Lock the row that stands for the whole: everything about one deal happens one by one."""
    # Without joins: a deal whose owner changed during the wait would not be found at all.
    return Deal.objects.select_for_update(no_key=True).get(pk=deal_id)


def lock_quote(quote_id: int, deal: Deal) -> Quote:
    quote = Quote.objects.select_for_update(of=("self",)).get(pk=quote_id)
    quote.deal = deal
    return quote


def lock_request(request_id: int, deal: Deal) -> ApprovalRequest:
    locked = ApprovalRequest.objects.select_for_update(of=("self",))
    request = locked.select_related("quote", "snapshot", "policy", "submitted_by").get(
        pk=request_id
    )
    request.deal = request.quote.deal = deal
    return request


def pinned_policy(request: ApprovalRequest) -> Policy:
    """The policy a request was submitted under; a later one changes nothing about it."""
    return policy_from_json(request.policy.body)


def judged_terms(request: ApprovalRequest) -> Terms:
    """The terms of a request as they were frozen."""
    return from_canonical(request.snapshot.body)


def write_figures(quote: Quote, price: pricing.PricedQuote) -> None:
    """Write what lists show of a quote; decisions never read it."""
    quote.list_amount = price.list_amount
    quote.standard_amount = price.standard_amount
    quote.net_amount = max(price.net_amount, Decimal(0))
    quote.annual_amount = price.acv_amount
    percent = price.blended.percent
    quote.discount_percent = max(pricing.rounded(percent or pricing.ZERO, 4), Decimal(-99999))


FIGURES = ("list_amount", "standard_amount", "net_amount", "annual_amount", "discount_percent")


def take_amount(deal: Deal, quote: Quote, *, by: Actor, at: datetime) -> None:
    """Give a deal the net, the currency and the main product of its primary quote."""
    product = main_product(quote)
    set_amount(deal, quote.net_amount, quote.currency, product=product, by=by, at=at)
