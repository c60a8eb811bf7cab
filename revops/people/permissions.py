"""Who may change people: RevOps administrators, and the system itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from revops.company.permissions import check_can_administer
from revops.people.models import User
from revops.refusals import NotAllowed

if TYPE_CHECKING:
    from revops.people.actor import Actor

__all__ = ["check_can_administer", "check_can_enter_absence", "may_enter_absence"]


def check_can_enter_absence(person: User, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may say when `person` is away: they, their line, and RevOps."""
    if by.user is None or may_enter_absence(person, by.user):
        return
    raise NotAllowed(
        f"Only {person.name}, the managers above and RevOps may say when {person.name} is away."
    )


def may_enter_absence(person: User, user: User) -> bool:
    own = user.pk == person.pk
    return own or user.is_staff or User.objects.below(user).filter(pk=person.pk).exists()
