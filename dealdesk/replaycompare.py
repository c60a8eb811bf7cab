"""Two judgements of every submission, side by side: what a tried policy would have changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from dealdesk.policy import Policy, Role
from dealdesk.replayfacts import MONEY_PLACES
from dealdesk.replayjudge import Outcome
from dealdesk.routing import AUTOMATIC, REFUSED

MOST_ROUTES = 40


class Change(StrEnum):
    """What a tried policy does to the route of one submission."""

    FREED = "freed"
    ASKED = "asked"
    FEWER = "fewer"
    MORE = "more"
    OTHER = "other"
    ORDER = "order"
    REFUSED = "refused"
    JUDGED = "judged"
    SAME = "same"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    Change.FREED: "Becomes automatic",
    Change.ASKED: "No longer automatic",
    Change.FEWER: "Fewer roles asked",
    Change.MORE: "More roles asked",
    Change.OTHER: "Other roles asked",
    Change.ORDER: "Same roles, asked in another way",
    Change.REFUSED: "Refused now",
    Change.JUDGED: "No longer refused",
    Change.SAME: "Same route",
}


def change_of(before: Outcome, after: Outcome) -> Change:
    """Name what became of a route. Steps compare only where both sides say them."""
    if before.is_refused or after.is_refused:
        if before.key == after.key:
            return Change.SAME
        return Change.REFUSED if after.is_refused else Change.JUDGED
    if before.key != after.key:
        if after.is_automatic:
            return Change.FREED
        if before.is_automatic:
            return Change.ASKED
        return _of_roles(set(before.roles), set(after.roles))
    if before.steps and after.steps and before.steps != after.steps:
        return Change.ORDER
    return Change.SAME


def _of_roles(before: set[Role], after: set[Role]) -> Change:
    if after < before:
        return Change.FEWER
    return Change.MORE if after > before else Change.OTHER


def happened(key: str, policy: Policy) -> Outcome:
    """A route that was taken, by the key stored with it and the hours its policy allowed."""
    if key in (AUTOMATIC, REFUSED):
        return Outcome(key)
    roles = tuple(Role(name) for name in key.split("+"))
    return Outcome(key, roles, tuple(policy.rule(role).hours for role in roles))


@dataclass
class _Pair:
    change: Change
    before: Outcome
    after: Outcome
    count: int = 0
    net: int = 0


@dataclass
class Comparison:
    """Counts of every pair of outcomes, and each submission whose route differs.

    Outcomes are told apart by identity, so both sides must give like outcomes as one object.
    """

    pairs: dict[tuple[int, int], _Pair] = field(default_factory=dict)
    changes: dict[Change, list[tuple[int, str, str, int]]] = field(default_factory=dict)

    def add(self, request: int, before: Outcome, after: Outcome, net: int) -> None:
        key = (id(before), id(after))
        pair = self.pairs.get(key)
        if pair is None:
            pair = self.pairs[key] = _Pair(change_of(before, after), before, after)
        pair.count += 1
        pair.net += net
        if pair.change is not Change.SAME:
            row = (request, before.key, after.key, net)
            self.changes.setdefault(pair.change, []).append(row)

    def as_json(self) -> dict[str, Any]:
        """The figures that a page shows; amounts as text in company currency."""
        pairs = list(self.pairs.values())
        return {
            "submissions": sum(pair.count for pair in pairs),
            "net": money(sum(pair.net for pair in pairs)),
            "before": side((pair.before, pair.count, pair.net) for pair in pairs),
            "after": side((pair.after, pair.count, pair.net) for pair in pairs),
            "kinds": kinds(pairs),
            "routes": routes(pairs),
        }


def money(units: int) -> str:
    return f"{Decimal(units).scaleb(-MONEY_PLACES):f}"


def side(outcomes: Iterable[tuple[Outcome, int, int]]) -> dict[str, Any]:
    """Who is asked how often on one side, and for how many business hours."""
    automatic, refused = [0, 0], 0
    roles: dict[str, list[int]] = {}
    for outcome, count, net in outcomes:
        if outcome.is_automatic:
            automatic = [automatic[0] + count, automatic[1] + net]
        refused += count if outcome.is_refused else 0
        for role, hours in zip(outcome.roles, outcome.hours, strict=True):
            asked = roles.setdefault(role.value, [0, 0])
            asked[0] += count
            asked[1] += count * hours
    return {
        "automatic": automatic[0],
        "automatic_net": money(automatic[1]),
        "refused": refused,
        "roles": {role.value: roles[role.value] for role in Role if role.value in roles},
    }


def kinds(pairs: Iterable[_Pair]) -> list[dict[str, Any]]:
    """How many submissions each kind of change takes, and what they are worth."""
    found: dict[Change, list[int]] = {}
    for pair in pairs:
        tally = found.setdefault(pair.change, [0, 0])
        tally[0] += pair.count
        tally[1] += pair.net
    return [
        {"kind": kind.value, "count": found[kind][0], "net": money(found[kind][1])}
        for kind in Change
        if kind in found and kind is not Change.SAME
    ]


def routes(pairs: Iterable[_Pair]) -> list[dict[str, Any]]:
    """From which route to which, the most frequent first."""
    found: dict[tuple[str, str], list[int]] = {}
    for pair in pairs:
        if pair.before.key != pair.after.key:
            tally = found.setdefault((pair.before.key, pair.after.key), [0, 0])
            tally[0] += pair.count
            tally[1] += pair.net
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return [
        {"before": before, "after": after, "count": count, "net": money(net)}
        for (before, after), (count, net) in ranked[:MOST_ROUTES]
    ]
