"""A policy in sentences: what asks whom, read off its data so that page and rule cannot differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from dealdesk.policy import (
    CashTimingFor,
    Floor,
    JudgedBasis,
    Policy,
    PriceTable,
    Role,
    RoleRule,
    SamePerson,
    SizeMode,
    StepMode,
    StepOrder,
    StepUp,
    TermCategory,
    TimingKind,
)
from dealdesk.wording import capital, listed, money_text, months_text, percent_text, roles_text
from revops.worktime.arithmetic import working_days_label

BASES = {
    JudgedBasis.BLENDED: "the whole quote",
    JudgedBasis.WORST_LINE: "the worst line",
    JudgedBasis.WORST_YEAR: "the worst contract year",
    JudgedBasis.RECURRING: "the recurring lines",
    JudgedBasis.ONE_OFF: "the one-off lines",
    JudgedBasis.OFF_LIST: "the total against list",
}


@dataclass(frozen=True)
class Sentence:
    """One rule: what it looks at, and what follows."""

    when: str
    then: str


@dataclass(frozen=True)
class Section:
    title: str
    lead: str
    rules: tuple[Sentence, ...]


def policy_words(policy: Policy, currency: str) -> list[Section]:
    """The whole policy, axis by axis, then how people are asked."""
    return [
        *price_sections(policy.prices),
        *floor_sections(policy.floors),
        Section(
            "Terms",
            "Sooner cash than standard never asks anybody; later cash does.",
            tuple(terms_rules(policy)),
        ),
        Section("Structure", "How long, and with whom.", tuple(structure_rules(policy, currency))),
        Section(
            "Size", "The largest contract year, one-offs included.", (size_rule(policy, currency),)
        ),
        Section("Who is asked, and for how long", asking_lead(policy), tuple(asked_rules(policy))),
        Section("Cover", "What an approval is good for.", tuple(cover_rules(policy, currency))),
    ]


def price_sections(tables: tuple[PriceTable, ...]) -> list[Section]:
    """A section for each table; those of one name are numbered."""
    sections = [price_section(table) for table in tables]
    titles = [section.title for section in sections]
    return [
        replace(section, title=f"{section.title}, table {titles[:place].count(section.title) + 1}")
        if titles.count(section.title) > 1
        else section
        for place, section in enumerate(sections)
    ]


def price_section(table: PriceTable) -> Section:
    bases = listed(BASES[basis] for basis in table.bases)
    rules = []
    for number, band in enumerate(table.bands):
        above = table.bands[number + 1].lower if number + 1 < len(table.bands) else None
        lower = percent_text(band.lower)
        when = f"From {lower}" if above is None else f"{lower} to below {percent_text(above)}"
        if not band.lower:
            when = f"Below {percent_text(above)}" if above is not None else "Any discount"
        then = f"asks {roles_text(band.roles)}" if band.roles else "the rep's own authority"
        rules.append(Sentence(when, then))
    lead = f"The discount below standard price, measured on {bases}; the highest decides."
    if not table.families:
        return Section("Price", lead, tuple(rules))
    return Section(f"Price of {listed(table.families)}", f"Only these lines. {lead}", tuple(rules))


def floor_sections(floors: tuple[Floor, ...]) -> Iterator[Section]:
    if floors:
        rules = [
            Sentence(f"{percent_text(floor.percent)} or more on {BASES[floor.basis]}", "refused")
            for floor in floors
        ]
        yield Section("Price floors", "Nobody can approve these.", tuple(rules))


def terms_rules(policy: Policy) -> Iterator[Sentence]:
    terms = policy.terms
    yield Sentence(f"Payment later than {terms.payment.label}", asks(terms.payment.roles))
    yield Sentence(f"Billing later than {terms.billing.label}", asks(terms.billing.roles))
    for other in terms.timings:
        yield timing_rule(other, policy)
    yield Sentence("A volume tier above the one its quantity earns", asks(terms.volume_roles))
    by_roles: dict[tuple[Role, ...], list[str]] = {}
    for rule in terms.categories:
        by_roles.setdefault(rule.roles, []).append(rule.category.value.replace("_", " "))
    every = len(by_roles) == 1 and len(terms.categories) == len(TermCategory)
    for roles, categories in by_roles.items():
        of = "any term of the catalogue" if every else f"a catalogue term on {listed(categories)}"
        besides = ", and the owners of the term" if terms.owners_too else ""
        yield Sentence(capital(of), asks(roles) + besides)
    if terms.adopted:
        names = listed(key.replace("-", " ") for key in terms.adopted)
        yield Sentence(f"Adopted as standard: {names}", "nobody")


def timing_rule(other: CashTimingFor, policy: Policy) -> Sentence:
    what = "Payment" if other.kind is TimingKind.PAYMENT else "Billing"
    return Sentence(
        f"{what} later than {other.timing.label} for {scope_text(other, policy)}",
        f"{asks(other.timing.roles)}, in place of the general rule",
    )


def scope_text(other: CashTimingFor, policy: Policy) -> str:
    """Whom another standard is for: "Enterprise accounts in DACH"."""
    names = {band.key: band.label for band in policy.segments}
    segment = names.get(other.segment, other.segment)
    accounts = f"{segment} accounts" if segment else "accounts"
    return f"{accounts} in {other.region}" if other.region else accounts


def structure_rules(policy: Policy, currency: str) -> Iterator[Sentence]:
    axis = policy.structure
    standard = months_text(axis.standard_months)
    yield Sentence(f"More than {standard}", asks(axis.long_term_roles))
    yield Sentence(f"More than {standard} at a discount", asks(axis.custom_multiyear_roles))
    names = {band.key: band.label for band in policy.segments}
    segments = listed(names.get(key, key) for key in axis.enterprise_segments)
    when = f"An account in {segments}"
    if axis.only_with is not None:
        conditions = []
        if axis.only_with.nonstandard_term:
            conditions.append("a non-standard term")
        if axis.only_with.beyond_rep_authority:
            conditions.append("a discount beyond the rep's authority")
        if axis.only_with.annual_value_above is not None:
            amount = money_text(axis.only_with.annual_value_above, currency, 0)
            conditions.append(f"more than {amount} a year")
        when = f"{when}, together with {either(conditions)}"
    yield Sentence(when, asks(axis.enterprise_roles))
    bands = [f"{band.label} from {heads_words(band.from_heads)}" for band in policy.segments]
    yield Sentence(
        f"Segments: {listed(bands)}",
        f"an unknown head count is judged as {names.get(axis.unknown_as, axis.unknown_as)}",
    )
    whose = "the ultimate parent" if policy.segment_of_parent else "the account itself"
    yield Sentence("The head count that counts", f"that of {whose}")


def heads_words(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def either(conditions: list[str]) -> str:
    """ "a, b or c"."""
    if len(conditions) < 2:
        return "".join(conditions)
    return f"{', '.join(conditions[:-1])} or {conditions[-1]}"


def size_rule(policy: Policy, currency: str) -> Sentence:
    size = policy.size
    when = f"More than {money_text(size.threshold, currency, 0)} a year"
    if size.mode is SizeMode.OFF:
        return Sentence(when, "nobody")
    if size.mode is SizeMode.ALERT:
        return Sentence(when, f"{roles_text(size.roles)} is told and asked nothing")
    return Sentence(when, asks(size.roles))


ORDERS = {
    StepOrder.PARALLEL: "at the same time",
    StepOrder.PRICE_FIRST: "the price first, then the rest",
    StepOrder.WAVES: (
        "price and deal desk first, then finance and legal, who may look from the start"
    ),
    StepOrder.SEQUENCE: "one step after the other",
}


def asking_lead(policy: Policy) -> str:
    veto = (
        "one rejection ends the request"
        if policy.one_veto
        else "a majority may outvote a rejection"
    )
    ladder = (
        "each lower level is asked too"
        if policy.ladder
        else "only the highest price level is asked"
    )
    once = (
        "; who holds several steps answers once for the same topics"
        if policy.same_person is SamePerson.CARRIED
        else ""
    )
    return f"Everybody is asked {ORDERS[policy.order]}; {veto}; {ladder}{once}."


MODES = {
    StepMode.FIRST_RESPONSE: "the first answer counts",
    StepMode.UNANIMOUS: "all must agree",
    StepMode.QUORUM: "{needed} must agree",
    StepMode.PER_GROUP: "each group must agree",
    StepMode.PERCENT: "{percent} % of those asked must agree",
    StepMode.ALL_ANSWERED: "all must answer and one must agree",
}

STEP_UPS = {
    StepUp.RETYPE: "retypes the discount to decide from a mail",
    StepUp.SIGN_IN: "signs in to decide from a mail",
}


def asked_rules(policy: Policy) -> Iterator[Sentence]:
    yield from role_rules(policy)
    ladder = ", ".join(role.label for role in policy.price_ladder)
    yield Sentence("Authority over price, lowest first", ladder or "nobody")
    for group in policy.groups:
        yield Sentence("Asked in one step, each for itself", roles_text(group))


def role_rules(policy: Policy) -> Iterator[Sentence]:
    both = {role for group in policy.groups if len(group) > 1 for role in group}
    for rule in policy.roles:
        yield Sentence(capital(rule.role.label), role_words(rule, rule.role in both))


def role_words(rule: RoleRule, in_group: bool) -> str:
    words = [
        f"judges {listed(topic.value for topic in rule.topics)}",
        f"within {working_days_label(timedelta(hours=rule.hours))}",
        MODES[rule.mode].format(needed=rule.needed, percent=rule.percent),
    ]
    if in_group:
        words.append("each group of the step must agree")
    if rule.fallback:
        words.append(f"{rule.fallback} stands in when nobody is left")
    if rule.backup:
        words.append(f"{rule.backup} is added when the time is up")
    if rule.step_up in STEP_UPS:
        words.append(STEP_UPS[rule.step_up])
    return "; ".join(words)


def cover_rules(policy: Policy, currency: str) -> Iterable[Sentence]:
    share = percent_text(policy.materiality.share_percent)
    amount = money_text(policy.materiality.amount, currency, 0)
    tolerance = policy.tolerance_percent
    same = (
        "the same or better for us"
        if not tolerance
        else f"no more than {percent_text(tolerance)} worse"
    )
    return [
        Sentence(
            "An approval covers terms that are",
            f"{same} on every topic, with nothing less in return",
        ),
        Sentence("An approval is good for issuing", days_text(policy.validity_days)),
        Sentence("A request that nobody answers ends after", days_text(policy.pending_days)),
        Sentence("An approver may take an approval back within", f"{policy.revoke_hours} hours"),
        Sentence("A line counts as worst line", f"from {share} of the quote or {amount}"),
    ]


def days_text(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def asks(roles: tuple[Role, ...]) -> str:
    return f"asks {roles_text(roles)}" if roles else "asks nobody"
