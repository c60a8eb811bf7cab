"""What the selects of one sheet offer, read once for a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dealdesk.models import (
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    Price,
    PriceList,
    Product,
    Quote,
)
from dealdesk.wordings import with_ladder


@dataclass(frozen=True)
class Choices:
    """Everything the selects of one sheet offer."""

    products: list[Product]
    payment_terms: list[PaymentTerms]
    billing: list[BillingFrequency]
    terms: list[NonStandardTerm]
    currencies: list[str]

    @cached_property
    def product_options(self) -> list[tuple[Any, Any]]:
        families: dict[str, list[tuple[Any, Any]]] = {}
        for product in self.products:
            families.setdefault(product.family, []).append((product.pk, product.name))
        if len(families) < 2:
            return [("", "Choose a product"), *(o for rows in families.values() for o in rows)]
        groups = [(name or "Others", rows) for name, rows in families.items()]
        return [("", "Choose a product"), *groups]

    @cached_property
    def term_options(self) -> list[tuple[Any, Any]]:
        groups: dict[str, list[tuple[Any, Any]]] = {}
        for term in self.terms:
            groups.setdefault(term.get_category_display(), []).append((term.pk, term.name))
        return [("", "Choose a term"), *groups.items()]


def choices_for(quote: Quote) -> Choices:
    """What may be chosen on this quote; rows already on it stay, retired or not."""
    priced = Price.objects.effective_on(quote.priced_on).filter(price_list__currency=quote.currency)
    kept = set(quote.lines.values_list("product", flat=True)) if quote.pk else set()
    offered = set(priced.values_list("product", flat=True))
    products = Product.objects.filter(pk__in=offered | kept).order_by("family", "name", "pk")
    terms = with_ladder(NonStandardTerm.objects.order_by("category", "position", "name"))
    asked = set(quote.terms.values_list("term", flat=True)) if quote.pk else set()
    return Choices(
        products=[p for p in products if p.retired_at is None or p.pk in kept],
        payment_terms=standing(PaymentTerms.objects.order_by("net_days"), quote.payment_terms_id),
        billing=standing(BillingFrequency.objects.order_by("pk"), quote.billing_id),
        terms=[t for t in terms if t.retired_at is None or t.pk in asked],
        currencies=sorted({*PriceList.objects.values_list("currency", flat=True), quote.currency}),
    )


def standing(rows: Iterable[Any], kept: int | None) -> list[Any]:
    return [row for row in rows if row.retired_at is None or row.pk == kept]


def picked(rows: Iterable[Any], pk: str) -> Any:
    return next((row for row in rows if str(row.pk) == str(pk)), None)
