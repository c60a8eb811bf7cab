"""Totals of priced lines: every basis a policy may judge, also of a part of the quote."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from dealdesk.pricing.amounts import ZERO, Basis, rounded
from dealdesk.pricing.inputs import Concession, Period
from dealdesk.pricing.lines import totalled
from dealdesk.pricing.priced import PricedLine, PricedQuote, Problem, YearTotal
from dealdesk.pricing.problems import price_problems


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
        problems=problems + price_problems(lines, blended),
    )


def annualised(net: Fraction, months: int | None) -> Fraction:
    """ACV: recurring net ÷ months × 12; for terms under a year the recurring net itself."""
    if not months or months < 12:
        return net
    return net * 12 / months


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
        lines.append(totalled(replace(line, years=years)))
    return assemble(
        lines,
        currency=price.currency,
        minor_digits=price.minor_digits,
        paid_months=price.paid_months,
        term_months=price.term_months,
        concessions=price.concessions,
    )


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
