"""Roles that the current terms ask and the approved ones did not."""

from __future__ import annotations

from collections.abc import Iterator

from dealdesk.cover.changes import Direction, FieldChange
from dealdesk.policy import Axis, Policy, Role, Topic, price_authority
from dealdesk.routing import Route, Tried, evaluate
from dealdesk.terms import Terms
from dealdesk.wording import capital


def new_roles(approved: Terms, current: Terms, policy: Policy) -> list[FieldChange]:
    """Name each role that the current terms ask and the approved ones did not.

    A lower band of the price ladder is no new role: the higher one has answered for it.
    """
    was, now = evaluate(policy, approved), evaluate(policy, current)
    answered = max((price_authority(policy, t.roles) for t in _price_reasons(was)), default=0)
    changes = [
        _role_change(now, role)
        for role in sorted(now.roles - was.roles)
        if not _answered_for(policy, now, role, answered)
    ]
    changes += [
        FieldChange(Topic.PRICE, problem.code, "", "", problem.sentence, Direction.NEW_ROLE)
        for problem in now.problems
    ]
    return changes


def _price_reasons(route: Route) -> Iterator[Tried]:
    return (tried for tried in route.reasons if tried.axis is Axis.PRICE)


def _answered_for(policy: Policy, route: Route, role: Role, authority: int) -> bool:
    """Whether a role is asked about the price alone, and no higher than was answered already."""
    group = route.group(role)
    for_price = group is not None and all(t.axis is Axis.PRICE for t in group.reasons)
    return for_price and 0 < price_authority(policy, (role,)) <= authority


def _role_change(route: Route, role: Role) -> FieldChange:
    group = route.group(role)
    reasons = group.reasons if group else ()
    why = " ".join(reason.sentence for reason in reasons)
    topic = reasons[0].topic if reasons else Topic.PRICE
    return FieldChange(
        topic,
        f"route.{role.value}",
        "",
        role.value,
        f"{capital(role.label)} was not asked before. {why}",
        Direction.NEW_ROLE,
    )
