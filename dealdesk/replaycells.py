"""Many past deals as few cells: rows that no policy of a set tells apart are judged once.

Pure but for the judging. The cells hold counts and sums, never a row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from dealdesk.policy import Policy
from dealdesk.pricing import (
    NOUGHT,
    Ask,
    Period,
    PricedLine,
    PricedQuote,
    PricedYear,
    assemble,
    contract_years,
    rounded,
)
from dealdesk.replayfacts import (
    MONEY_PLACES,
    PERCENT_PLACES,
    Facts,
    limit,
    term_facts,
    whole,
)
from dealdesk.replayfile import PastDeal
from dealdesk.replayjudge import Judge, Outcome
from dealdesk.terms import Billing, PaymentTerms, Segment, SegmentSource, Terms, freeze

WHOLE_SHARE = whole(Fraction(100), PERCENT_PLACES)


def facts_of_deal(deal: PastDeal) -> Facts:
    """The facts of a row: it is one line, so every basis is the same discount."""
    rate = deal.money.per_company_unit or Decimal(1)
    off = whole(100 - deal.net * 100 / deal.standard, PERCENT_PLACES)
    standard, net = deal.standard / Fraction(rate), deal.net / Fraction(rate)
    first = net if deal.months <= 12 else net * 12 / deal.months
    return Facts(
        refused=0,
        blended=off,
        worst_year=off,
        recurring=off,
        one_off=None,
        off_list=off,
        lines=[[WHOLE_SHARE, whole(standard, MONEY_PLACES), off]],
        payment=deal.payment,
        billing=deal.billing,
        volume_beyond=0,
        terms=[term_facts(term) for term in deal.terms],
        redlined=0,
        months=deal.months,
        segment=deal.segment,
        region="",
        heads=deal.heads,
        annual_value=whole(first, MONEY_PLACES),
        net=int(rounded(net, MONEY_PLACES).scaleb(MONEY_PLACES)),
    )


def terms_of_deal(deal: PastDeal) -> Terms:
    """The terms that a row stands for: one recurring line, even over the term."""
    source = SegmentSource.IMPORT if deal.heads is None else SegmentSource.HEAD_COUNT
    return freeze(
        price_of_deal(deal),
        payment=PaymentTerms("file", "as in the file", deal.payment),
        billing=Billing("file", "as in the file", deal.billing),
        segment=Segment(deal.segment, source, deal.heads),
        company=deal.money,
        nonstandard=deal.terms,
    )


def price_of_deal(deal: PastDeal) -> PricedQuote:
    years = tuple(
        year_of_deal(deal, number, months)
        for number, months in enumerate(contract_years(deal.months), start=1)
    )
    line = PricedLine(
        key="file",
        product="file",
        name="The deal",
        family="",
        period=Period.YEAR,
        list_price=rounded(deal.standard * 12 / deal.months, MONEY_PLACES) or Decimal("0.0001"),
        term_percent=NOUGHT,
        included=False,
        years=years,
        listed=deal.standard,
        standard=deal.standard,
        net=deal.net,
        list_amount=rounded(deal.standard, 2),
        standard_amount=rounded(deal.standard, 2),
        net_amount=rounded(deal.net, 2),
    )
    return assemble(
        [line], currency="", minor_digits=2, paid_months=deal.months, term_months=deal.months
    )


def year_of_deal(deal: PastDeal, number: int, months: int) -> PricedYear:
    part = Fraction(months, deal.months)
    standard, net = deal.standard * part, deal.net * part
    return PricedYear(
        year=number,
        months=months,
        quantity=Decimal(1),
        free_quantity=NOUGHT,
        earned_percent=NOUGHT,
        ask=Ask(),
        listed=standard,
        standard=standard,
        net=net,
        list_amount=rounded(standard, 2),
        standard_amount=rounded(standard, 2),
        net_amount=rounded(net, 2),
    )


@dataclass
class Cell:
    """Deals that are judged alike, the first of them at hand."""

    facts: Facts
    deal: PastDeal
    count: int = 0
    net: int = 0


@dataclass
class Cells:
    """Past deals sorted by every limit that some policy of the set holds them against."""

    judges: Sequence[Judge]
    found: dict[Any, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policies = [judge.policy for judge in self.judges]
        self.is_quick = all(judge.is_quick for judge in self.judges)
        self.percents = edges(lowers_of(policies), PERCENT_PLACES)
        self.amounts = edges(amounts_of(policies), MONEY_PLACES)
        self.sizes = edges((policy.materiality.amount for policy in policies), MONEY_PLACES)
        self.months = sorted({policy.structure.standard_months for policy in policies})

    def add(self, deal: PastDeal) -> None:
        facts = facts_of_deal(deal)
        key = self.place(facts)
        cell = self.found.get(key)
        if cell is None:
            cell = self.found[key] = Cell(facts, deal)
        cell.count += 1
        cell.net += facts.net

    def place(self, facts: Facts) -> Any:
        """Which cell facts belong to: equal for all that no limit comes between."""
        terms = tuple(sorted(term[0] for term in facts.terms))
        if not self.is_quick:
            return (*facts[:6], *facts.lines[0], facts.payment, facts.billing, terms, *facts[12:17])
        return (
            bisect_right(self.percents, facts.blended),
            facts.blended > 0,
            bisect_right(self.sizes, facts.lines[0][1]),
            facts.payment,
            facts.billing,
            terms,
            sum(facts.months > each for each in self.months),
            facts.segment,
            facts.heads and self.judges[0].policy.segment_for(facts.heads),
            sum(facts.annual_value > each for each in self.amounts),
        )

    def judged(self, judge: Judge) -> list[tuple[Cell, Outcome]]:
        """Every cell with what one policy of the set makes of it."""
        return [
            (cell, judge.outcome(cell.facts, partial(terms_of_deal, cell.deal)))
            for cell in self.found.values()
        ]


def edges(values: Iterable[Decimal], places: int) -> list[int]:
    return sorted({found for value in values if (found := limit(value, places)) is not None})


def lowers_of(policies: Iterable[Policy]) -> Iterable[Decimal]:
    return (band.lower for p in policies for table in p.prices for band in table.bands)


def amounts_of(policies: Iterable[Policy]) -> Iterable[Decimal]:
    for policy in policies:
        yield policy.size.threshold
        needs = policy.structure.only_with
        if needs and needs.annual_value_above is not None:
            yield needs.annual_value_above
