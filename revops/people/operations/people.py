"""Adding people, changing them, letting them sign in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from revops.company.models import Company
from revops.ledger.operations import record
from revops.models import check_version
from revops.outbox.operations import notify
from revops.people import changes as shared
from revops.people.actor import Actor
from revops.people.models import Team, User
from revops.people.operations.roles import make_roles
from revops.people.permissions import check_can_administer
from revops.refusals import Refused


@transaction.atomic(durable=True)
def create_person(
    *,
    email: str,
    name: str,
    by: Actor,
    at: datetime,
    manager: User | None = None,
    team: Team | None = None,
    roles: Iterable[str] = (),
    zone: str = "",
    calendar: Any = None,
    source: str = "",
    external_id: str = "",
) -> User:
    """Add a person. They may not sign in, and are not mailed, until they are admitted."""
    check_can_administer(by)
    return shared.add_person(
        email=email,
        name=name,
        by=by,
        at=at,
        manager=manager,
        team=team,
        roles=roles,
        zone=zone,
        calendar=calendar,
        source=source,
        external_id=external_id,
    )


@transaction.atomic(durable=True)
def change_person(
    *,
    person: User,
    changes: Mapping[str, Any],
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> User:
    """Change name, address, team, zone or calendar of a person."""
    if by.user != person or set(changes) - {"zone"}:
        check_can_administer(by)
    return shared.change_values(person, changes, by=by, at=at, version=version)


@transaction.atomic(durable=True)
def edit_person(
    *,
    person: User,
    changes: Mapping[str, Any],
    manager: User | None,
    roles: Iterable[str],
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> User:
    """Change values, manager and roles of a person together, as a form does."""
    check_can_administer(by)
    person = shared.change_values(person, changes, by=by, at=at, version=version)
    shared.put_under(person, manager, by=by, at=at)
    make_roles(person, set(roles), by=by, at=at)
    return person


@transaction.atomic(durable=True)
def set_manager(*, person: User, manager: User | None, by: Actor, at: datetime) -> User:
    """Put a person, with everybody below them, under another manager or none."""
    check_can_administer(by)
    person = shared.lock_person(person)
    if manager and not manager.is_active:
        raise Refused(f"{manager.name} has left and cannot be a manager.")
    shared.put_under(person, manager, by=by, at=at)
    return person


@transaction.atomic(durable=True)
def admit_person(
    *, person: User, by: Actor, at: datetime, invite: bool = True, version: int | None = None
) -> User:
    """Let a person sign in and be mailed, and invite them to choose a password."""
    check_can_administer(by)
    person = shared.lock_person(person)
    check_version(person, version)
    if not person.is_active:
        raise Refused(f"{person.name} has left and cannot be admitted.")
    if person.admitted_at:
        raise Refused(f"{person.name} is admitted already.")
    person.admitted_at, person.admitted_by = at, by.user
    person.save_version(update_fields=["admitted_at", "admitted_by"])
    record("person.admitted", person, by=by, at=at)
    if invite:
        notify(
            person,
            "person.admitted",
            about=person,
            dedupe_key=f"admitted:{at.isoformat()}",
            at=at,
            context={"company": Company.get().name, "admitted_by": by.name.capitalize()}
            if by.user is None
            else {"company": Company.get().name, "admitted_by": by.name},
            link=f"invitation:{person.pk}",
        )
    return person


@transaction.atomic(durable=True)
def create_administrator(*, email: str, name: str, password: str, by: Actor, at: datetime) -> User:
    """Add a RevOps administrator who may sign in at once, or make a known person one.

    The way to the first one: from the command line and the set-up page, by the system.
    """
    check_can_administer(by)
    return shared.add_administrator(email=email, name=name, password=password, by=by, at=at)
