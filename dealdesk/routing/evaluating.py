"""All axes together."""

from __future__ import annotations

from dealdesk.policy import Policy
from dealdesk.routing.alerts import alerts_of
from dealdesk.routing.price import price_axis
from dealdesk.routing.problems import problems_of
from dealdesk.routing.route import Route
from dealdesk.routing.size import size_axis
from dealdesk.routing.steps import steps_of
from dealdesk.routing.structure import structure_axis
from dealdesk.routing.terms import terms_axis
from dealdesk.terms import Terms


def evaluate(policy: Policy, terms: Terms) -> Route:
    """Judge the terms on every axis of the policy and return the union of who must agree."""
    problems = problems_of(policy, terms)
    if problems:
        return Route(policy.version, (), (), problems=problems)
    price, custom, beyond = price_axis(policy, terms)
    nonstandard = list(terms_axis(policy, terms))
    beyond_standard = any(tried.asks for tried in nonstandard)
    structure = list(structure_axis(policy, terms, custom, beyond, beyond_standard))
    size = size_axis(policy, terms)
    trace = (*price, *nonstandard, *structure, *size)
    return Route(
        policy.version, steps_of(policy, trace), trace, alerts=tuple(alerts_of(policy, trace))
    )
