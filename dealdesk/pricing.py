"""What a quote costs, at list, at standard and net, and how far below standard each part of it is.

Standard = list × published volume tier × published term discount, in that order. The judged
discount is d = 1 − net / standard, so published discounts are never exceptions. Amounts that are
judged are exact ratios (`Fraction`); only the Decimals named `_amount` are rounded, half-up to
the currency's minor unit per line and contract year, and then summed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

ZERO = Fraction(0)
ONE = Fraction(1)
HUNDRED = Fraction(100)
NOUGHT = Decimal(0)


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
class VolumeTier:
    """A published discount that a quantity earns."""

    from_quantity: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TermDiscount:
    """A published discount that a committed term earns."""

    from_months: int
    percent: Decimal


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


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason why a quote cannot be judged or submitted, by name, with a sentence for the rep.

    `about` is the key of the line, or the role, that it is about.
    """

    code: str
    sentence: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """What one discount is measured on: exact standard and exact net, in the quote's currency."""

    standard: Fraction
    net: Fraction

    @property
    def percent(self) -> Fraction | None:
        """The exact discount in percent; negative above standard; None without a standard."""
        return discount_percent(self.standard, self.net)


def discount_percent(standard: Fraction, net: Fraction) -> Fraction | None:
    """Return 100 × (1 − net / standard), exact; None without a standard.

    In whole numbers, since a replay of years of quotes asks this a million times.
    """
    if not standard:
        return None
    above, below = standard.numerator, standard.denominator
    paid, part = net.numerator, net.denominator
    return Fraction((above * part - paid * below) * 100, above * part)


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


@lru_cache(maxsize=4096)
def exact(value: Decimal) -> Fraction:
    """Return the ratio a Decimal is."""
    return Fraction(value)


def rounded(value: Fraction, digits: int) -> Decimal:
    """Return an amount of money half-up (away from zero) to its minor unit."""
    above, below = abs(value.numerator) * 10**digits, value.denominator
    units = (2 * above + below) // (2 * below)
    return Decimal(-units if value < 0 else units).scaleb(-digits)


def earned_tier(tiers: Iterable[VolumeTier], quantity: Decimal) -> Decimal:
    """Return the published volume discount a quantity earns, in percent; 0 below every tier."""
    earned = [tier for tier in tiers if tier.from_quantity <= quantity]
    return max(earned, key=lambda tier: tier.from_quantity).percent if earned else NOUGHT


def published_term_discount(discounts: Iterable[TermDiscount], months: int | None) -> Decimal:
    """Return the published discount of a term of `months` paid months, in percent."""
    earned = [row for row in discounts if row.from_months <= (months or 0)]
    return max(earned, key=lambda row: row.from_months).percent if earned else NOUGHT


def contract_years(months: int | None) -> tuple[int, ...]:
    """Return the months of each contract year; a last year may be a stub: 15 is (12, 3)."""
    if not months:
        return ()
    full, stub = divmod(months, 12)
    return (12,) * full + ((stub,) if stub else ())


def price_quote(quote: QuoteInput) -> PricedQuote:
    """Price a quote exactly. What makes it impossible to judge is listed in `problems`.

    Free months are spread evenly over the service, whatever month they fall in; a credit is
    spread over the lines by their net; a waived fee is a line of its own with net zero.
    """
    paid = quote.term_months or None
    free = sum(int(c.value) for c in quote.concessions if c.kind is ConcessionKind.FREE_MONTHS)
    service = paid + free if paid else None
    share = Fraction(paid, service) if paid and service else ONE
    lengths = contract_years(service)

    lines = [_priced_line(line, quote, lengths, share) for line in quote.lines]
    lines += _waived_fees(quote)
    lines = _less_credits(lines, quote)
    return assemble(
        lines,
        currency=quote.currency,
        minor_digits=quote.minor_digits,
        paid_months=paid,
        term_months=service,
        concessions=quote.concessions,
        problems=_typing_problems(quote, lengths),
    )


