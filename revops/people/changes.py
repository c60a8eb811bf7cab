"""What the operations on people share, each within its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from revops.ledger.operations import record
from revops.locks import Lock, lock_exclusively
from revops.models import check_version
from revops.people.actor import Actor
from revops.people.models import ReportingLink, Role, RoleGrant, Team, User
from revops.refusals import Refused

PERSONAL = {"name", "email"}
CHANGEABLE = (*PERSONAL, "team", "zone", "calendar", "source", "external_id")


def lock_person(person: User) -> User:
    # Without the key: a decision that holds its deal names its person, and a leaving that holds
    # the person waits for the deal.
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def add_person(
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
    """Add a person who may not sign in yet, with roles and a place in the line."""
    email, name = clean_email(email), clean_name(name)
    check_zone(zone)
    if User.objects.filter(email=email).exists():
        raise Refused(f"There is a person with the address {email} already.", code="email_taken")
    person = User(
        email=email,
        name=name,
        team=team,
        zone=zone,
        calendar=calendar,
        source=source,
        external_id=external_id,
        created_at=at,
    )
    person.set_unusable_password()
    person.save()
    ReportingLink.objects.create(ancestor=person, descendant=person, depth=0)
    facts = {"team": team, "zone": zone, "source": source, "external_id": external_id}
    record(
        "person.created",
        person,
        by=by,
        at=at,
        after={key: value for key, value in facts.items() if value},
        personal={"name": name, "email": email},
    )
    for role in roles:
        give_role(person, role, by=by, at=at)
    if manager:
        put_under(person, manager, by=by, at=at)
    return person


def change_values(
    person: User,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> User:
    """Write the values of a person that differ; name and address reach the ledger veiled."""
    person = lock_person(person)
    check_version(person, version)
    if unknown := set(changes) - set(CHANGEABLE):
        raise Refused(f"{', '.join(sorted(unknown))} of a person cannot be changed here.")
    new = dict(changes)
    if "email" in new:
        new["email"] = clean_email(new["email"])
        if User.objects.filter(email=new["email"]).exclude(pk=person.pk).exists():
            raise Refused(
                f"There is a person with the address {new['email']} already.", code="email_taken"
            )
    if "name" in new:
        new["name"] = clean_name(new["name"])
    check_zone(new.get("zone", ""))
    changed = {key: value for key, value in new.items() if getattr(person, key) != value}
    if not changed:
        return person
    before = {key: getattr(person, key) for key in changed if key not in PERSONAL}
    for key, value in changed.items():
        setattr(person, key, value)
    person.save_version(update_fields=changed)
    record(
        "person.changed",
        person,
        by=by,
        at=at,
        before=before,
        after={key: value for key, value in changed.items() if key not in PERSONAL},
        personal={key: value for key, value in changed.items() if key in PERSONAL},
    )
    return person


def put_under(person: User, manager: User | None, *, by: Actor, at: datetime) -> None:
    """Give `person` another manager, with the line below them; a cycle is refused."""
    # One at a time: two moves made together could close a circle that neither sees.
    lock_exclusively(Lock.REPORTING_LINE)
    before = User.objects.values_list("manager", flat=True).get(pk=person.pk)
    if before == (manager.pk if manager else None):
        return
    below = list(ReportingLink.objects.filter(ancestor=person).values_list("descendant", "depth"))
    if manager and manager.pk in {pk for pk, _ in below}:
        raise Refused(
            f"{manager.name} reports to {person.name} and cannot be their manager."
            if manager != person
            else f"{person.name} cannot be their own manager.",
            code="reporting_cycle",
        )
    members = [pk for pk, _ in below]
    ReportingLink.objects.filter(descendant__in=members).exclude(ancestor__in=members).delete()
    if manager:
        above = ReportingLink.objects.filter(descendant=manager).values_list("ancestor", "depth")
        ReportingLink.objects.bulk_create(
            ReportingLink(ancestor_id=ancestor, descendant_id=descendant, depth=up + 1 + down)
            for ancestor, up in above
            for descendant, down in below
        )
    person.manager = manager
    person.save_version(update_fields=["manager"])
    record(
        "person.manager_set",
        person,
        by=by,
        at=at,
        before={"manager": before},
        after={"manager": manager},
        related=[manager] if manager else [],
    )


def give_role(person: User, role: str, *, by: Actor, at: datetime) -> RoleGrant:
    """Give `person` a role they do not hold."""
    if role not in Role.values:
        raise Refused(f"There is no role {role}.")
    if RoleGrant.objects.active().filter(user=person, role=role).exists():
        raise Refused(f"{person.name} holds the role {Role(role).label} already.")
    grant = RoleGrant.objects.create(user=person, role=role, granted_at=at, granted_by=by.user)
    forget_roles(person)
    record("role.granted", person, by=by, at=at, after={"role": role})
    return grant


def take_role(person: User, role: str, *, by: Actor, at: datetime) -> None:
    """Take a role back from `person`."""
    taken = (
        RoleGrant.objects.active()
        .filter(user=person, role=role)
        .update(revoked_at=at, revoked_by=by.user)
    )
    if not taken:
        raise Refused(f"{person.name} does not hold this role.")
    forget_roles(person)
    record("role.revoked", person, by=by, at=at, before={"role": role})


def forget_roles(person: User) -> None:
    """Let the instance read its roles anew."""
    person.__dict__.pop("roles", None)


def add_administrator(*, email: str, name: str, password: str, by: Actor, at: datetime) -> User:
    """Add an administrator who may sign in at once, or make a known person one."""
    email = clean_email(email)
    person = User.objects.select_for_update(no_key=True).filter(email=email).first()
    if person is None:
        person = add_person(email=email, name=name, by=by, at=at)
    if not person.is_active:
        raise Refused(f"{person.name} has left.")
    if not person.has_role(Role.REVOPS_ADMIN):
        give_role(person, Role.REVOPS_ADMIN, by=by, at=at)
    if person.admitted_at is None:
        person.admitted_at, person.admitted_by = at, by.user
        record("person.admitted", person, by=by, at=at)
    person.set_password(password)
    person.save_version(update_fields=["admitted_at", "admitted_by", "password"])
    return person


def add_team(*, key: str, name: str, region: str = "", by: Actor, at: datetime) -> Team:
    """Add a team under a key that stays."""
    if not key or not name.strip():
        raise Refused("A team needs a key and a name.")
    if Team.objects.filter(key=key).exists():
        raise Refused(f"There is a team {key} already.")
    team = Team.objects.create(key=key, name=name.strip(), region=region)
    record("team.created", team, by=by, at=at, after={"key": key, "name": name, "region": region})
    return team


def check_stays_administered(person: User) -> None:
    """Raise Refused when `person` is the last administrator who can sign in."""
    others = User.objects.admitted().holding(Role.REVOPS_ADMIN).exclude(pk=person.pk)
    if person.has_role(Role.REVOPS_ADMIN) and person.can_be_mailed and not others.exists():
        raise Refused(
            f"{person.name} is the last RevOps administrator. Give somebody else the role first.",
            code="last_administrator",
        )


def clean_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(f"{email or 'Nothing'} is no mail address.", code="bad_email") from None
    return email


def clean_name(name: str) -> str:
    if not name.strip():
        raise Refused("A person needs a name.")
    return name.strip()


def check_zone(zone: str) -> None:
    if zone and zone not in available_timezones():
        raise Refused(f"{zone} is no time zone. Take one such as Europe/Madrid.")


def rebuild_line() -> None:
    """Write all links of the reporting line anew from each person's manager (bulk loads)."""
    ReportingLink.objects.all().delete()
    managers = dict(User.objects.order_by("pk").values_list("pk", "manager"))
    links = [
        ReportingLink(ancestor_id=ancestor, descendant_id=pk, depth=depth)
        for ancestor, pk, depth in links_of(managers)
    ]
    ReportingLink.objects.bulk_create(links, batch_size=5000)


def line_problems() -> list[str]:
    """Sentences on links that do not follow from each person's manager."""
    kept = set(ReportingLink.objects.values_list("ancestor", "descendant", "depth"))
    due = set(links_of(dict(User.objects.values_list("pk", "manager"))))
    return [
        f"The reporting line of person {descendant} disagrees with their manager "
        f"(person {ancestor}, {depth} above)."
        for ancestor, descendant, depth in sorted(kept ^ due)
    ]


def links_of(managers: Mapping[int, int | None]) -> Iterator[tuple[int, int, int]]:
    """(ancestor, person, depth) of everybody, themselves first; a circle ends where all were."""
    for pk in managers:
        ancestor: int | None = pk
        depth = 0
        while ancestor is not None and depth <= len(managers):
            yield ancestor, pk, depth
            ancestor, depth = managers[ancestor], depth + 1
