"""The nearest trades that would keep somebody from being asked, each as edits of what is typed.

Every trade was evaluated: its sentence says what evaluating the changed terms gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dealdesk.canonical import sha256
from dealdesk.counterfactual import Avoid
from dealdesk.policy import Axis, Policy, Role, price_authority
from dealdesk.pricing import PricedLine, exact, with_nets
from dealdesk.routing import Route, evaluate
from dealdesk.terms import Terms
from dealdesk.wording import capital, percent_text, roles_text

HALF = Decimal("0.5")
MOST = 6


class EditKind(StrEnum):
    """What is typed otherwise."""

    PERCENT = "percent"
    NET = "net"
    YEAR_NET = "year_net"
    NO_CLAIM = "no_claim"
    PAYMENT = "payment"
    BILLING = "billing"
    TERM = "term"
    DROP_TERM = "drop_term"


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing typed otherwise: on which line, year or term, and the value."""

    kind: EditKind
    about: str = ""
    value: Decimal | None = None
    year: int = 0


@dataclass(frozen=True, slots=True)
class Trade:
    """Edits that together keep some roles from being asked."""

    sentence: str
    edits: tuple[Edit, ...]
    net: Decimal | None = None
    """The least net of the quote, when that is all there is to change."""

    @property
    def key(self) -> str:
        """A short name of these very edits, for the button that makes them."""
        return sha256("|".join(f"{e.kind}:{e.about}:{e.year}:{e.value}" for e in self.edits))[:12]


def trades(policy: Policy, terms: Terms, route: Route, avoid: Iterable[Avoid]) -> tuple[Trade, ...]:
    """Return what would leave somebody out, the round percentages first, a few of them."""
    if route.problems or not route.steps:
        return ()
    found = [*rounder(policy, terms, route)]
    for each in avoid:
        edits = edits_to(terms, each.after) if each.after is not None else ()
        if edits:
            found.append(Trade(each.sentence, edits, each.net))
    return tuple({trade.edits: trade for trade in found}.values())[:MOST]


# Round percentages


def rounder(policy: Policy, terms: Terms, route: Route) -> Iterator[Trade]:
    """For each lower band the largest half percent below it, on every line that is over it.

    Not where something is given beside the price: that counts too, and no line shows it.
    """
    if terms.price.concessions:
        return
    for edge in edges_below(policy, route):
        percent = below(edge)
        over = [line for line in terms.price.lines if exceeds(line, percent)]
        if percent <= 0 or not over or any(claims(line) for line in over):
            continue
        after = evaluate(policy, capped(terms, over, percent))
        gone = route.roles - after.roles
        if gone and not after.problems:
            edits = tuple(Edit(EditKind.PERCENT, line.key, percent) for line in over)
            yield Trade(_words(over, percent, gone), edits)


def _words(over: list[PricedLine], percent: Decimal, gone: Iterable[Role]) -> str:
    names = tuple(sorted(gone, key=list(Role).index))
    if len(over) == 1:
        what = f"{percent_text(percent)} instead of {percent_text(over[0].percent or Fraction(0))}"
    else:
        what = f"no line above {percent_text(percent)}"
    verb = "is" if len(names) == 1 else "are"
    return f"{capital(what)}: {roles_text(names)} {verb} not asked."


def edges_below(policy: Policy, route: Route) -> list[Decimal]:
    """The lower edges of the bands that ask for this price, the highest first."""
    asked = (tried for tried in route.reasons if tried.axis is Axis.PRICE)
    authority = max((price_authority(policy, tried.roles) for tried in asked), default=0)
    edges = {
        band.lower
        for table in policy.prices
        for band in table.bands
        if 0 < price_authority(policy, band.roles) <= authority
    }
    return sorted(edges, reverse=True)


def below(edge: Decimal) -> Decimal:
    """The largest half percent strictly below an edge: 19.5 below 20."""
    steps = -(-edge // HALF) - 1 if edge % HALF == 0 else edge // HALF
    return (steps * HALF).normalize()


def exceeds(line: PricedLine, percent: Decimal) -> bool:
    return any((year.percent or Fraction(0)) > exact(percent) for year in line.years)


def claims(line: PricedLine) -> bool:
    return any(year.claimed_percent is not None for year in line.years)


def capped(terms: Terms, lines: list[PricedLine], percent: Decimal) -> Terms:
    """The terms with this discount on those lines, in every year of them."""
    left = 1 - exact(percent) / 100
    nets = {(line.key, year.year): year.standard * left for line in lines for year in line.years}
    return replace(terms, price=with_nets(terms.price, nets))


# From changed terms to what is typed


def edits_to(was: Terms, now: Terms) -> tuple[Edit, ...]:
    """What to type so that terms become others; nothing where typing cannot promise it."""
    edits = [*_line_edits(was, now)]
    if edits and was.price.concessions:
        return ()
    if was.payment.rank != now.payment.rank:
        edits.append(Edit(EditKind.PAYMENT, value=Decimal(now.payment.rank)))
    if was.billing.rank != now.billing.rank:
        edits.append(Edit(EditKind.BILLING, value=Decimal(now.billing.rank)))
    if was.term_months != now.term_months and now.term_months is not None:
        edits.append(Edit(EditKind.TERM, value=Decimal(now.term_months)))
    kept = {term.key for term in now.nonstandard}
    edits += [Edit(EditKind.DROP_TERM, t.key) for t in was.nonstandard if t.key not in kept]
    return tuple(edits)


def _line_edits(was: Terms, now: Terms) -> Iterator[Edit]:
    digits = now.price.minor_digits
    for line in now.price.lines:
        before = was.price.line(line.key)
        if before is None:
            continue
        if claims(before) and not _still_claims(before, line):
            yield Edit(EditKind.NO_CLAIM, line.key)
            continue
        pairs = [
            (old, new)
            for old, new in zip(before.years, line.years, strict=False)
            if old.net != new.net
        ]
        if not pairs:
            continue
        if is_ramped(before):
            for _, new in pairs:
                yield Edit(EditKind.YEAR_NET, line.key, up(new.net, digits), new.year)
        else:
            yield Edit(EditKind.NET, line.key, up(line.net, digits))


def _still_claims(was: PricedLine, now: PricedLine) -> bool:
    return [y.claimed_percent for y in was.years] == [y.claimed_percent for y in now.years]


def is_ramped(line: PricedLine) -> bool:
    """Whether years differ, so that each has a row of its own."""
    first = line.years[0]
    return any((year.quantity, year.ask) != (first.quantity, first.ask) for year in line.years)


def up(net: Fraction, digits: int) -> Decimal:
    """The least amount in minor units that is not below `net`."""
    units = net * 10**digits
    return Decimal(-(-units.numerator // units.denominator)).scaleb(-digits)
