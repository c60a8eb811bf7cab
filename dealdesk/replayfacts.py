"""The few facts of submitted terms that a route depends on, small enough to read by the 100,000.

They are frozen beside the snapshot and can be made from it again at any time. A percentage or an
amount is one whole number: twice its floor in small units, plus one where that is not all of it.
So `value >= limit` and `value > limit` are exact for every limit that is a whole number of units.
"""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from dealdesk.ladder import Rung
from dealdesk.policy import Role, TermCategory
from dealdesk.pricing import (
    Basis,
    PricedLine,
    PricedQuote,
    YearTotal,
    rounded,
    worst_year,
)
from dealdesk.terms import NonStandardTerm, SegmentSource, Terms

VERSION = 1
PERCENT_PLACES = 6
MONEY_PLACES = 4
BY_HEADS = (SegmentSource.HEAD_COUNT, SegmentSource.PARENT_HEAD_COUNT, SegmentSource.UNKNOWN)
"""Where the segment came from the head count, so that another policy may cut it elsewhere."""


class Facts(NamedTuple):
    """What one submission is judged by. `lines` are (share of standard, standard, discount).

    Of the lines only those are kept that no other outdoes in both size and discount. Amounts are
    in company currency. `heads` is the head count that made the segment; None where something
    else did.
    """

    refused: int
    blended: int
    worst_year: int | None
    recurring: int | None
    one_off: int | None
    off_list: int | None
    lines: list[list[int]]
    payment: int
    billing: int
    volume_beyond: int
    terms: list[list[Any]]
    redlined: int
    months: int
    segment: str
    region: str
    heads: int | None
    annual_value: int
    net: int


def named(words: str) -> frozenset[str]:
    return frozenset(words.split())


KNOWN: dict[Any, frozenset[str]] = {
    Terms: named("price payment billing segment company kind nonstandard schema region redlines"),
    NonStandardTerm: named(
        "key name category standard_value requested_value requested_text owner_roles"
        " rung rung_name rung_roles is_paper"
    ),
}
"""The fields that the facts stand for. Terms that say more are judged in full."""


def whole(value: Fraction, places: int) -> int:
    """A ratio as one whole number that compares exactly with limits of so many places."""
    floor, rest = divmod(value.numerator * 10**places, value.denominator)
    return 2 * floor + (1 if rest else 0)


def limit(value: Decimal, places: int) -> int | None:
    """A limit as it is held against `whole`; None where it has more places."""
    units = value.scaleb(places)
    if not value.is_finite() or units != units.to_integral_value():
        return None
    return 2 * int(units)


def facts_text(terms: Terms) -> str:
    """The facts as they are stored; blank for terms that have to be judged in full."""
    facts = facts_of(terms)
    return json.dumps(facts, separators=(",", ":")) if facts else ""


def facts_from(text: str) -> Facts | None:
    return Facts._make(json.loads(text)) if text else None


def facts_of(terms: Terms) -> Facts | None:
    """Return what the terms are judged by; None where they say more than facts hold."""
    if says_more(terms) or any(says_more(term) for term in terms.nonstandard):
        return None
    price = terms.price
    annual = terms.annual_value
    refused = bool(price.problems) or annual is None or price.blended.standard <= 0
    refused = refused or price.blended.net < 0
    refused = refused or any(term.rung is Rung.PROHIBITED for term in terms.nonstandard)
    year = None if refused else worst_year(price)
    return Facts(
        refused=int(refused),
        blended=percent_of(price.blended) or 0,
        worst_year=percent_of(year) if year else None,
        recurring=percent_of(price.recurring),
        one_off=percent_of(price.one_off),
        off_list=percent_of(price.off_list),
        lines=[] if refused else lines_of(price, terms),
        payment=terms.payment.rank,
        billing=terms.billing.rank,
        volume_beyond=int(any(claims_beyond(line) for line in price.lines)),
        terms=[term_facts(term) for term in terms.nonstandard],
        redlined=int(bool(terms.redlines)),
        months=terms.term_months or 0,
        segment=terms.segment.key,
        region=terms.region,
        heads=terms.segment.head_count if terms.segment.source in BY_HEADS else None,
        annual_value=whole(annual, MONEY_PLACES) if annual is not None else 0,
        net=net_of(terms),
    )


def term_facts(term: NonStandardTerm) -> list[Any]:
    """What decides whom a term of the catalogue asks; see `term_of`."""
    owners, rung_roles = (
        [role.value for role in roles] for roles in (term.owner_roles, term.rung_roles)
    )
    return [term.key, term.category.value, owners, term.rung.value, rung_roles, int(term.is_paper)]


def term_of(facts: list[Any]) -> NonStandardTerm:
    """The term as far as a policy looks at it."""
    key, category, owners, rung, rung_roles, is_paper = facts
    return NonStandardTerm(
        key=key,
        name=key,
        category=TermCategory(category),
        owner_roles=tuple(map(Role, owners)),
        rung=Rung(rung),
        rung_roles=tuple(map(Role, rung_roles)),
        is_paper=bool(is_paper),
    )


def net_of(terms: Terms) -> int:
    """TCV in company currency, in ten-thousandths; 0 without a rate."""
    net = terms.company.convert(terms.price.tcv)
    return int(rounded(net, MONEY_PLACES).scaleb(MONEY_PLACES)) if net is not None else 0


def says_more(value: Any) -> bool:
    """Whether a frozen value uses a field that came after this module was written."""
    known = KNOWN[type(value)]
    return any(
        getattr(value, each.name) != each.default
        for each in dataclasses.fields(value)
        if each.name not in known
    )


def percent_of(basis: Basis | YearTotal | PricedLine) -> int | None:
    percent = basis.percent
    return None if percent is None else whole(percent, PERCENT_PLACES)


def lines_of(price: PricedQuote, terms: Terms) -> list[list[int]]:
    """The lines that some policy might call the worst, from the largest to the smallest."""
    found: list[list[int]] = []
    for line in sorted(price.lines, key=lambda line: (-line.standard, -(line.percent or 0))):
        percent = percent_of(line)
        if percent is None or (found and percent <= found[-1][2]):
            continue
        share = whole(line.standard * 100 / price.blended.standard, PERCENT_PLACES)
        amount = terms.company.convert(line.standard)
        found.append([share, whole(amount or Fraction(0), MONEY_PLACES), percent])
    return found


def claims_beyond(line: PricedLine) -> bool:
    """Whether a line claims a volume tier above what its quantity earns, in any year."""
    return any(
        year.claimed_percent is not None and year.claimed_percent > year.earned_percent
        for year in line.years
    )
