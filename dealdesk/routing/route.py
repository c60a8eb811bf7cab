"""What follows from a policy and terms: the rules tried, the steps they ask for, the alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from dealdesk.canonical import ADDED, from_plain, plain
from dealdesk.policy import Axis, Role, StepMode, Topic
from dealdesk.pricing import Problem

AUTOMATIC = "automatic"
REFUSED = "refused"


class Result(StrEnum):
    """What came of a rule: it asks, it is outranked by a higher band, it only informs, or not."""

    ASKS = "asks"
    OUTRANKED = "outranked"
    INFORMS = "informs"
    NOT_MET = "not_met"


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule as it was tried: the value, the threshold it was held against, and the result.

    `value` and `threshold` are exact texts ("70/3" where digits do not end); `sentence` is for
    people and shows percentages cut to two decimals.
    """

    rule: str
    axis: Axis
    topic: Topic
    result: Result
    value: str
    threshold: str
    sentence: str
    roles: tuple[Role, ...] = ()
    operands: tuple[tuple[str, str], ...] = ()

    @property
    def asks(self) -> bool:
        return self.result is Result.ASKS


@dataclass(frozen=True, slots=True)
class RouteGroup:
    """One role of a step: how many yes it needs (0 is all), on which topics, in business hours.

    With `percent` it needs that share of those who are asked, rounded up.
    """

    role: Role
    needed: int
    topics: tuple[Topic, ...]
    hours: int
    reasons: tuple[Tried, ...]
    percent: int = field(default=0, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One thing to be agreed. Steps of one wave are asked together, waves one after another."""

    key: str
    name: str
    wave: int
    mode: StepMode
    groups: tuple[RouteGroup, ...]

    @property
    def hours(self) -> int:
        return max(group.hours for group in self.groups)


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody is told and asked nothing."""

    role: Role
    sentence: str


@dataclass(frozen=True, slots=True)
class Route:
    """Everything that follows from one policy and one set of terms."""

    policy_version: str
    steps: tuple[RouteStep, ...]
    trace: tuple[Tried, ...]
    alerts: tuple[Alert, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def automatic(self) -> bool:
        """Nobody is asked, and nothing is wrong."""
        return not self.steps and not self.problems

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(group.role for step in self.steps for group in step.groups)

    @property
    def key(self) -> str:
        """The roles sorted and joined ("deal_desk+finance+legal"), "automatic" or "refused"."""
        if self.problems:
            return REFUSED
        return "+".join(sorted(self.roles)) or AUTOMATIC

    @property
    def hours(self) -> int:
        """Business hours until the last answer is due: waves add up, a wave is its slowest step."""
        waves: dict[int, int] = {}
        for step in self.steps:
            waves[step.wave] = max(waves.get(step.wave, 0), step.hours)
        return sum(waves.values())

    @property
    def working_days(self) -> Decimal:
        """The hours as working days of eight hours."""
        return Decimal(self.hours) / 8

    @property
    def reasons(self) -> tuple[Tried, ...]:
        """The rules that ask somebody."""
        return tuple(tried for tried in self.trace if tried.asks)

    def group(self, role: Role) -> RouteGroup | None:
        groups = (group for step in self.steps for group in step.groups)
        return next((group for group in groups if group.role is role), None)


def route_plain(route: Route) -> dict[str, Any]:
    """Return a route in JSON's own types, as it is stored with a request."""
    data: dict[str, Any] = plain(route)
    return data


def route_from_plain(data: dict[str, Any]) -> Route:
    return from_plain(Route, data)


def tried_of_axis(data: dict[str, Any], axis: Axis) -> list[Tried]:
    """The rules of one axis in a stored route, without reading the rest of it."""
    return [from_plain(Tried, tried) for tried in data["trace"] if tried["axis"] == axis]
