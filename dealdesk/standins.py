"""Who should hold an approval now: the person asked, or who answers for them while they are away.

Reads who is away; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dealdesk.models import ApprovalSlot
from revops.people.away import Away
from revops.people.models import Absence, User
from revops.people.models.absences import until_words


@dataclass(frozen=True)
class Rightful:
    """The person who should hold a slot; `absence` is the one in which they answer for another."""

    person: User
    absence: Absence | None
    sentence: str

    def holds(self, slot: ApprovalSlot) -> bool:
        absence = self.absence.pk if self.absence else None
        return (self.person.pk, absence) == (slot.person_id, slot.absence_id)


def rightful(slot: ApprovalSlot, away: Away) -> Rightful | None:
    """Who should hold this slot now; None while nobody answers for who is away."""
    principal = slot.principal
    absence = away.of(principal.pk)
    if absence is None:
        back = f"{principal.name} is back and answers again." if slot.absence_id else ""
        return Rightful(principal, None, back)
    person = away.stand_in(principal.pk)
    if person is None:
        return None
    delegate = User.objects.select_related("calendar").get(pk=person)
    return Rightful(delegate, absence, behalf_words(delegate, absence))


def behalf_words(delegate: User, absence: Absence) -> str:
    until = until_words(absence.last_day)
    return f"{delegate.name} answers for {absence.person.name}, away until {until}."


def may_hold(slot: ApprovalSlot, person: User, excluded: Mapping[int, str]) -> bool:
    """Whether a person may take a slot: active, not excluded, and asked nowhere else in its step.

    Asked here already is as good as asked elsewhere: nobody answers twice in one step.
    """
    if not person.can_be_mailed or person.pk in excluded:
        return False
    others = slot.step.slots.exclude(pk=slot.pk).exclude(state=ApprovalSlot.State.REASSIGNED)
    return not others.filter(person=person).exists()
