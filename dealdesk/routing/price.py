"""The price axis: each basis of each table, and the band it falls into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dealdesk.canonical import decimal_text, fraction_text
from dealdesk.policy import (
    Axis,
    JudgedBasis,
    Policy,
    PriceBand,
    PriceTable,
    Role,
    Topic,
    price_authority,
)
from dealdesk.pricing import PricedLine, PricedQuote, exact, of_families, worst_line, worst_year
from dealdesk.routing.route import Result, Tried
from dealdesk.terms import Terms
from dealdesk.wording import capital, listed, percent_text, roles_text


@dataclass(slots=True)
class Judged:
    """One basis of one table, with the band it falls into; no band at or above standard."""

    basis: JudgedBasis
    subject: str
    percent: Fraction
    table: PriceTable
    band: PriceBand | None

    @property
    def roles(self) -> tuple[Role, ...]:
        return self.band.roles if self.band else ()


def price_axis(policy: Policy, terms: Terms) -> tuple[list[Tried], bool, bool]:
    """Return what was tried, whether the price is custom (d > 0), whether beyond rep authority."""
    judged = [item for table in policy.prices for item in _judged(policy, terms, table)]
    top = max((price_authority(policy, item.roles) for item in judged), default=0)
    custom = any(item.percent > 0 and item.basis is not JudgedBasis.OFF_LIST for item in judged)
    beyond = any(item.roles for item in judged)
    return [_price_tried(policy, item, top) for item in judged], custom, beyond


def _judged(policy: Policy, terms: Terms, table: PriceTable) -> Iterator[Judged]:
    """Measure each basis of a table; line and year only where they differ from the whole."""
    price = of_families(terms.price, table.families) if table.families else terms.price
    whole = price.blended.percent
    seen_whole = False
    for basis in table.bases:
        subject, percent = measured(policy, terms, basis, price, table.families)
        if percent is None:
            continue
        if basis is JudgedBasis.BLENDED:
            seen_whole = True
        elif seen_whole and percent == whole and basis is not JudgedBasis.OFF_LIST:
            continue
        yield Judged(basis, subject, percent, table, band_of(table, percent))


def measured(
    policy: Policy,
    terms: Terms,
    basis: JudgedBasis,
    price: PricedQuote | None = None,
    families: tuple[str, ...] = (),
) -> tuple[str, Fraction | None]:
    """Return what a basis is called in this quote, and its exact discount in percent."""
    price, of = price or terms.price, f" of {listed(families)}" if families else ""
    if basis is JudgedBasis.BLENDED:
        return f"everything{of}" if of else "the whole quote", price.blended.percent
    if basis is JudgedBasis.WORST_LINE:
        line = judged_worst_line(policy, terms, families)
        return (line.name, line.percent) if line else ("", None)
    if basis is JudgedBasis.WORST_YEAR:
        year = worst_year(price)
        return (f"contract year {year.year}{of}", year.percent) if year else ("", None)
    if basis is JudgedBasis.RECURRING:
        return f"all recurring lines{of}", price.recurring.percent
    if basis is JudgedBasis.ONE_OFF:
        return f"all one-off lines{of}", price.one_off.percent
    return f"the total{of} against list", price.off_list.percent


def judged_worst_line(
    policy: Policy, terms: Terms, families: tuple[str, ...] = ()
) -> PricedLine | None:
    """The worst line among those that are large enough under the policy to count."""
    return worst_line(
        terms.price,
        share_percent=policy.materiality.share_percent,
        amount=policy.materiality.amount,
        per_company_unit=terms.company.per_company_unit or Decimal(1),
        families=families,
    )


def band_of(table: PriceTable, percent: Fraction) -> PriceBand | None:
    """The band of a discount: lower edge inclusive. None at standard price and above it."""
    found = None
    if percent > 0:
        for band in table.bands:
            if percent >= exact(band.lower):
                found = band
    return found


def _price_tried(policy: Policy, item: Judged, top: int) -> Tried:
    roles = _asked_by(policy, item)
    outranked = 0 < price_authority(policy, item.roles) < top
    if not roles:
        result = Result.NOT_MET
    elif outranked:
        result = Result.OUTRANKED
    else:
        result = Result.ASKS
    return Tried(
        rule=".".join(("price", item.basis.value, *item.table.families)),
        axis=Axis.PRICE,
        topic=Topic.PRICE,
        result=result,
        value=fraction_text(item.percent),
        threshold=decimal_text(item.band.lower) if item.band else "0",
        sentence=_price_sentence(item, roles, outranked),
        roles=roles,
        operands=(("basis", item.basis.value), ("of", item.subject)),
    )


def _asked_by(policy: Policy, item: Judged) -> tuple[Role, ...]:
    """The roles of the band; with a ladder those of every lower band before them."""
    if item.band is None or not policy.ladder:
        return item.roles
    passed = (band for band in item.table.bands if band.lower <= item.band.lower)
    return tuple(dict.fromkeys(role for band in passed for role in band.roles))


def _price_sentence(item: Judged, roles: tuple[Role, ...], outranked: bool) -> str:
    of = capital(item.subject)
    off = percent_text(abs(item.percent))
    against = "list" if item.basis is JudgedBasis.OFF_LIST else "standard"
    if item.percent < 0:
        return f"{of} is {off} above {against}: automatic."
    if not item.percent:
        return f"{of} is at {against}: automatic."
    below = f"{of} is {off} below {against}"
    if not roles or item.band is None:
        return f"{below}: within the rep's own authority."
    edge = percent_text(item.band.lower)
    if outranked:
        return f"{below}: {roles_text(roles)} from {edge}, but a higher band decides."
    return f"{below}: {roles_text(roles)} from {edge}."