def assemble(
    lines: Sequence[PricedLine],
    *,
    currency: str,
    minor_digits: int,
    paid_months: int | None,
    term_months: int | None,
    concessions: tuple[Concession, ...] = (),
    problems: tuple[Problem, ...] = (),
) -> PricedQuote:
    """Total priced lines into every basis."""
    recurring = _basis(line for line in lines if line.period is not Period.ONCE)
    one_off = _basis(line for line in lines if line.period is Period.ONCE)
    blended = Basis(recurring.standard + one_off.standard, recurring.net + one_off.net)
    years = _year_totals(lines)
    return PricedQuote(
        currency=currency,
        minor_digits=minor_digits,
        term_months=term_months,
        paid_months=paid_months,
        lines=tuple(lines),
        concessions=concessions,
        years=years,
        listed=sum((line.listed for line in lines), ZERO),
        blended=blended,
        recurring=recurring,
        one_off=one_off,
        acv=annualised(recurring.net, term_months),
        annual_value=max((year.net for year in years), default=ZERO),
        problems=problems + _price_problems(lines, blended),
    )


def annualised(net: Fraction, months: int | None) -> Fraction:
    """ACV: recurring net ÷ months × 12; for terms under a year the recurring net itself."""
    if not months or months < 12:
        return net
    return net * 12 / months


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


def of_families(price: PricedQuote, families: Collection[str]) -> PricedQuote:
    """Return the quote less every line of another product family, totalled anew."""
    return assemble(
        [line for line in price.lines if line.family in families],
        currency=price.currency,
        minor_digits=price.minor_digits,
        paid_months=price.paid_months,
        term_months=price.term_months,
    )


def with_nets(price: PricedQuote, nets: dict[tuple[str, int], Fraction]) -> PricedQuote:
    """Return the quote with other nets for some (line key, contract year)."""
    lines = []
    for line in price.lines:
        years = tuple(
            replace(
                year,
                net=nets[line.key, year.year],
                net_amount=rounded(nets[line.key, year.year], price.minor_digits),
            )
            if (line.key, year.year) in nets
            else year
            for year in line.years
        )
        lines.append(_totalled(replace(line, years=years)))
    return assemble(
        lines,
        currency=price.currency,
        minor_digits=price.minor_digits,
        paid_months=price.paid_months,
        term_months=price.term_months,
        concessions=price.concessions,
    )


_WHOLE_LINE = -1


@dataclass(slots=True)
class _Draft:
    """One contract year of a line while it is being priced.

    `position` is that of the period whose wish counts, so that an amount is spread over the
    years it is meant for.
    """

    year: int
    months: int
    position: int
    period: PeriodInput
    ask: Ask
    free_quantity: Decimal
    listed: Fraction
    standard: Fraction
    net: Fraction


def _priced_line(
    line: LineInput, quote: QuoteInput, lengths: tuple[int, ...], share: Fraction
) -> PricedLine:
    free = sum(
        (
            c.value
            for c in quote.concessions
            if c.kind is ConcessionKind.FREE_SEATS and c.line_key == line.key
        ),
        NOUGHT,
    )
    waived = any(
        c.kind is ConcessionKind.WAIVED_FEE and c.line_key == line.key for c in quote.concessions
    )
    drafts = [
        _draft(line, year, months, position, free, share)
        for year, months, position in _line_years(line, lengths)
    ]
    _spread_amounts(drafts)
    if waived:
        for draft in drafts:
            draft.net = ZERO
    years = tuple(_priced_year(draft, quote.minor_digits) for draft in drafts)
    return _line_of(line, years)


