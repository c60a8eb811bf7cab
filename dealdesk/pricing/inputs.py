"""What is typed into a quote: lines, the wish for each, and what is given beside."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from dealdesk.pricing.amounts import NOUGHT


class Period(StrEnum):
    """What a list price pays for: one unit once, for a month, or for a year."""

    ONCE = "once"
    MONTH = "month"
    YEAR = "year"


class DiscountKind(StrEnum):
    """Discretionary is judged by the price axis; volume claims a published tier."""

    DISCRETIONARY = "discretionary"
    VOLUME = "volume"


class Typed(StrEnum):
    """How the wish was typed. The typed value is kept exactly as it was."""

    NOTHING = "nothing"
    PERCENT = "percent"
    UNIT_PRICE = "unit_price"
    NET_AMOUNT = "net_amount"


class ConcessionKind(StrEnum):
    FREE_MONTHS = "free_months"
    CREDIT = "credit"
    WAIVED_FEE = "waived_fee"
    FREE_SEATS = "free_seats"


@dataclass(frozen=True, slots=True)
class Ask:
    """What the rep typed: percent off standard, net price of a unit, or net of the whole period.

    With kind volume the value is the tier claimed, in percent off list.
    """

    kind: DiscountKind = DiscountKind.DISCRETIONARY
    typed: Typed = Typed.NOTHING
    value: Decimal | None = None


NO_ASK = Ask()


@dataclass(frozen=True, slots=True)
class PeriodInput:
    """One contract year of a line, or all the years from here on when it is the last given."""

    quantity: Decimal
    ask: Ask = NO_ASK
    earned_percent: Decimal = NOUGHT


@dataclass(frozen=True, slots=True)
class LineInput:
    """One product on a quote.

    `key` stays the same from revision to revision: cover compares line with line by it.
    A line has one period unless it is ramped. `list_price` is for one unit and one `period`.
    `ask` is the wish of the whole line, for every period that has none of its own; as a net
    amount it is for all those years together.
    """

    key: str
    product: str
    name: str
    list_price: Decimal
    periods: tuple[PeriodInput, ...]
    period: Period = Period.YEAR
    family: str = ""
    term_percent: Decimal = NOUGHT
    included: bool = False
    ask: Ask = NO_ASK


@dataclass(frozen=True, slots=True)
class Concession:
    """Something typed that is given beside the price.

    `value` is months for free months, a quantity for free seats, else an amount of money.
    Free seats name their line. A waived fee names its line or is a one-off fee of its own.
    """

    kind: ConcessionKind
    value: Decimal
    line_key: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class QuoteInput:
    """What was typed into a quote. `term_months` are the months paid for; None has no term."""

    currency: str
    lines: tuple[LineInput, ...]
    term_months: int | None = 12
    concessions: tuple[Concession, ...] = ()
    minor_digits: int = 2
