"""The people of the company as the resolution of a route takes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from dealdesk.policy import Policy, Role
from dealdesk.resolving import Behalf, Directory, Person
from revops.people.away import Away, read_away
from revops.people.models import User
from revops.people.models.absences import until_words

ROLE_CODES = frozenset(role.value for role in Role)


def person_of(user: User) -> Person:
    """A person as they may be asked. Who cannot be mailed could not answer, and is not asked."""
    return Person(key=user.pk, name=user.name, roles=roles_of(user), active=user.can_be_mailed)


def roles_of(user: User) -> frozenset[Role]:
    return frozenset(Role(code) for code in user.roles & ROLE_CODES)


def directory_of(owner: User, policy: Policy, at: datetime | None = None) -> Directory:
    """Return the line above an owner, who holds each role, and whom the policy names.

    In the place of who is away at that moment stands their delegate; they follow, as away, for
    when nobody else is left. Without a moment nobody is looked for.
    """
    away = read_away(at) if at is not None else Away()
    line = User.objects.above(owner).prefetch_related("role_grants")
    wanted = {rule.role for rule in policy.roles}
    holders: dict[Role, list[User]] = {role: [] for role in wanted}
    everybody = (
        User.objects.active()
        .holding(*(role.value for role in wanted))
        .by_name()
        .prefetch_related("role_grants")
    )
    for user in everybody:
        for role in roles_of(user) & wanted:
            holders[role].append(user)
    here = Present(away)
    return Directory(
        line=tuple(here.in_place_of(line)),
        holders={
            role: tuple(here.in_place_of(users, once=True)) for role, users in holders.items()
        },
        fallbacks={role: here.in_place_of([user])[0] for role, user in named_by(policy).items()},
    )


class Present:
    """Puts delegates in the place of who is away."""

    def __init__(self, away: Away) -> None:
        self.away = away
        found = {user: away.stand_in(user) for user in away.absences}
        delegates = {pk for pk in found.values() if pk is not None}
        self.delegates = User.objects.in_bulk(delegates) if delegates else {}
        self.stand_ins = found

    def in_place_of(self, users: Iterable[User], *, once: bool = False) -> list[Person]:
        """These people, with a delegate before each who is away; `once`: nobody twice."""
        found = [person for user in users for person in self.people_for(user)]
        if not once:
            return found
        own = {person.key for person in found if person.behalf is None and not person.away}
        kept = [person for person in found if person.behalf is None or person.key not in own]
        return list({(person.key, person.away): person for person in reversed(kept)}.values())[::-1]

    def people_for(self, user: User) -> list[Person]:
        """Who is asked where this person would be: delegate first, then they, as away."""
        absence = self.away.of(user.pk)
        person = person_of(user)
        if absence is None or not person.active:
            return [person]
        until = until_words(absence.last_day)
        absent = Person(person.key, person.name, person.roles, person.active, away=until)
        delegate = self.delegates.get(self.stand_ins[user.pk] or 0)
        if delegate is None or not delegate.can_be_mailed:
            return [absent]
        behalf = Behalf(absence.pk, user.name, until)
        return [Person(delegate.pk, delegate.name, person.roles, behalf=behalf), absent]


def named_by(policy: Policy) -> dict[Role, User]:
    """The person whom the policy names for each role, where it names one."""
    named = {rule.role: rule.fallback.lower() for rule in policy.roles if rule.fallback}
    if not named:
        return {}
    found = User.objects.filter(email__in=named.values()).prefetch_related("role_grants")
    people = {user.email: user for user in found}
    return {role: people[email] for role, email in named.items() if email in people}


def fallbacks_of(policy: Policy) -> dict[Role, Person]:
    """Those people as they may be asked, wherever they are."""
    return {role: person_of(user) for role, user in named_by(policy).items()}


def held_as(person: Person, role: Role) -> str:
    """The role that makes a person eligible for a slot; "" when the policy names them."""
    if role in person.roles:
        return role.value
    if role is Role.SALES_MANAGER and Role.VP_SALES in person.roles:
        return Role.VP_SALES.value
    return ""


def users_of(keys: Iterable[int]) -> dict[int, User]:
    found = User.objects.filter(pk__in=set(keys)).select_related("calendar")
    return {user.pk: user for user in found}
