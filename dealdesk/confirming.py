"""What the deal desk knows that can confirm an exit criterion, and what a deal mainly sells."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from dealdesk.coverage import primary_of
from dealdesk.inputs import quote_input, rows_of
from dealdesk.models import ApprovalRequest, Quote
from dealdesk.pricing import price_quote
from pipeline.criteria import Derived, register_derived, since
from pipeline.models import Deal, StageVisit
from pipeline.ownfacts import on
from pipeline.registry import DealFacts


def quote_submitted(deal: Deal, visit: StageVisit | None, facts: DealFacts) -> Derived | None:
    """A quote was submitted for approval since the stage was entered."""
    asked = ApprovalRequest.objects.filter(deal=deal, submitted_at__gte=since(deal, visit))
    first = asked.select_related("quote").order_by("submitted_at", "pk").first()
    if first is None:
        return None
    sentence = f"Quote r{first.quote.revision} was submitted on {on(first.submitted_at)}."
    return Derived(first.submitted_at, sentence)


def quote_approved(deal: Deal, visit: StageVisit | None, facts: DealFacts) -> Derived | None:
    """The primary quote stands approved, however long since."""
    quote = primary_of(deal)
    good = (ApprovalRequest.Status.APPROVED, ApprovalRequest.Status.CONSUMED)
    found = ApprovalRequest.objects.filter(quote=quote, status__in=good) if quote else None
    last = found.order_by("-decided_at", "-pk").first() if found is not None else None
    if last is None or last.decided_at is None or quote is None:
        return None
    sentence = f"Quote r{quote.revision} was approved on {on(last.decided_at)}."
    return Derived(last.decided_at, sentence)


def register() -> None:
    register_derived(
        "quote_submitted",
        "A quote submitted after entering the stage",
        quote_submitted,
        "Submit a quote.",
    )
    register_derived(
        "quote_approved",
        "The primary quote is approved",
        quote_approved,
        "Have the primary quote approved.",
    )


def main_product(quote: Quote) -> str:
    """The product with the largest share of a quote's net; the first line's among equals."""
    nets: defaultdict[str, Fraction] = defaultdict(Fraction)
    for line in price_quote(quote_input(rows_of(quote))).lines:
        nets[line.name] += line.net
    return max(nets, key=lambda name: nets[name], default="")


def product_lock(deal: Deal) -> str:
    """Why the main product of a deal is not typed; empty when it may be."""
    quote = primary_of(deal)
    if quote is None or not quote.lines.exists():
        return ""
    return f"It is the largest product of quote r{quote.revision}. Change the quote."
