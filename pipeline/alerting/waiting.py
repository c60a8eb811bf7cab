"""What waits for somebody's answer, for the mail of a working morning; other apps know what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from revops.people.away import read_away
from revops.worktime.arithmetic import intervals_of
from revops.worktime.calendars import calendar_of

if TYPE_CHECKING:
    from revops.people.models import User


@dataclass(frozen=True)
class Waiting:
    """One kind of thing that waits.

    `since` says for whom something waits now, and since when the oldest does; `facts` says what
    waits for one person, as the template `digest.waiting` shows it.
    """

    since: Callable[[], Mapping[int, datetime]]
    facts: Callable[[User, datetime], dict[str, Any]]


_kinds: dict[str, Waiting] = {}


def register_waiting(
    key: str,
    since: Callable[[], Mapping[int, datetime]],
    facts: Callable[[User, datetime], dict[str, Any]],
) -> None:
    """Let the mail of a working morning tell what waits for a person."""
    _kinds[key] = Waiting(since, facts)


def waiting_since() -> dict[int, datetime]:
    """For whom anything waits, and since when the oldest of it does."""
    found: dict[int, datetime] = {}
    for kind in _kinds.values():
        for person, since in kind.since().items():
            found[person] = min(since, found.get(person, since))
    return found


def waiting_facts(person: User, at: datetime) -> dict[str, Any]:
    """What waits for a person now, of every kind; nothing where nothing does."""
    return {key: facts for key, kind in _kinds.items() if (facts := kind.facts(person, at))}


def is_at_work(person: User, day: date, at: datetime) -> bool:
    """Whether a person works on a day, and is not away."""
    calendar = calendar_of(person)
    return bool(intervals_of(calendar, day)) and read_away(at).of(person.pk) is None
