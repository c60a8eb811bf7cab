"""Whose deals somebody asks about, within those they may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from pipeline.models.visibility import LEADS_A_LINE, SELLS, sees_all_deals
from revops.people.models import ReportingLink, Role, Team, User
from revops.refusals import NotAllowed


@dataclass(frozen=True)
class Whose:
    """Owners whose deals count; None counts everybody's. `label` says it in words."""

    owners: frozenset[int] | None
    label: str
    person: User | None = None
    team: Team | None = None

    def condition(self, field: str = "owner") -> Q:
        return Q() if self.owners is None else Q(**{f"{field}__in": self.owners})


def check_can_see_forecast(user: User) -> None:
    """Raise NotAllowed unless this person sells, or sees all deals."""
    if not (user.has_role(*SELLS) or sees_all_deals(user)):
        raise NotAllowed("Forecasts are for those who sell, and for those who see all deals.")


def may_see_forecast(user: User) -> bool:
    return user.has_role(*SELLS) or sees_all_deals(user)


def people_seen_by(user: User) -> frozenset[int] | None:
    """The owners whose deals count for this person; None for everybody."""
    if sees_all_deals(user):
        return None
    return line_of(user) if user.has_role(*LEADS_A_LINE) else frozenset({user.pk})


def called_by(user: User) -> frozenset[int]:
    """The people whose forecast this person may call; see permissions.check_can_call."""
    if user.has_role(*LEADS_A_LINE):
        return line_of(user)
    return frozenset({user.pk}) if user.has_role(*SELLS) else frozenset()


def line_of(user: User) -> frozenset[int]:
    """The person and everybody below them."""
    links = ReportingLink.objects.filter(ancestor=user)
    return frozenset(links.values_list("descendant", flat=True)) | {user.pk}


def whose_deals(user: User, *, person: User | None = None, team: Team | None = None) -> Whose:
    """The selection asked for, cut to what `user` may see."""
    seen = people_seen_by(user)
    wanted, label = None, "Everybody" if seen is None else "Your line"
    if seen == frozenset({user.pk}):
        label = "Your deals"
    if person is not None:
        wanted = line_of(person)
        label = f"{person.name} and line" if len(wanted) > 1 else person.name
    if team is not None:
        members = frozenset(team.members.values_list("pk", flat=True))
        wanted = members if wanted is None else wanted & members
        label = team.name if person is None else f"{label}, {team.name}"
    if wanted is None or seen is None:
        return Whose(seen if wanted is None else wanted, label, person, team)
    return Whose(seen & wanted, label, person, team)


def sellers_seen_by(user: User) -> QuerySet[User]:
    """People who sell or lead, whose figures this person may ask for, by name."""
    sellers = User.objects.holding(Role.REP, *LEADS_A_LINE)
    seen = people_seen_by(user)
    return (sellers if seen is None else sellers.filter(pk__in=seen)).by_name()
