"""Who may see and change deals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from pipeline import registry
from pipeline.models import Deal, DealMember
from revops.people.models import ReportingLink, Role
from revops.refusals import NotAllowed

if TYPE_CHECKING:
    from revops.people.actor import Actor
    from revops.people.models import User

SEES_ALL = frozenset(
    {Role.DEAL_DESK, Role.FINANCE, Role.LEGAL, Role.REVOPS_ADMIN, Role.AUDITOR}
)
LEADS_A_LINE = frozenset({Role.SALES_MANAGER, Role.VP_SALES})


def sees_all_deals(user: User) -> bool:
    return bool(SEES_ALL & user.roles)


def deals_visible_to(user: User) -> Q:
    """The condition for the deals this person may see.

    Own deals; the line below for managers and VPs; deals of whose team they are a member;
    whatever other apps add (a slot held); everything for desk, finance, legal, RevOps, auditors.
    """
    if sees_all_deals(user):
        return Q()
    seen = Q(owner=user)
    if LEADS_A_LINE & user.roles:
        seen |= Q(
            owner__in=ReportingLink.objects.filter(ancestor=user).values("descendant")
        )
    seen |= Q(pk__in=DealMember.objects.standing().filter(person=user).values("deal"))
    for rule in registry.visibility_rules():
        seen |= rule(user)
    return seen


def check_can_change(deal: Deal, *, by: Actor) -> None:
    """Raise NotAllowed, with the reason, unless `by` may change this deal.

    Only its owner, editing members of its team, managers above the owner and RevOps.
    """
    if by.user is None:
        return
    user = by.user
    if not user.is_active:
        raise NotAllowed("This person is no longer active.")
    if user.has_role(Role.REVOPS_ADMIN) or deal.owner_id == user.pk:
        return
    if (
        LEADS_A_LINE & user.roles
        and ReportingLink.objects.filter(
            ancestor=user, descendant=deal.owner_id
        ).exists()
    ):
        return
    if (
        DealMember.objects.standing()
        .filter(deal=deal, person=user, access=DealMember.Access.EDIT)
        .exists()
    ):
        return
    raise NotAllowed(
        "Only the owner, editing members of the deal team, managers above the owner "
        "and RevOps may change this deal."
    )


def can_change(deal: Deal, user: User) -> bool:
    from revops.people.actor import Actor

    try:
        check_can_change(deal, by=Actor.of(user))
    except NotAllowed:
        return False
    return True
