"""What would avoid asking somebody: the smallest change after which the route no longer names them.

Every suggestion is tried: it is returned only when evaluating the changed terms confirms it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dealdesk.policy import Axis, Policy, Role, TimingKind, price_authority
from dealdesk.pricing import PricedYear, exact, with_nets
from dealdesk.routing import Route, Tried, evaluate, judged_worst_line, timing_of
from dealdesk.terms import Terms
from dealdesk.wording import capital, listed, money_text, months_text, roles_text


class Change(StrEnum):
    """What a suggestion changes."""

    NET = "net"
    LINE_NET = "line_net"
    YEAR_NET = "year_net"
    PAYMENT = "payment"
    BILLING = "billing"
    VOLUME = "volume"
    TERM = "term"
    DROP_TERM = "drop_term"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to change. `value` is the least net in the quote's currency, where it is money."""

    change: Change
    sentence: str
    about: str = ""
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Avoid:
    """Changes that together keep some roles from being asked; `key` is the route afterwards."""

    roles: tuple[Role, ...]
    steps: tuple[Step, ...]
    key: str
    sentence: str
    after: Terms | None = field(default=None, compare=False, repr=False)
    """The terms with these changes: those that were evaluated."""

    @property
    def net(self) -> Decimal | None:
        """The least net of the quote, when that is all there is to change."""
        only = self.steps[0] if len(self.steps) == 1 else None
        return only.value if only is not None and only.change is Change.NET else None


def what_would_avoid(policy: Policy, terms: Terms, route: Route | None = None) -> list[Avoid]:
    """Return what would bring the price a band down, and what would let each other role drop out.

    Smallest change first, and only changes that are confirmed by evaluating them.
    """
    route = route or evaluate(policy, terms)
    if route.problems or not route.steps:
        return []
    found = list(_lower_bands(policy, terms, route))
    found += [
        avoid
        for role in sorted(route.roles, key=list(Role).index)
        if (avoid := _without_role(policy, terms, route, role)) is not None
    ]
    return _distinct(found)


