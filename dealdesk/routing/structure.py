"""The structure axis: the length of the term, and the segment of the account."""

from __future__ import annotations

from collections.abc import Iterator

from dealdesk.policy import Axis, Policy, Role, Topic
from dealdesk.pricing import exact
from dealdesk.routing.route import Result, Tried
from dealdesk.terms import Terms
from dealdesk.wording import months_text, roles_text


def structure_axis(
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
