"""From reasons to steps: who is asked together, how many must agree, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dealdesk.policy import Axis, Policy, Role, RoleRule, StepMode, StepOrder
from dealdesk.routing.route import RouteGroup, RouteStep, Tried
from dealdesk.wording import capital

RANK = {role: number for number, role in enumerate(Role)}


def steps_of(policy: Policy, trace: Iterable[Tried]) -> tuple[RouteStep, ...]:
    reasons: dict[Role, list[Tried]] = {}
    for tried in trace:
        if tried.asks:
            for role in tried.roles:
                reasons.setdefault(role, []).append(tried)
    waves = _waves(policy, reasons)
    done: set[Role] = set()
    steps = []
    for role in sorted(reasons, key=lambda role: (waves[role], RANK[role])):
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
        rest = sorted(set(reasons) - set(for_price), key=RANK.__getitem__)
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
