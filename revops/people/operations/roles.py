"""Giving people roles and taking them back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from revops.people import changes as shared
from revops.people.actor import Actor
from revops.people.models import Role, RoleGrant, User
from revops.people.permissions import check_can_administer


@transaction.atomic(durable=True)
def grant_role(*, person: User, role: str, by: Actor, at: datetime) -> RoleGrant:
    """Give a person one role more."""
    check_can_administer(by)
    return shared.give_role(shared.lock_person(person), role, by=by, at=at)


@transaction.atomic(durable=True)
def revoke_role(*, person: User, role: str, by: Actor, at: datetime) -> User:
    """Take a role back; the last administrator keeps theirs."""
    check_can_administer(by)
    person = shared.lock_person(person)
    if role == Role.REVOPS_ADMIN:
        shared.check_stays_administered(person)
    shared.take_role(person, role, by=by, at=at)
    return person


@transaction.atomic(durable=True)
def set_roles(*, person: User, roles: Iterable[str], by: Actor, at: datetime) -> User:
    """Let a person hold exactly `roles`."""
    check_can_administer(by)
    person = shared.lock_person(person)
    make_roles(person, set(roles), by=by, at=at)
    return person


def make_roles(person: User, wanted: set[str], *, by: Actor, at: datetime) -> None:
    """Give and take roles until `person` holds exactly `wanted`."""
    if Role.REVOPS_ADMIN in person.roles - wanted:
        shared.check_stays_administered(person)
    for role in sorted(person.roles - wanted):
        shared.take_role(person, role, by=by, at=at)
    for role in sorted(wanted - person.roles):
        shared.give_role(person, role, by=by, at=at)
