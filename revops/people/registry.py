"""What a person may leave open when they go, as told by the apps that know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.db import transaction

if TYPE_CHECKING:
    from revops.people.actor import Actor
    from revops.people.models import User


class HandOver(Protocol):
    def __call__(self, user: User, successor: User, by: Actor, at: datetime) -> None: ...


@dataclass(frozen=True)
class Holding:
    """One kind of open work: how to name a person's, and how to give it to a successor."""

    key: str
    describe: Callable[[User], list[str]]
    hand_over: HandOver


_holdings: dict[str, Holding] = {}


def register_holding(key: str, describe: Callable[[User], list[str]], hand_over: HandOver) -> None:
    """Let `deactivate_person` ask for, and hand over, one kind of open work.

    `describe(user)` returns a sentence for each thing left open ("12 open deals, 340,000 USD");
    `hand_over(user, successor, by, at)` runs in the transaction of the deactivation.
    """
    _holdings[key] = Holding(key, describe, hand_over)


def holdings() -> list[Holding]:
    return list(_holdings.values())


_followers: list[Callable[[], None]] = []


def register_absence_follower(follow: Callable[[], None]) -> None:
    """Let an app look at who is away anew, after each change of absences is committed."""
    _followers.append(follow)


def follow_absences() -> None:
    """Ask the apps to follow once the change is committed; their sweeps would come later anyway."""
    for follow in _followers:
        transaction.on_commit(follow, robust=True)
