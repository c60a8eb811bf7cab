"""Who must agree to these terms under this policy, and why: `evaluate(policy, terms) -> Route`.

Preview, submission, replay of past deals and "what would avoid it" are all this one function. It
names roles, never people, and it never raises: terms that cannot be judged give named problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from dealdesk.canonical import ADDED, decimal_text, fraction_text, from_plain, plain
from dealdesk.ladder import Rung
from dealdesk.policy import (
    Axis,
    CashTiming,
    JudgedBasis,
    Policy,
    PriceBand,
    PriceTable,
    Role,
    RoleRule,
    SizeMode,
    StepMode,
    StepOrder,
    TimingKind,
    Topic,
    price_authority,
)
from dealdesk.pricing import (
    PricedLine,
    PricedQuote,
    Problem,
    exact,
    of_families,
    worst_line,
    worst_year,
)
from dealdesk.terms import NonStandardTerm, Terms
from dealdesk.wording import capital, listed, money_text, months_text, percent_text, roles_text

AUTOMATIC = "automatic"
REFUSED = "refused"


class Result(StrEnum):
    """What came of a rule: it asks, it is outranked by a higher band, it only informs, or not."""

    ASKS = "asks"
    OUTRANKED = "outranked"
    INFORMS = "informs"
    NOT_MET = "not_met"


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule as it was tried: the value, the threshold it was held against, and the result.

    `value` and `threshold` are exact texts ("70/3" where digits do not end); `sentence` is for
    people and shows percentages cut to two decimals.
    """

    rule: str
    axis: Axis
    topic: Topic
    result: Result
    value: str
    threshold: str
    sentence: str
    roles: tuple[Role, ...] = ()
    operands: tuple[tuple[str, str], ...] = ()

    @property
    def asks(self) -> bool:
        return self.result is Result.ASKS


