"""The terms axis: payment, billing, volume claims, catalogue terms, redlines."""

from __future__ import annotations

from collections.abc import Iterator

from dealdesk.canonical import decimal_text
from dealdesk.ladder import Rung
from dealdesk.policy import Axis, CashTiming, Policy, Role, TimingKind, Topic
from dealdesk.pricing import PricedLine
from dealdesk.routing.route import Result, Tried
from dealdesk.routing.structure import judged_segment
from dealdesk.terms import NonStandardTerm, Terms
from dealdesk.wording import capital, percent_text, roles_text


def terms_axis(policy: Policy, terms: Terms) -> Iterator[Tried]:
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
