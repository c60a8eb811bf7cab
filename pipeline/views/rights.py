"""Who may change which of many deals, asked in a fixed number of questions."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.models import Deal, DealMember
from pipeline.models.visibility import LEADS_A_LINE
from revops.people.models import ReportingLink, Role


def changeable_by(user, deals: Sequence[Deal]) -> set[int]:
    """The numbers of the deals that `check_can_change` would let this person change."""
    if user.has_role(Role.REVOPS_ADMIN):
        return {deal.pk for deal in deals}
    own = {deal.pk for deal in deals if deal.owner_id == user.pk}
    others = [deal for deal in deals if deal.pk not in own]
    if not others:
        return own
    if user.has_role(*LEADS_A_LINE):
        owners = {deal.owner_id for deal in others}
        links = ReportingLink.objects.filter(ancestor=user, descendant__in=owners, depth__gt=0)
        below = set(links.values_list("descendant", flat=True))
        own |= {deal.pk for deal in others if deal.owner_id in below}
    memberships = DealMember.objects.standing().filter(person=user, deal__in=others)
    editing = memberships.filter(access=DealMember.Access.EDIT)
    return own | set(editing.values_list("deal", flat=True))
