"""Which deals, accounts and contacts a person may see, as conditions for a queryset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from pipeline import registry
from pipeline.models.deals import Deal, DealContact, DealMember
from revops.people.models import ReportingLink, Role

if TYPE_CHECKING:
    from revops.people.models import User

SEES_ALL = frozenset({Role.DEAL_DESK, Role.FINANCE, Role.LEGAL, Role.REVOPS_ADMIN, Role.AUDITOR})
LEADS_A_LINE = frozenset({Role.SALES_MANAGER, Role.VP_SALES})
SELLS = frozenset({Role.REP}) | LEADS_A_LINE


def sees_all_deals(user: User) -> bool:
    return user.has_role(*SEES_ALL)


def line_of(user: User) -> Q:
    """The condition on `owner` for the person and, if they lead one, the line below."""
    own = Q(owner=user)
    if not user.has_role(*LEADS_A_LINE):
        return own
    below = ReportingLink.objects.filter(ancestor=user).values("descendant")
    return own | Q(owner__in=below)


def deals_visible_to(user: User) -> Q:
    """The condition for the deals this person may see.

    Own deals; the line below for managers and VPs; deals of whose team they are a member;
    whatever other apps add (a slot held); everything for desk, finance, legal, RevOps, auditors.
    """
    if sees_all_deals(user):
        return Q()
    seen = line_of(user)
    seen |= Q(pk__in=DealMember.objects.standing().filter(person=user).values("deal"))
    for rule in registry.visibility_rules():
        seen |= rule(user)
    return seen


def of_visible_deals(user: User) -> Q:
    """The condition for records whose `deal` this person may see."""
    return Q() if sees_all_deals(user) else Q(deal__in=Deal.objects.visible_to(user))


def accounts_visible_to(user: User) -> Q:
    """Every account for those who sell or see all deals; for others those of deals they see.

    A seller who could not see that an account exists would enter it a second time.
    """
    if sees_all_deals(user) or user.has_role(*SELLS):
        return Q()
    return Q(pk__in=Deal.objects.filter(deals_visible_to(user)).values("account"))


def contacts_visible_to(user: User) -> Q:
    """Contacts at accounts of their own or their line, and those of deals they see."""
    if sees_all_deals(user):
        return Q()
    deals = Deal.objects.filter(deals_visible_to(user))
    owners = ReportingLink.objects.filter(ancestor=user).values("descendant")
    return (
        Q(account__owner=user)
        | (Q(account__owner__in=owners) if user.has_role(*LEADS_A_LINE) else Q(pk=None))
        | Q(account__in=deals.values("account"))
        | Q(pk__in=DealContact.objects.filter(deal__in=deals.values("pk")).values("contact"))
    )