def least_net_below(standard: Fraction, percent: Fraction, digits: int) -> Decimal:
    """Return the least net, in minor units, whose discount is strictly below `percent`.

    On a standard price of 100,000.00 and 20 % it is 80,000.01. Below 0 % is at standard price.
    """
    if not percent:
        return least_net_at_standard(standard, digits)
    units = standard * (100 - percent) / 100 * 10**digits
    return Decimal(units.numerator // units.denominator + 1).scaleb(-digits)


def least_net_at_standard(standard: Fraction, digits: int) -> Decimal:
    """Return the least net, in minor units, that is no discount at all."""
    units = standard * 10**digits
    return Decimal(-(-units.numerator // units.denominator)).scaleb(-digits)


# Down the price bands


def _lower_bands(policy: Policy, terms: Terms, route: Route) -> Iterator[Avoid]:
    """For each lower authority, the least net at which it suffices."""
    deciding = [tried for tried in route.reasons if tried.axis is Axis.PRICE]
    authority = max((price_authority(policy, tried.roles) for tried in deciding), default=0)
    for edge in _edges(policy, authority):
        for changed, steps in _repriced(policy, terms, edge):
            after = evaluate(policy, changed)
            gone = route.roles - after.roles
            if gone and not after.problems and not _price_roles(after) >= _price_roles(route):
                yield Avoid(_ordered(gone), steps, after.key, _band_words(steps, after), changed)
                break


def _band_words(steps: tuple[Step, ...], after: Route) -> str:
    with_these = capital(listed(step.sentence for step in steps))
    still = _price_roles(after)
    if not still:
        return f"{with_these} and nobody is asked about the price."
    enough = "suffices" if after.roles == still else "suffices for the price"
    return f"{with_these} and {roles_text(_ordered(still))} {enough}."


def _edges(policy: Policy, authority: int) -> list[Fraction]:
    """The lower edges of the bands up to this authority, highest first."""
    edges = {
        exact(band.lower)
        for table in policy.prices
        for band in table.bands
        if 0 < price_authority(policy, band.roles) <= authority
    }
    return sorted(edges, reverse=True)


def _price_roles(route: Route) -> frozenset[Role]:
    """Who is asked because of a price band."""
    return frozenset(
        role for tried in route.reasons if tried.axis is Axis.PRICE for role in tried.roles
    )


def _ordered(roles: Iterable[Role]) -> tuple[Role, ...]:
    return tuple(sorted(roles, key=list(Role).index))


def _repriced(
    policy: Policy, terms: Terms, edge: Fraction
) -> Iterator[tuple[Terms, tuple[Step, ...]]]:
    """Ways to bring every judged basis below `edge`, the simplest first.

    One net for the whole quote; else a net for each line that is over the edge, for each
    contract year still over it, and last for what remains of the whole.
    """
    whole: list[Step] = []
    yield _raise_whole(terms, edge, whole), tuple(whole)
    steps: list[Step] = []
    if len(terms.price.lines) > 1:
        terms = _raise_lines(policy, terms, edge, steps)
        yield terms, tuple(steps)
    terms = _raise_years(terms, edge, steps)
    yield terms, tuple(steps)
    yield _raise_whole(terms, edge, steps), tuple(steps)


def _over(percent: Fraction | None, edge: Fraction) -> bool:
    """Whether a discount stands in the band from `edge`; at standard price it stands in none."""
    return percent is not None and percent > 0 and percent >= edge


def _raise_whole(terms: Terms, edge: Fraction, steps: list[Step]) -> Terms:
    blended = terms.price.blended
    if not _over(blended.percent, edge):
        return terms
    net = least_net_below(blended.standard, edge, terms.price.minor_digits)
    cells = [(line.key, year) for line in terms.price.lines for year in line.years]
    money = money_text(net, terms.currency, terms.price.minor_digits)
    steps.append(Step(Change.NET, f"net {money}", value=net))
    return _raised(terms, cells, exact(net) - blended.net)


def _raise_lines(policy: Policy, terms: Terms, edge: Fraction, steps: list[Step]) -> Terms:
    """Bring each line that counts below the edge."""
    while (line := judged_worst_line(policy, terms)) is not None:
        if not _over(line.percent, edge):
            break
        net = least_net_below(line.standard, edge, terms.price.minor_digits)
        money = money_text(net, terms.currency, terms.price.minor_digits)
        steps.append(Step(Change.LINE_NET, f"{line.name} at {money}", line.key, net))
        cells = [(line.key, year) for year in line.years]
        terms = _raised(terms, cells, exact(net) - line.net)
    return terms


def _raise_years(terms: Terms, edge: Fraction, steps: list[Step]) -> Terms:
    """Bring each contract year below the edge."""
    for total in terms.price.years:
        if not _over(total.percent, edge):
            continue
        net = least_net_below(total.standard, edge, terms.price.minor_digits)
        money = money_text(net, terms.currency, terms.price.minor_digits)
        said = f"contract year {total.year} at {money}"
        steps.append(Step(Change.YEAR_NET, said, str(total.year), net))
        cells = [
            (line.key, year)
            for line in terms.price.lines
            for year in line.years
            if year.year == total.year
        ]
        terms = _raised(terms, cells, exact(net) - total.net)
    return terms


def _raised(terms: Terms, cells: list[tuple[str, PricedYear]], by: Fraction) -> Terms:
    """Raise the nets of these line years by an amount in all, each by its share of the discount."""
    given = {
        (key, year.year): year.standard - year.net
        for key, year in cells
        if year.standard > year.net
    }
    total = sum(given.values(), Fraction(0))
    if not total:
        return terms
    nets = {
        (key, year.year): year.net + given[key, year.year] * by / total
        for key, year in cells
        if (key, year.year) in given
    }
    return replace(terms, price=with_nets(terms.price, nets))


# Other reasons


def _without_role(policy: Policy, terms: Terms, route: Route, role: Role) -> Avoid | None:
    """Undo every reason why a role is asked, or None when one of them cannot be undone."""
    group = route.group(role)
    reasons = group.reasons if group else ()
    if all(reason.axis is Axis.PRICE for reason in reasons):
        return None  # The bands say it better.
    changed, steps = terms, []
    for reason in reasons:
        undone = _undone(policy, changed, reason, role)
        if undone is None:
            return None
        changed, done = undone
        steps += [step for step in done if step not in steps]
    after = evaluate(policy, changed)
    gone = route.roles - after.roles
    if role not in gone or after.problems:
        return None
    words = f"{capital(listed(step.sentence for step in steps))}: {_left_out(gone)}."
    return Avoid(_ordered(gone), tuple(steps), after.key, words, changed)


def _left_out(gone: Iterable[Role]) -> str:
    roles = _ordered(gone)
    return f"{roles_text(roles)} {'is' if len(roles) == 1 else 'are'} not asked"


def _undone(
    policy: Policy, terms: Terms, reason: Tried, role: Role
) -> tuple[Terms, list[Step]] | None:
    """Undo one reason; None where the seller cannot (the customer's size, the deal's size)."""
    if reason.axis is Axis.PRICE:
        return _below_role(policy, terms, role)
    if reason.rule == "terms.payment":
        standard = timing_of(policy, terms, TimingKind.PAYMENT)
        payment = replace(terms.payment, key="standard", name=standard.label, rank=standard.rank)
        step = Step(Change.PAYMENT, f"payment {standard.label}")
        return replace(terms, payment=payment), [step]
    if reason.rule == "terms.billing":
        standard = timing_of(policy, terms, TimingKind.BILLING)
        billing = replace(terms.billing, key="standard", name=standard.label, rank=standard.rank)
        return replace(terms, billing=billing), [Step(Change.BILLING, f"billing {standard.label}")]
    if reason.rule.startswith("terms.volume."):
        return _within_tier(terms, reason.rule.removeprefix("terms.volume."))
    if reason.rule.startswith("terms.catalogue."):
        return _dropped(terms, reason.rule.removeprefix("terms.catalogue."))
    if reason.rule == "structure.term":
        return _shortened(policy, terms)
    if reason.rule == "structure.custom_multiyear":
        return _at_standard(terms)
    return None


def _below_role(policy: Policy, terms: Terms, role: Role) -> tuple[Terms, list[Step]] | None:
    """Go just under the lowest band that asks this role."""
    edges = [exact(band.lower) for t in policy.prices for band in t.bands if role in band.roles]
    if not edges:
        return None
    for changed, steps in _repriced(policy, terms, min(edges)):
        if role not in _price_roles(evaluate(policy, changed)):
            return changed, list(steps)
    return None


def _within_tier(terms: Terms, key: str) -> tuple[Terms, list[Step]] | None:
    """Claim no more than the tier that the quantity earns."""
    line = terms.price.line(key)
    if line is None:
        return None
    years = tuple(
        replace(year, ask=replace(year.ask, value=year.earned_percent), net=year.standard)
        if year.claimed_percent is not None and year.claimed_percent > year.earned_percent
        else year
        for year in line.years
    )
    lines = tuple(replace(x, years=years) if x.key == key else x for x in terms.price.lines)
    nets = {(key, year.year): year.net for year in years}
    price = with_nets(replace(terms.price, lines=lines), nets)
    step = Step(Change.VOLUME, f"{line.name} at the volume tier that its quantity earns", key)
    return replace(terms, price=price), [step]


def _dropped(terms: Terms, key: str) -> tuple[Terms, list[Step]]:
    name = next(term.name for term in terms.nonstandard if term.key == key)
    left = tuple(term for term in terms.nonstandard if term.key != key)
    return replace(terms, nonstandard=left), [Step(Change.DROP_TERM, f"without {name}", key)]


def _shortened(policy: Policy, terms: Terms) -> tuple[Terms, list[Step]] | None:
    """Keep the first contract years up to the standard term.

    Not where a published discount hangs on the term, or months are free: then the price of the
    shorter term is another one, and nobody can promise it.
    """
    months, price = policy.structure.standard_months, terms.price
    tied = any(line.term_percent for line in price.lines)
    if tied or months % 12 or price.term_months != price.paid_months:
        return None
    kept = [
        replace(line, years=tuple(year for year in line.years if year.year <= months // 12))
        for line in price.lines
    ]
    shorter = replace(
        price,
        lines=tuple(line for line in kept if line.years),
        term_months=months,
        paid_months=months,
    )
    step = Step(Change.TERM, f"a term of {months_text(months)}", value=Decimal(months))
    return replace(terms, price=with_nets(shorter, {})), [step]


def _at_standard(terms: Terms) -> tuple[Terms, list[Step]]:
    """Sell every line at its standard price: the least net that is no discount at all."""
    nets = {
        (line.key, year.year): max(year.net, year.standard)
        for line in terms.price.lines
        for year in line.years
    }
    price = with_nets(terms.price, nets)
    digits = price.minor_digits
    net = least_net_at_standard(price.blended.net, digits)
    said = f"net {money_text(net, terms.currency, digits)}, the standard price"
    return replace(terms, price=price), [Step(Change.NET, said, value=net)]


def _distinct(found: list[Avoid]) -> list[Avoid]:
    return list({(avoid.steps, avoid.key): avoid for avoid in found}.values())
