"""What makes a request one that is looked at by itself: never decided in a row with others."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from dealdesk.ladder import Rung
from dealdesk.policy import Axis, JudgedBasis, Policy
from dealdesk.pricing import exact, worst_year
from dealdesk.routing import Result, Tried, judged_segment, judged_worst_line
from dealdesk.terms import NonStandardTerm, Terms


def hard_flags(terms: Terms, policy: Policy, trace: Iterable[Tried]) -> list[str]:
    """Why these terms are read one by one, in words; empty for the like of others.

    A term that is not standard or prohibited, the customer's own paper, an account of a segment
    that is reviewed for its size (or of none known), a discount of the highest band or beyond a
    floor.
    """
    found = [f"asks for {term.name}" for term in terms.nonstandard if is_custom(term, policy)]
    if terms.on_paper:
        found.append("is on the customer's paper, or has redlines")
    if judged_segment(policy, terms.segment.key) in policy.structure.enterprise_segments:
        known = terms.segment.key != "unknown"
        found.append("is for a large account" if known else "is for an account of unknown size")
    if in_highest_band(trace, policy):
        found.append("has a discount of the highest band")
    if beyond_floor(terms, policy):
        found.append("is beyond a floor that nobody may go under")
    return found


def is_custom(term: NonStandardTerm, policy: Policy) -> bool:
    """Whether a term is worded freely or prohibited: not adopted, and on no rung of its ladder."""
    known = term.rung in (Rung.STANDARD, Rung.FALLBACK)
    return not known and term.key not in policy.terms.adopted


def in_highest_band(trace: Iterable[Tried], policy: Policy) -> bool:
    highest = max((band.lower for table in policy.prices for band in table.bands), default=None)
    if not highest:
        return False
    return any(
        tried.axis is Axis.PRICE
        and tried.result is not Result.NOT_MET
        and tried.threshold
        and Fraction(tried.threshold) >= exact(highest)
        for tried in trace
    )


def beyond_floor(terms: Terms, policy: Policy) -> bool:
    measured = [(measure(terms, policy, floor.basis), floor.percent) for floor in policy.floors]
    return any(value is not None and value >= exact(edge) for value, edge in measured)


def measure(terms: Terms, policy: Policy, basis: JudgedBasis) -> Fraction | None:
    """The discount of these terms on one basis, in percent."""
    price = terms.price
    if basis is JudgedBasis.WORST_LINE:
        line = judged_worst_line(policy, terms)
        return line.percent if line else None
    if basis is JudgedBasis.WORST_YEAR:
        year = worst_year(price)
        return year.percent if year else None
    if basis is JudgedBasis.OFF_LIST:
        return price.off_list.percent
    part = {JudgedBasis.RECURRING: price.recurring, JudgedBasis.ONE_OFF: price.one_off}
    return part.get(basis, price.blended).percent
