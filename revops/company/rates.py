"""Money of other currencies in that of the company, at the rate of a day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from revops.company.models import Company, ExchangeRate
from revops.refusals import Refused


class RateMissing(Refused):
    """No rate for this currency on this day, or only one that is too old."""

    code = "rate_missing"


def rate_on(currency: str, on_day: date, *, company: Company | None = None) -> Decimal:
    """Return how many `currency` one unit of the company currency was worth on `on_day`."""
    company = company or Company.get()
    if currency == company.currency:
        return Decimal(1)
    rate = (
        ExchangeRate.objects.filter(currency=currency, valid_from__lte=on_day)
        .order_by("-valid_from")
        .first()
    )
    if rate is None:
        raise RateMissing(
            f"There is no exchange rate for {currency} on {on_day}. "
            "Ask a RevOps administrator to enter one.",
            currency=currency,
            day=on_day,
        )
    if rate.valid_from < on_day - timedelta(days=company.rate_max_age_days):
        raise RateMissing(
            f"The last exchange rate for {currency} is of {rate.valid_from}, more than "
            f"{company.rate_max_age_days} days before {on_day}. "
            "Ask a RevOps administrator to enter a newer one.",
            currency=currency,
            day=on_day,
            rate_of=rate.valid_from,
        )
    return rate.per_company_unit


def convert(
    amount: Decimal, currency: str, on_day: date, *, company: Company | None = None
) -> Decimal:
    """Return `amount` in the company currency at the rate of `on_day`, unrounded."""
    return amount / rate_on(currency, on_day, company=company)
