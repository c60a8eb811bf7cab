"""Sums in several currencies, and what they are together in the company's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from revops.company.models import Company, ExchangeRate

NOTHING = Decimal(0)
CENT = Decimal("0.01")
Sums = Mapping[str, Decimal]


def added(parts: Iterable[Sums]) -> dict[str, Decimal]:
    """Several sums as one, by currency."""
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        for currency, amount in part.items():
            total[currency] += amount
    return dict(total)


def exact(value: object) -> Decimal:
    """A sum as the database gives it; SQLite adds decimals as floats."""
    found = value if isinstance(value, Decimal) else Decimal(str(value or 0))
    return found.quantize(CENT)


def rounded(value: Fraction) -> Decimal:
    """To the cent, half away from nought."""
    number, of = value.as_integer_ratio()
    cents = (200 * abs(number) + of) // (2 * of)
    return Decimal(-cents if number < 0 else cents).scaleb(-2)


@dataclass(frozen=True)
class Conversion:
    """The rates of one day, by currency: how many of it one unit of the company's is worth."""

    # A template shows it; calling it is ours.
    do_not_call_in_templates: ClassVar[bool] = True

    currency: str
    day: date
    rates: Mapping[str, Decimal]

    def __call__(self, sums: Sums) -> Decimal:
        """The sums together, to the cent; what has no rate is left out and named by `missing`."""
        return rounded(self.unrounded(sums))

    def unrounded(self, sums: Sums) -> Fraction:
        # One fraction in the end: a page converts thousands of sums.
        number, of = 0, 1
        for currency, amount in sums.items():
            if rate := self.rates.get(currency):
                over, under = amount.as_integer_ratio()
                times, by = rate.as_integer_ratio()
                number = number * under * times + over * by * of
                of *= under * times
        return Fraction(number, of)

    def missing(self, *parts: Sums) -> list[str]:
        """The currencies of these sums that could not be converted."""
        return sorted(
            {
                currency
                for sums in parts
                for currency, amount in sums.items()
                if amount and currency not in self.rates
            }
        )


def conversion_of(day: date) -> Conversion:
    """Read the rates that hold on `day`, in one query; one that is too old is none."""
    company = Company.get()
    oldest = day - timedelta(days=company.rate_max_age_days)
    rows = ExchangeRate.objects.filter(valid_from__lte=day, valid_from__gte=oldest)
    rates = dict(rows.order_by("valid_from").values_list("currency", "per_company_unit"))
    return Conversion(company.currency, day, {**rates, company.currency: Decimal(1)})
