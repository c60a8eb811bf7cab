"""The people of the company as the resolution of a route takes them."""

from __future__ import annotations

from collections.abc import Iterable

from dealdesk.policy import Policy, Role
from dealdesk.resolving import Directory, Person
from revops.people.models import User

ROLE_CODES = frozenset(role.value for role in Role)


def person_of(user: User) -> Person:
    """A person as they may be asked. Who cannot be mailed could not answer, and is not asked."""
    roles = frozenset(Role(code) for code in user.roles & ROLE_CODES)
    return Person(key=user.pk, name=user.name, roles=roles, active=user.can_be_mailed)


def directory_of(owner: User, policy: Policy) -> Directory:
    """Return the line above an owner, who holds each role, and whom the policy names."""
    line = User.objects.above(owner).prefetch_related("role_grants")
    wanted = {rule.role for rule in policy.roles}
    holders: dict[Role, list[Person]] = {role: [] for role in wanted}
    everybody = (
        User.objects.active()
        .holding(*(role.value for role in wanted))
        .by_name()
        .prefetch_related("role_grants")
    )
    for user in everybody:
        person = person_of(user)
        for role in person.roles & wanted:
            holders[role].append(person)
    return Directory(
        line=tuple(person_of(user) for user in line),
        holders={role: tuple(people) for role, people in holders.items()},
        fallbacks=fallbacks_of(policy),
    )


def fallbacks_of(policy: Policy) -> dict[Role, Person]:
    """The person whom the policy names for each role, where it names one."""
    named = {rule.role: rule.fallback.lower() for rule in policy.roles if rule.fallback}
    if not named:
        return {}
    found = User.objects.filter(email__in=named.values()).prefetch_related("role_grants")
    people = {user.email: person_of(user) for user in found}
    return {role: people[email] for role, email in named.items() if email in people}


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