@dataclass(frozen=True, slots=True)
class RouteGroup:
    """One role of a step: how many yes it needs (0 is all), on which topics, in business hours.

    With `percent` it needs that share of those who are asked, rounded up.
    """

    role: Role
    needed: int
    topics: tuple[Topic, ...]
    hours: int
    reasons: tuple[Tried, ...]
    percent: int = field(default=0, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One thing to be agreed. Steps of one wave are asked together, waves one after another."""

    key: str
    name: str
    wave: int
    mode: StepMode
    groups: tuple[RouteGroup, ...]

    @property
    def hours(self) -> int:
        return max(group.hours for group in self.groups)


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody is told and asked nothing."""

    role: Role
    sentence: str


@dataclass(frozen=True, slots=True)
class Route:
    """Everything that follows from one policy and one set of terms."""

    policy_version: str
    steps: tuple[RouteStep, ...]
    trace: tuple[Tried, ...]
    alerts: tuple[Alert, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def automatic(self) -> bool:
        """Nobody is asked, and nothing is wrong."""
        return not self.steps and not self.problems

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(group.role for step in self.steps for group in step.groups)

    @property
    def key(self) -> str:
        """The roles sorted and joined ("deal_desk+finance+legal"), "automatic" or "refused"."""
        if self.problems:
            return REFUSED
        return "+".join(sorted(self.roles)) or AUTOMATIC

    @property
    def hours(self) -> int:
        """Business hours until the last answer is due: waves add up, a wave is its slowest step."""
        waves: dict[int, int] = {}
        for step in self.steps:
            waves[step.wave] = max(waves.get(step.wave, 0), step.hours)
        return sum(waves.values())

    @property
    def working_days(self) -> Decimal:
        """The hours as working days of eight hours."""
        return Decimal(self.hours) / 8

    @property
    def reasons(self) -> tuple[Tried, ...]:
        """The rules that ask somebody."""
        return tuple(tried for tried in self.trace if tried.asks)

    def group(self, role: Role) -> RouteGroup | None:
        groups = (group for step in self.steps for group in step.groups)
        return next((group for group in groups if group.role is role), None)


def route_plain(route: Route) -> dict[str, Any]:
    """Return a route in JSON's own types, as it is stored with a request."""
    data: dict[str, Any] = plain(route)
    return data


def route_from_plain(data: dict[str, Any]) -> Route:
    return from_plain(Route, data)


def evaluate(policy: Policy, terms: Terms) -> Route:
    """Judge the terms on every axis of the policy and return the union of who must agree."""
    problems = _problems(policy, terms)
    if problems:
        return Route(policy.version, (), (), problems=problems)
    price, custom, beyond = _price_axis(policy, terms)
    nonstandard = list(_terms_axis(policy, terms))
    beyond_standard = any(tried.asks for tried in nonstandard)
    structure = list(_structure_axis(policy, terms, custom, beyond, beyond_standard))
    size = _size_axis(policy, terms)
    trace = (*price, *nonstandard, *structure, *size)
    return Route(policy.version, _steps(policy, trace), trace, alerts=tuple(_alerts(policy, trace)))


def _problems(policy: Policy, terms: Terms) -> tuple[Problem, ...]:
    """Name what makes the terms impossible to judge; a list of zero is never automatic."""
    price = terms.price
    problems = list(price.problems)
    if not problems and price.blended.standard <= 0:
        problems.append(Problem("zero_standard", "The standard price of the quote is zero."))
    if not problems and price.blended.net < 0:
        problems.append(Problem("negative_net", "The net of the quote is below zero."))
    if terms.annual_value is None:
        problems.append(
            Problem(
                "rate_missing",
                f"There is no exchange rate of {terms.currency} to {terms.company.currency}"
                " recent enough for the day of submission.",
            )
        )
    if not problems:
        problems += _floors(policy, terms)
    problems += _prohibited(terms)
    return tuple(problems)


def _floors(policy: Policy, terms: Terms) -> Iterator[Problem]:
    """Discounts that nobody can approve, whoever is asked."""
    for floor in policy.floors:
        subject, percent = _measured(policy, terms, floor.basis)
        if percent is not None and percent > 0 and percent >= exact(floor.percent):
            yield Problem(
                "floor",
                f"{capital(subject)} is {percent_text(percent)} below standard:"
                f" from {percent_text(floor.percent)} nobody can approve.",
                floor.basis.value,
            )


def _prohibited(terms: Terms) -> Iterator[Problem]:
    for term in terms.nonstandard:
        if term.rung is Rung.PROHIBITED:
            what = f" ({term.rung_name})" if term.rung_name else ""
            yield Problem(
                "prohibited_term",
                f"{term.name} is prohibited in this wording{what}: nobody can approve it.",
                term.key,
            )


# The price axis


@dataclass(slots=True)
class _Judged:
    """One basis of one table, with the band it falls into; no band at or above standard."""

    basis: JudgedBasis
    subject: str
    percent: Fraction
    table: PriceTable
    band: PriceBand | None

    @property
    def roles(self) -> tuple[Role, ...]:
        return self.band.roles if self.band else ()


def _price_axis(policy: Policy, terms: Terms) -> tuple[list[Tried], bool, bool]:
    """Return what was tried, whether the price is custom (d > 0), whether beyond rep authority."""
    judged = [item for table in policy.prices for item in _judged(policy, terms, table)]
    top = max((price_authority(policy, item.roles) for item in judged), default=0)
    custom = any(item.percent > 0 and item.basis is not JudgedBasis.OFF_LIST for item in judged)
    beyond = any(item.roles for item in judged)
    return [_price_tried(policy, item, top) for item in judged], custom, beyond


def _judged(policy: Policy, terms: Terms, table: PriceTable) -> Iterator[_Judged]:
    """Measure each basis of a table; line and year only where they differ from the whole."""
    price = of_families(terms.price, table.families) if table.families else terms.price
    whole = price.blended.percent
    seen_whole = False
    for basis in table.bases:
        subject, percent = _measured(policy, terms, basis, price, table.families)
        if percent is None:
            continue
        if basis is JudgedBasis.BLENDED:
            seen_whole = True
        elif seen_whole and percent == whole and basis is not JudgedBasis.OFF_LIST:
            continue
        yield _Judged(basis, subject, percent, table, band_of(table, percent))


def _measured(
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


def _price_tried(policy: Policy, item: _Judged, top: int) -> Tried:
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


def _asked_by(policy: Policy, item: _Judged) -> tuple[Role, ...]:
    """The roles of the band; with a ladder those of every lower band before them."""
    if item.band is None or not policy.ladder:
        return item.roles
    passed = (band for band in item.table.bands if band.lower <= item.band.lower)
    return tuple(dict.fromkeys(role for band in passed for role in band.roles))


def _price_sentence(item: _Judged, roles: tuple[Role, ...], outranked: bool) -> str:
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


# The terms axis


def _terms_axis(policy: Policy, terms: Terms) -> Iterator[Tried]:
    for kind, asked in (
        (TimingKind.PAYMENT, terms.payment),
        (TimingKind.BILLING, terms.billing),
    ):
        standard = timing_of(policy, terms, kind)
        yield _timing(
            f"terms.{kind.value}",
            f"{capital(kind.value)} {asked.name}",
            asked.rank,
            standard.label,
            standard.rank,
            standard.roles,
        )
    for line in terms.price.lines:
        yield from _volume_claims(policy, line)
    yield from _catalogue_terms(policy, terms)
    yield from _redlines(terms)


def timing_of(policy: Policy, terms: Terms, kind: TimingKind) -> CashTiming:
    """The standard of payment or billing that holds for these terms."""
    return standard_for(policy, kind, judged_segment(policy, terms.segment.key), terms.region)


def standard_for(policy: Policy, kind: TimingKind, segment: str, region: str) -> CashTiming:
    """The most specific standard of payment or billing for a judged segment and a region.

    Segment in region before segment, segment before region, and the general one last.
    """
    rules = policy.terms
    general = rules.payment if kind is TimingKind.PAYMENT else rules.billing
    fitting = [
        row
        for row in rules.timings
        if row.kind is kind
        and row.segment in ("", segment)
        and row.region in ("", region)
        and (row.segment or row.region)
    ]
    if not fitting:
        return general
    return max(fitting, key=lambda row: (bool(row.segment), bool(row.region))).timing


def _timing(
    rule: str, subject: str, rank: int, standard: str, standard_rank: int, roles: tuple[Role, ...]
) -> Tried:
    """Later cash than standard asks; the same or sooner never does."""
    later = rank > standard_rank
    asks = later and bool(roles)
    sentence = (
        f"{subject} is later than the standard {standard}: {roles_text(roles)}."
        if later
        else f"{subject} is no later than the standard {standard}."
    )
    return Tried(
        rule=rule,
        axis=Axis.TERMS,
        topic=Topic.COMMERCIAL,
        result=Result.ASKS if asks else Result.NOT_MET,
        value=str(rank),
        threshold=str(standard_rank),
        sentence=sentence,
        roles=roles if asks else (),
        operands=(("asked", subject), ("standard", standard)),
    )


def _volume_claims(policy: Policy, line: PricedLine) -> Iterator[Tried]:
    """Hold the volume tier a line claims against the tier its quantity earns, at its worst year."""
    claims = [
        (claimed - year.earned_percent, claimed, year.earned_percent)
        for year in line.years
        if (claimed := year.claimed_percent) is not None
    ]
    if not claims:
        return
    excess, claimed, earned = max(claims)
    roles = policy.terms.volume_roles if excess > 0 else ()
    said = f"{line.name} claims a volume discount of {percent_text(claimed)}"
    sentence = (
        f"{said}, {percent_text(excess)[:-2]} points beyond the {percent_text(earned)} that its"
        f" quantity earns: {roles_text(roles)}."
        if excess > 0
        else f"{said}, which its quantity earns."
    )
    yield Tried(
        rule=f"terms.volume.{line.key}",
        axis=Axis.TERMS,
        topic=Topic.PRICE,
        result=Result.ASKS if roles else Result.NOT_MET,
        value=decimal_text(claimed),
        threshold=decimal_text(earned),
        sentence=sentence,
        roles=roles,
        operands=(("line", line.name), ("claimed", str(claimed)), ("earned", str(earned))),
    )


def _catalogue_terms(policy: Policy, terms: Terms) -> Iterator[Tried]:
    for term in terms.nonstandard:
        roles, sentence = term_asks(policy, term)
        yield Tried(
            rule=f"terms.catalogue.{term.key}",
            axis=Axis.TERMS,
            topic=term.category.topic,
            result=Result.ASKS if roles else Result.NOT_MET,
            value=term.requested_value,
            threshold=term.standard_value,
            sentence=sentence,
            roles=roles,
            operands=(("term", term.key), ("category", term.category.value)),
        )


def term_asks(policy: Policy, term: NonStandardTerm) -> tuple[tuple[Role, ...], str]:
    """Whom one catalogue term asks, and why, by where its wording stands on the ladder."""
    wish = f"{term.name} ({term.requested_value})" if term.requested_value else term.name
    if term.rung is Rung.STANDARD:
        return (), f"{term.name} is asked for in our standard wording."
    if term.rung is Rung.FALLBACK:
        roles, said = term.rung_roles, f"{wish} is pre-approved as “{term.rung_name}”"
    elif term.key in policy.terms.adopted:
        if not term.is_paper:
            return (), f"{wish} has become a standard term."
        roles, said = (), f"{wish} has become a standard term, and is not our paper"
    else:
        roles, said = _owners(policy, term), f"{wish} is not a standard term"
    if term.is_paper:
        roles = tuple(dict.fromkeys((*roles, Role.LEGAL)))
    return roles, f"{said}: {roles_text(roles)}."


def _owners(policy: Policy, term: NonStandardTerm) -> tuple[Role, ...]:
    asked = [
        role
        for rule in policy.terms.categories
        if rule.category is term.category
        for role in rule.roles
    ]
    if policy.terms.owners_too:
        asked += term.owner_roles
    return tuple(dict.fromkeys(asked))


def _redlines(terms: Terms) -> Iterator[Tried]:
    """Changes in our contract are read by legal, whatever the policy says of terms."""
    if not terms.redlines:
        return
    files = len(terms.redlines)
    said = "A file with redlines comes" if files == 1 else f"{files} files with redlines come"
    yield Tried(
        rule="terms.redlines",
        axis=Axis.TERMS,
        topic=Topic.LEGAL,
        result=Result.ASKS,
        value=str(files),
        threshold="0",
        sentence=f"{said} with the quote: {roles_text((Role.LEGAL,))}.",
        roles=(Role.LEGAL,),
    )


# The structure axis


def _structure_axis(
    policy: Policy, terms: Terms, custom: bool, beyond: bool, nonstandard: bool
) -> Iterator[Tried]:
    rules, months = policy.structure, terms.term_months
    long = (months or 0) > rules.standard_months
    yield _structure_tried(
        "structure.term",
        long,
        rules.long_term_roles,
        value=str(months or 0),
        threshold=str(rules.standard_months),
        yes=f"A term of {months_text(months)} is longer than {rules.standard_months} months",
        no=f"With {months_text(months)} the term is not longer than {rules.standard_months} months",
    )
    yield _structure_tried(
        "structure.custom_multiyear",
        long and custom,
        rules.custom_multiyear_roles,
        value="custom" if custom else "standard",
        threshold=str(rules.standard_months),
        yes=f"A term of {months_text(months)} at a custom price",
        no="No custom price on a longer term",
    )
    yield _segment_tried(policy, terms, beyond, nonstandard)


def _structure_tried(
    rule: str,
    met: bool,
    roles: tuple[Role, ...],
    *,
    value: str,
    threshold: str,
    yes: str,
    no: str,
    operands: tuple[tuple[str, str], ...] = (),
) -> Tried:
    asks = met and bool(roles)
    return Tried(
        rule=rule,
        axis=Axis.STRUCTURE,
        topic=Topic.COMMERCIAL,
        result=Result.ASKS if asks else Result.NOT_MET,
        value=value,
        threshold=threshold,
        sentence=f"{yes}: {roles_text(roles)}." if met else f"{no}.",
        roles=roles if asks else (),
        operands=operands,
    )


def judged_segment(policy: Policy, segment: str) -> str:
    """The segment a policy judges: an unknown one counts as the policy says."""
    known = {band.key for band in policy.segments}
    return segment if segment in known else policy.structure.unknown_as


def _segment_tried(policy: Policy, terms: Terms, beyond: bool, nonstandard: bool) -> Tried:
    rules = policy.structure
    key = judged_segment(policy, terms.segment.key)
    label = next((band.label for band in policy.segments if band.key == key), key)
    said = f"The account's segment is {label}"
    if key != terms.segment.key:
        said = f"The account's segment is unknown and judged as {label}"
    large = key in rules.enterprise_segments
    together = large and _enterprise_with(policy, terms, beyond, nonstandard)
    no = f"{said}, alone and on standard terms" if large else said
    return _structure_tried(
        "structure.segment",
        together,
        rules.enterprise_roles,
        value=key,
        threshold=" ".join(rules.enterprise_segments),
        yes=said,
        no=no,
        operands=(("segment", terms.segment.key), ("source", terms.segment.source.value)),
    )


def _enterprise_with(policy: Policy, terms: Terms, beyond: bool, nonstandard: bool) -> bool:
    """Whether what the policy wants to see beside an enterprise segment is there."""
    needs = policy.structure.only_with
    if needs is None:
        return True
    if (needs.nonstandard_term and nonstandard) or (needs.beyond_rep_authority and beyond):
        return True
    value = terms.annual_value
    limit = needs.annual_value_above
    return limit is not None and value is not None and value > exact(limit)


# The size axis


def _size_axis(policy: Policy, terms: Terms) -> list[Tried]:
    rules, value = policy.size, terms.annual_value
    if rules.mode is SizeMode.OFF or value is None:
        return []
    above = value > exact(rules.threshold)
    limit = money_text(rules.threshold, terms.company.currency)
    said = f"The annual value is {money_text(value, terms.company.currency)}"
    if not above:
        result, sentence = Result.NOT_MET, f"{said}, not above {limit}."
    elif rules.mode is SizeMode.ALERT:
        result = Result.INFORMS
        sentence = f"{said}, above {limit}: {roles_text(rules.roles)} is told."
    else:
        result, sentence = Result.ASKS, f"{said}, above {limit}: {roles_text(rules.roles)}."
    rate = terms.company.per_company_unit
    tried = Tried(
        rule="size.annual_value",
        axis=Axis.SIZE,
        topic=Topic.PRICE,
        result=result,
        value=fraction_text(value),
        threshold=decimal_text(rules.threshold),
        sentence=sentence,
        roles=rules.roles if above else (),
        operands=(
            ("per_company_unit", decimal_text(rate) if rate else ""),
            ("rate_date", terms.company.rate_date.isoformat() if terms.company.rate_date else ""),
        ),
    )
    return [tried]


# From reasons to steps

_RANK = {role: number for number, role in enumerate(Role)}


def _steps(policy: Policy, trace: Iterable[Tried]) -> tuple[RouteStep, ...]:
    reasons: dict[Role, list[Tried]] = {}
    for tried in trace:
        if tried.asks:
            for role in tried.roles:
                reasons.setdefault(role, []).append(tried)
    waves = _waves(policy, reasons)
    done: set[Role] = set()
    steps = []
    for role in sorted(reasons, key=lambda role: (waves[role], _RANK[role])):
        if role in done:
            continue
        together = _together(policy, role, reasons)
        done.update(together)
        steps.append(_step(policy, together, reasons, waves))
    return tuple(_counted(steps) if policy.order in IN_TURN else steps)


IN_TURN = frozenset({StepOrder.WAVES, StepOrder.SEQUENCE})


def _counted(steps: list[RouteStep]) -> Iterator[RouteStep]:
    """The steps in the order they open, their waves counted without a gap."""
    numbers = {wave: number for number, wave in enumerate(sorted({s.wave for s in steps}), 1)}
    for step in sorted(steps, key=lambda step: step.wave):
        yield replace(step, wave=numbers[step.wave])


def _together(policy: Policy, role: Role, asked: Iterable[Role]) -> tuple[Role, ...]:
    """The roles that are asked in one step with this one."""
    asked = set(asked)
    for group in policy.groups:
        if role in group:
            return tuple(member for member in group if member in asked)
    return (role,)


def _step(
    policy: Policy,
    roles: tuple[Role, ...],
    reasons: dict[Role, list[Tried]],
    waves: dict[Role, int],
) -> RouteStep:
    rules = [policy.rule(role) for role in roles]
    groups = tuple(
        RouteGroup(
            rule.role,
            _needed(rule),
            rule.topics,
            rule.hours,
            tuple(reasons[rule.role]),
            percent=rule.percent if rule.mode is StepMode.PERCENT else 0,
        )
        for rule in rules
    )
    return RouteStep(
        key="+".join(sorted(roles)),
        name=capital(" and ".join(role.label.removeprefix("the ") for role in roles)),
        wave=max(waves[role] for role in roles),
        mode=StepMode.PER_GROUP if len(roles) > 1 else rules[0].mode,
        groups=groups,
    )


EVERYBODY = frozenset({StepMode.UNANIMOUS, StepMode.PERCENT, StepMode.ALL_ANSWERED})
"""Modes whose number is known only when the people are: everybody who is asked has a say."""


def _needed(rule: RoleRule) -> int:
    """How many yes a role needs; 0 means it depends on everybody asked."""
    if rule.mode in EVERYBODY:
        return 0
    return rule.needed if rule.mode is StepMode.QUORUM else 1


def _waves(policy: Policy, reasons: dict[Role, list[Tried]]) -> dict[Role, int]:
    """When each role is asked: all at once, unless the policy's order or its ladder says later."""
    for_price = [
        role
        for role in policy.price_ladder
        if any(tried.axis is Axis.PRICE for tried in reasons.get(role, ()))
    ]
    if policy.order is StepOrder.SEQUENCE:
        rest = sorted(set(reasons) - set(for_price), key=_RANK.__getitem__)
        return {role: number for number, role in enumerate((*for_price, *rest), 1)}
    waves = dict.fromkeys(reasons, 1)
    if policy.ladder:
        waves.update({role: number for number, role in enumerate(for_price, 1)})
    first = list(for_price)
    if policy.order is StepOrder.WAVES and Role.DEAL_DESK in reasons:
        first.append(Role.DEAL_DESK)
    if policy.order in (StepOrder.PRICE_FIRST, StepOrder.WAVES) and first:
        after = max(waves[role] for role in first) + 1
        waves.update({role: after for role in reasons if role not in first})
    return waves


def _alerts(policy: Policy, trace: Iterable[Tried]) -> Iterator[Alert]:
    """Who is told: the desk of a large deal, and the bands below the one that decides."""
    top = 0
    for tried in trace:
        if tried.result is Result.INFORMS:
            for role in tried.roles:
                yield Alert(role, tried.sentence)
        if tried.asks and tried.axis is Axis.PRICE:
            top = max(top, price_authority(policy, tried.roles))
    if not policy.ladder and top > 1:
        decider = policy.price_ladder[top - 1].label
        for role in policy.price_ladder[: top - 1]:
            yield Alert(role, f"{capital(decider)} is asked about the price.")
