"""What is wrong, or odd, in a policy before it is published: `lint(policy, …) -> [Lint, …]`.

A policy has finitely many edges, so nothing here needs an example quote. What is known about the
company is passed in; without it the checks that need it are left out. A finding's key stays the
same while the rule it names stays the same, so that who has acknowledged it is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from dealdesk.policy import Policy
from dealdesk.policylint import prices, roles, rules
from dealdesk.policylint.shapes import Area, Known, Lint, Severity
from dealdesk.resolving import Directory

__all__ = ["Area", "Known", "Lint", "Severity", "lint", "unacknowledged"]


def lint(
    policy: Policy,
    directory: Directory | None = None,
    rates: Collection[str] | None = None,
    currencies: Collection[str] | None = None,
    *,
    known: Known | None = None,
) -> list[Lint]:
    """Return everything found in a policy, errors first; each finding once."""
    facts = known or Known(directory, rates, currencies)
    found = [one for check in CHECKS for one in check(policy, facts)]
    once: dict[str, Lint] = {}
    for one in found:
        once.setdefault(one.key, one)
    return sorted(once.values(), key=lambda one: not one.is_error)


def unacknowledged(found: Iterable[Lint], acknowledged: Collection[str]) -> list[Lint]:
    """The errors that still stop a policy from being published."""
    return [
        one for one in found if one.is_error and (one.final or one.key not in set(acknowledged))
    ]


Check = Callable[[Policy, Known], Iterator[Lint]]

CHECKS: tuple[Check, ...] = (
    prices.price_order,
    prices.price_gaps,
    prices.price_overlaps,
    prices.inversions,
    prices.unreachable_bands,
    prices.unknown_families,
    prices.floors,
    rules.terms_gaps,
    rules.timings,
    rules.structure,
    rules.size,
    rules.segments,
    roles.same_role_twice,
    roles.rules_of_roles,
    roles.people,
)
