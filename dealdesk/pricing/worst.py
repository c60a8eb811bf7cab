"""The line and the contract year with the largest discount."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from dealdesk.pricing.amounts import exact
from dealdesk.pricing.priced import PricedLine, PricedQuote, YearTotal


def worst_line(
    price: PricedQuote,
    *,
    share_percent: Decimal = Decimal(5),
    amount: Decimal = Decimal(1000),
    per_company_unit: Decimal = Decimal(1),
    families: Collection[str] = (),
) -> PricedLine | None:
    """Return the line with the largest discount among those large enough to count.

    A line counts from `share_percent` of standard TCV or from `amount` in company currency.
    With `families` only lines of those product families are looked at.
    """
    by_share = price.blended.standard * exact(share_percent) / 100
    by_amount = exact(amount) * exact(per_company_unit)
    floor = min(by_share, by_amount)
    worst, worst_percent = None, None
    for line in price.lines:
        if families and line.family not in families:
            continue
        percent = line.percent if line.standard >= floor else None
        if percent is not None and (worst_percent is None or percent > worst_percent):
            worst, worst_percent = line, percent
    return worst


def worst_year(price: PricedQuote) -> YearTotal | None:
    """Return the contract year with the largest discount against its own standard."""
    judged = [(percent, year) for year in price.years if (percent := year.percent) is not None]
    return max(judged, key=lambda pair: pair[0])[1] if judged else None
