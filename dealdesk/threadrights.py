"""Who may ask the desk, answer for it, and close what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.permissions import check_can_change
from revops.people.models import Role
from revops.refusals import NotAllowed, Refused

if TYPE_CHECKING:
    from dealdesk.models import DeskThread
    from pipeline.models import Deal
    from revops.people.actor import Actor
    from revops.people.models import User


def check_can_ask_desk(deal: Deal, *, by: Actor) -> None:
    """Raise unless `by` may ask about this open deal: whoever may change it."""
    if by.user is None:
        raise NotAllowed("A question is asked by a person.")
    check_can_change(deal, by=by)
    if not deal.is_open:
        raise Refused("This deal is closed.", code="closed")


def check_can_speak(thread: DeskThread, *, by: Actor) -> None:
    """Raise unless `by` takes part in this thread: the desk, the asker, who changes the deal."""
    if by.user is None:
        raise NotAllowed("A message is written by a person.")
    if by.user.pk == thread.asked_by_id or by.user.has_role(Role.DEAL_DESK):
        return
    check_can_change(thread.deal, by=by)


def speaks_for_desk(thread: DeskThread, user: User | None) -> bool:
    """Whether what this person says is the answer of the desk, and not the seller's word."""
    if user is None or user.pk in (thread.asked_by_id, thread.deal.owner_id):
        return False
    return user.has_role(Role.DEAL_DESK)


def check_works_at_desk(*, by: Actor) -> None:
    """Raise NotAllowed unless `by` works at the deal desk, or administers it."""
    if by.user is None or not by.user.has_role(Role.DEAL_DESK, Role.REVOPS_ADMIN):
        raise NotAllowed("Only the deal desk and RevOps hand its questions on.")


def check_can_close_thread(thread: DeskThread, *, by: Actor) -> None:
    """Raise unless `by` may end this thread: who asked, the desk and RevOps."""
    user = by.user
    if user is None:
        raise NotAllowed("A question is closed by a person.")
    if user.pk == thread.asked_by_id or user.has_role(Role.DEAL_DESK, Role.REVOPS_ADMIN):
        return
    raise NotAllowed("Only who asked, the deal desk and RevOps close this.")
