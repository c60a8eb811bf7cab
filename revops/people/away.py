"""Who is away now, and who answers for them: through at most three delegates, never in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from revops.people.models import Absence, User

MOST_DELEGATES = 3

Delegates = Mapping[int, int | None]
"""Who is away → their delegate, if they named one."""


def chain_of(person: int, delegates: Delegates) -> Iterator[int]:
    """The delegates of somebody who is away, one after the other, at most three and each once."""
    seen = {person}
    for _ in range(MOST_DELEGATES):
        following = delegates.get(person)
        if following is None or following in seen:
            return
        yield following
        seen.add(following)
        person = following


def stand_in(person: int, delegates: Delegates) -> int | None:
    """Who answers for a person: themselves, the first of their delegates who is here, or nobody."""
    if person not in delegates:
        return person
    return next((each for each in chain_of(person, delegates) if each not in delegates), None)


def delegators(people: Iterable[int], delegates: Delegates) -> dict[int, int]:
    """Who delegates to one of `people` now, even through others: delegator → that one."""
    wanted = set(people)
    found = {}
    for person in delegates:
        through = next((each for each in chain_of(person, delegates) if each in wanted), None)
        if through is not None and person not in wanted:
            found[person] = through
    return found


@dataclass(frozen=True)
class Away:
    """Everybody who is away at one moment, with their absence."""

    absences: Mapping[int, Absence] = field(default_factory=dict)

    @property
    def delegates(self) -> dict[int, int | None]:
        return {person: absence.delegate_id for person, absence in self.absences.items()}

    def stand_in(self, person: int) -> int | None:
        return stand_in(person, self.delegates)

    def of(self, person: int) -> Absence | None:
        return self.absences.get(person)


def read_away(at: datetime) -> Away:
    """Who is away at that moment, each judged in their own zone."""
    from revops.people.models import Absence

    found = Absence.objects.around(at).select_related("person", "delegate")
    return Away({absence.person_id: absence for absence in found if absence.holds(at)})


def absence_of(person: User, at: datetime) -> Absence | None:
    """The absence of one person at that moment."""
    found = person.absences.around(at).select_related("delegate")
    return next((absence for absence in found if absence.holds(at)), None)
