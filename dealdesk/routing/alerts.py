"""Who is told without being asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dealdesk.policy import Axis, Policy, price_authority
from dealdesk.routing.route import Alert, Result, Tried
from dealdesk.wording import capital


def alerts_of(policy: Policy, trace: Iterable[Tried]) -> Iterator[Alert]:
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