def _line_years(line: LineInput, lengths: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """List (contract year, months, position of its period); the last period goes on to the end."""
    if not line.periods:
        return []
    last = len(line.periods) - 1
    if line.period is Period.ONCE:
        return [(position + 1, 0, position) for position in range(last + 1)]
    return [(index + 1, months, min(index, last)) for index, months in enumerate(lengths)]


def _draft(
    line: LineInput, year: int, months: int, position: int, free: Decimal, share: Fraction
) -> _Draft:
    period = line.periods[position]
    times = _times(line.period, months)
    paid_share = ONE if line.period is Period.ONCE else share
    list_price = exact(line.list_price) * times
    quantity = exact(period.quantity)
    total = quantity + exact(free)
    published = _off(period.earned_percent) * _off(line.term_percent)
    standard_price = list_price * published
    own = period.ask.typed is not Typed.NOTHING
    ask = period.ask if own else line.ask
    value = exact(ask.value) if ask.value is not None else ZERO
    if ask.typed is Typed.NOTHING or ask.value is None:
        net_price = standard_price
    elif ask.kind is DiscountKind.VOLUME:
        net_price = list_price * (1 - value / 100) * _off(line.term_percent)
    elif ask.typed is Typed.PERCENT:
        net_price = standard_price * (1 - value / 100)
    else:  # a net unit price; a net amount replaces this when it is spread
        net_price = value * times
    return _Draft(
        year=year,
        months=months,
        position=position if own else _WHOLE_LINE,
        period=period,
        ask=ask,
        free_quantity=free,
        listed=list_price * total,
        standard=standard_price * total,
        net=net_price * quantity * paid_share,
    )


@lru_cache(maxsize=64)
def _times(period: Period, months: int) -> Fraction:
    """How often the list price is charged in a contract year of `months`."""
    if period is Period.ONCE:
        return ONE
    return Fraction(months) if period is Period.MONTH else Fraction(months, 12)


@lru_cache(maxsize=4096)
def _off(percent: Decimal) -> Fraction:
    return 1 - Fraction(percent) / 100


def _spread_amounts(drafts: list[_Draft]) -> None:
    """Spread a typed net amount over the contract years of its period, by their standard."""
    groups: dict[int, list[_Draft]] = {}
    for draft in drafts:
        ask = draft.ask
        if ask.typed is Typed.NET_AMOUNT and ask.kind is DiscountKind.DISCRETIONARY:
            groups.setdefault(draft.position, []).append(draft)
    for group in groups.values():
        value = group[0].ask.value
        amount = exact(value) if value is not None else ZERO
        total = sum((draft.standard for draft in group), ZERO)
        months = sum(draft.months for draft in group)
        for draft in group:
            if total:
                weight = draft.standard / total
            else:
                weight = Fraction(draft.months, months) if months else Fraction(1, len(group))
            draft.net = amount * weight


def _priced_year(draft: _Draft, digits: int) -> PricedYear:
    return PricedYear(
        year=draft.year,
        months=draft.months,
        quantity=draft.period.quantity,
        free_quantity=draft.free_quantity,
        earned_percent=draft.period.earned_percent,
        ask=draft.ask,
        listed=draft.listed,
        standard=draft.standard,
        net=draft.net,
        list_amount=rounded(draft.listed, digits),
        standard_amount=rounded(draft.standard, digits),
        net_amount=rounded(draft.net, digits),
    )


def _line_of(line: LineInput, years: tuple[PricedYear, ...]) -> PricedLine:
    return _totalled(
        PricedLine(
            key=line.key,
            product=line.product,
            name=line.name,
            family=line.family,
            period=line.period,
            list_price=line.list_price,
            term_percent=line.term_percent,
            included=line.included,
            years=years,
            listed=ZERO,
            standard=ZERO,
            net=ZERO,
            list_amount=NOUGHT,
            standard_amount=NOUGHT,
            net_amount=NOUGHT,
        )
    )


def _totalled(line: PricedLine) -> PricedLine:
    """Return the line with its totals over the years; printed money is rounded, then summed."""
    years = line.years
    return replace(
        line,
        listed=sum((year.listed for year in years), ZERO),
        standard=sum((year.standard for year in years), ZERO),
        net=sum((year.net for year in years), ZERO),
        list_amount=sum((year.list_amount for year in years), NOUGHT),
        standard_amount=sum((year.standard_amount for year in years), NOUGHT),
        net_amount=sum((year.net_amount for year in years), NOUGHT),
    )


def _waived_fees(quote: QuoteInput) -> list[PricedLine]:
    """Fees waived that are no line of the quote: they count in standard, and nothing is paid."""
    fees = []
    for number, concession in enumerate(quote.concessions, 1):
        if concession.kind is not ConcessionKind.WAIVED_FEE or concession.line_key:
            continue
        name = concession.note or "Waived fee"
        period = PeriodInput(Decimal(1), Ask(typed=Typed.NET_AMOUNT, value=NOUGHT))
        line = LineInput(
            key=f"waived-fee-{number}",
            product="waived_fee",
            name=name,
            list_price=concession.value,
            periods=(period,),
            period=Period.ONCE,
        )
        draft = _draft(line, 1, 0, 0, NOUGHT, ONE)
        draft.net = ZERO
        fees.append(_line_of(line, (_priced_year(draft, quote.minor_digits),)))
    return fees


def _less_credits(lines: list[PricedLine], quote: QuoteInput) -> list[PricedLine]:
    """Take credits off the net of every line and year, by their share of the net."""
    credit = sum(
        (exact(c.value) for c in quote.concessions if c.kind is ConcessionKind.CREDIT), ZERO
    )
    if not credit:
        return lines
    net = sum((line.net for line in lines), ZERO)
    standard = sum((line.standard for line in lines), ZERO)
    kept = []
    for line in lines:
        years = []
        for year in line.years:
            part = year.net / net if net else (year.standard / standard if standard else ZERO)
            left = year.net - credit * part
            amount = rounded(left, quote.minor_digits)
            years.append(replace(year, net=left, net_amount=amount))
        kept.append(_totalled(replace(line, years=tuple(years))))
    return kept


def _basis(lines: Iterable[PricedLine]) -> Basis:
    standard = net = ZERO
    for line in lines:
        standard += line.standard
        net += line.net
    return Basis(standard, net)


def _year_totals(lines: Iterable[PricedLine]) -> tuple[YearTotal, ...]:
    totals: dict[int, list[Fraction]] = {}
    for line in lines:
        for year in line.years:
            total = totals.setdefault(year.year, [ZERO, ZERO])
            total[0] += year.standard
            total[1] += year.net
    return tuple(YearTotal(number, *totals[number]) for number in sorted(totals))


def _price_problems(lines: Sequence[PricedLine], blended: Basis) -> tuple[Problem, ...]:
    """Name what money makes impossible to judge: nothing to compare with, or a negative net."""
    problems = []
    for line in lines:
        if not line.list_price and not line.included:
            problems.append(
                Problem(
                    "zero_list_not_included",
                    f"{line.name} has no list price: mark it as included or give it a price.",
                    line.key,
                )
            )
        if any(year.net < 0 for year in line.years):
            problems.append(
                Problem(
                    "negative_net",
                    f"{line.name} would be sold for less than nothing: raise its net.",
                    line.key,
                )
            )
    if not blended.standard:
        problems.append(
            Problem(
                "zero_standard",
                "The standard price of the quote is zero, so no discount can be judged.",
            )
        )
    if blended.net < 0 and not any(problem.code == "negative_net" for problem in problems):
        problems.append(Problem("negative_net", "The net of the quote is below zero."))
    return tuple(problems)


def _typing_problems(quote: QuoteInput, lengths: tuple[int, ...]) -> tuple[Problem, ...]:
    """Name what was typed that cannot mean anything."""
    problems = []
    keys = {line.key for line in quote.lines}
    for line in quote.lines:
        problems += _line_problems(line, lengths)
    if len(keys) < len(quote.lines):
        problems.append(Problem("duplicate_line", "Two lines of the quote have the same key."))
    for concession in quote.concessions:
        problems += _concession_problems(concession, keys, quote.term_months)
    return tuple(problems)


def _line_problems(line: LineInput, lengths: tuple[int, ...]) -> list[Problem]:
    problems = []
    if line.period is not Period.ONCE and not lengths:
        problems.append(
            Problem("term_missing", f"{line.name} is recurring: give the quote a term.", line.key)
        )
    if not line.periods:
        problems.append(Problem("quantity_missing", f"{line.name} has no quantity.", line.key))
    elif len(line.periods) > max(len(lengths), 1):
        problems.append(
            Problem(
                "period_beyond_term",
                f"{line.name} sells in contract year {len(line.periods)},"
                f" but the term has {max(len(lengths), 1)}.",
                line.key,
            )
        )
    if line.list_price < 0:
        problems.append(
            Problem("negative_list_price", f"{line.name} has a negative list price.", line.key)
        )
    if any(period.quantity < 0 for period in line.periods):
        problems.append(
            Problem("negative_quantity", f"{line.name} has a negative quantity.", line.key)
        )
    if any(
        ask.kind is DiscountKind.VOLUME and ask.typed not in (Typed.PERCENT, Typed.NOTHING)
        for ask in (line.ask, *(period.ask for period in line.periods))
    ):
        problems.append(
            Problem(
                "volume_claim_not_percent",
                f"{line.name} claims a volume tier: type its percent.",
                line.key,
            )
        )
    return problems


def _concession_problems(
    concession: Concession, keys: set[str], term_months: int | None
) -> list[Problem]:
    kind, problems = concession.kind, []
    if concession.value < 0:
        problems.append(Problem("negative_concession", "A concession cannot be negative."))
    if kind is ConcessionKind.FREE_MONTHS:
        if not term_months:
            problems.append(Problem("free_months_without_term", "Free months need a term."))
        if concession.value != int(concession.value):
            problems.append(Problem("part_of_a_month", "Free months are whole months."))
    needs_line = kind is ConcessionKind.FREE_SEATS or bool(concession.line_key)
    if needs_line and concession.line_key not in keys:
        problems.append(
            Problem("concession_without_line", "A concession names a line the quote has not.")
        )
    return problems
