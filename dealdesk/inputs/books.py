"""The price list and the published discounts of a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dealdesk import pricing
from dealdesk.models import Price, TermDiscount, VolumeTier
from revops.refusals import Refused


@dataclass(frozen=True)
class ListPrice:
    """What the price list says of one product on one day, in one currency."""

    amount: Decimal
    period: str


class PriceBook:
    """The published prices, volume tiers and term discounts of one currency and day."""

    def __init__(self, currency: str, day: date, products: Iterable[int]) -> None:
        wanted = list(products)
        self.currency, self.day = currency, day
        self._prices: dict[int, ListPrice] = {}
        for row in (
            Price.objects.effective_on(day)
            .filter(price_list__currency=currency, product__in=wanted)
            .order_by("valid_from", "pk")
        ):
            self._prices[row.product_id] = ListPrice(row.amount, row.period)
        self._tiers: dict[int, list[pricing.VolumeTier]] = {}
        for tier in (
            VolumeTier.objects.effective_on(day).filter(product__in=wanted).order_by("valid_from")
        ):
            self._tiers.setdefault(tier.product_id, []).append(
                pricing.VolumeTier(Decimal(tier.from_quantity), tier.discount_percent)
            )
        self._general: list[pricing.TermDiscount] = []
        self._own: dict[int, list[pricing.TermDiscount]] = {}
        for discount in TermDiscount.objects.effective_on(day).order_by("valid_from"):
            row_of = pricing.TermDiscount(discount.from_months, discount.discount_percent)
            if discount.product_id is None:
                self._general.append(row_of)
            else:
                self._own.setdefault(discount.product_id, []).append(row_of)

    def price(self, product_id: int, name: str) -> ListPrice:
        """The list price of a product. Raises Refused when the list has none."""
        if product_id not in self._prices:
            raise Refused(
                f"The {self.currency} price list has no price for {name} on {self.day}.",
                code="no_list_price",
            )
        return self._prices[product_id]

    def tier_percent(self, product_id: int, quantity: Decimal) -> Decimal:
        return pricing.earned_tier(self._tiers.get(product_id, ()), quantity)

    def term_percent(self, product_id: int, months: int | None, period: str) -> Decimal:
        """The published term discount; a product's own table stands in for the general one."""
        if period == Price.Period.ONCE:
            return Decimal(0)
        table = self._own.get(product_id, self._general)
        return pricing.published_term_discount(table, months)
