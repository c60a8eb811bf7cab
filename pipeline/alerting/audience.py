"""Who is told of a finding: the owner, for some kinds the manager too, and whoever stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.findings import PROBLEMS, Kind, kinds
from pipeline.models import Deal
from revops.people.models import User

STALE = "stale"
TOLD_ON_THE_EVENT = frozenset({"pushed", "approval_voided", "stage_skipped"})
"""Owner and manager hear of these the moment they happen; the sweep does not say them again."""
TOLD_TO_THE_MANAGER = frozenset({"past_close_date"})


def told_kinds() -> frozenset[str]:
    """The kinds of finding that a sweep tells of; the rest is shown and not mailed."""
    return frozenset(kind.key for kind in kinds() if is_told(kind))


def is_told(kind: Kind) -> bool:
    return kind.severity in PROBLEMS and kind.key not in TOLD_ON_THE_EVENT


@dataclass(frozen=True)
class Place:
    """Where somebody stands in the reporting line."""

    manager_id: int | None
    is_active: bool


class Line:
    """The whole reporting line, read once for a sweep."""

    def __init__(self, places: dict[int, Place]) -> None:
        self.places = places

    @classmethod
    def read(cls) -> Line:
        rows = User.objects.values_list("pk", "manager_id", "is_active")
        return cls({pk: Place(manager_id, is_active) for pk, manager_id, is_active in rows})

    def above(self, person_id: int) -> Iterator[int]:
        """The managers above somebody, nearest first."""
        seen = {person_id}
        place = self.places.get(person_id)
        while place and place.manager_id and place.manager_id not in seen:
            seen.add(place.manager_id)
            yield place.manager_id
            place = self.places.get(place.manager_id)

    def is_active(self, person_id: int) -> bool:
        return person_id in self.places and self.places[person_id].is_active

    def manager_of(self, person_id: int) -> int | None:
        """The nearest manager above who has not left."""
        return next((each for each in self.above(person_id) if self.is_active(each)), None)

    def answers_for(self, deal: Deal) -> int | None:
        """The owner, or the nearest manager above one who has left."""
        if self.is_active(deal.owner_id):
            return deal.owner_id
        return self.manager_of(deal.owner_id)

    def told_of(self, deal: Deal, finding: str) -> set[int]:
        """Who is told when `finding` is found on `deal`."""
        people = {self.answers_for(deal)}
        if finding in TOLD_TO_THE_MANAGER:
            people.add(self.manager_of(deal.owner_id))
        return {person for person in people if person is not None}
