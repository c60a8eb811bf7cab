"""What nobody can approve or judge: bad prices, a missing rate, floors, prohibited terms."""

from __future__ import annotations

from collections.abc import Iterator

from dealdesk.ladder import Rung
from dealdesk.policy import Policy
from dealdesk.pricing import Problem, exact
from dealdesk.routing.price import measured
from dealdesk.terms import Terms
from dealdesk.wording import capital, percent_text


def problems_of(policy: Policy, terms: Terms) -> tuple[Problem, ...]:
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
        subject, percent = measured(policy, terms, floor.basis)
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
