"""A quote as it was priced: its lines, their contract years, its totals, its problems."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dealdesk.pricing.amounts import NOUGHT, Basis, discount_percent, rounded
from dealdesk.pricing.inputs import Ask, Concession, DiscountKind, Period


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason why a quote cannot be judged or submitted, by name, with a sentence for the rep.

    `about` is the key of the line, or the role, that it is about.
    """

    code: str
    sentence: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class PricedYear:
    """One contract year of one line. `months` is 0 for a one-off."""

    year: int
    months: int
    quantity: Decimal
    free_quantity: Decimal
    earned_percent: Decimal
    ask: Ask
    listed: Fraction
    standard: Fraction
    net: Fraction
    list_amount: Decimal
    standard_amount: Decimal
    net_amount: Decimal

    @property
    def claimed_percent(self) -> Decimal | None:
        """The volume tier claimed, when one is."""
        return self.ask.value if self.ask.kind is DiscountKind.VOLUME else None

    @property
    def percent(self) -> Fraction | None:
        return discount_percent(self.standard, self.net)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line, priced for each contract year, with its totals over the term."""

    key: str
    product: str
    name: str
    family: str
    period: Period
    list_price: Decimal
    term_percent: Decimal
    included: bool
    years: tuple[PricedYear, ...]
    listed: Fraction
    standard: Fraction
    net: Fraction
    list_amount: Decimal
    standard_amount: Decimal
    net_amount: Decimal

    @property
    def basis(self) -> Basis:
        return Basis(self.standard, self.net)

    @property
    def percent(self) -> Fraction | None:
        return discount_percent(self.standard, self.net)

    @property
    def quantity(self) -> Decimal:
        """The largest quantity of any contract year."""
        return max((year.quantity for year in self.years), default=NOUGHT)


@dataclass(frozen=True, slots=True)
class YearTotal:
    """All lines of one contract year, one-offs included."""

    year: int
    standard: Fraction
    net: Fraction

    @property
    def percent(self) -> Fraction | None:
        return discount_percent(self.standard, self.net)


@dataclass(frozen=True, slots=True)
class PricedQuote:
    """A quote with every basis a policy may judge, exact; amounts in the quote's currency.

    `term_months` counts every month of service, free ones too; `paid_months` those paid for.
    """

    currency: str
    minor_digits: int
    term_months: int | None
    paid_months: int | None
    lines: tuple[PricedLine, ...]
    concessions: tuple[Concession, ...]
    years: tuple[YearTotal, ...]
    listed: Fraction
    blended: Basis
    recurring: Basis
    one_off: Basis
    acv: Fraction
    annual_value: Fraction
    problems: tuple[Problem, ...]

    @property
    def tcv(self) -> Fraction:
        """All net over the committed term."""
        return self.blended.net

    @property
    def off_list(self) -> Basis:
        """The total against list, published discounts and all."""
        return Basis(self.listed, self.blended.net)

    @property
    def list_amount(self) -> Decimal:
        return sum((line.list_amount for line in self.lines), NOUGHT)

    @property
    def standard_amount(self) -> Decimal:
        return sum((line.standard_amount for line in self.lines), NOUGHT)

    @property
    def net_amount(self) -> Decimal:
        """TCV as printed: the sum of the printed lines."""
        return sum((line.net_amount for line in self.lines), NOUGHT)

    @property
    def acv_amount(self) -> Decimal:
        return rounded(self.acv, self.minor_digits)

    @property
    def annual_value_amount(self) -> Decimal:
        return rounded(self.annual_value, self.minor_digits)

    def line(self, key: str) -> PricedLine | None:
        return next((line for line in self.lines if line.key == key), None)
