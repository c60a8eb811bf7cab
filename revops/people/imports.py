"""Importing people: teams, persons, their roles and their reporting line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.text import slugify

from revops.imports.drafts import Drafts, Outcome, Progress, Record
from revops.imports.fieldtypes import Choices, Email, Reference, Text, shown
from revops.imports.kinds import Entity, Field, Kind, register_kind
from revops.imports.models import SourceRecord
from revops.imports.writing import (
    BATCH,
    Plan,
    by_external_id,
    columns_of,
    fields_of_ours,
    finder,
    in_batches,
    numbered,
    plan,
    reject_circles,
    reject_dangling,
    remember,
    remembered,
    resolve,
    set_fields,
    settle,
)
from revops.ledger.operations import Draft, record_many
from revops.locks import Lock, lock_exclusively
from revops.people.actor import Actor
from revops.people.changes import PERSONAL, rebuild_line
from revops.people.models import Role, RoleGrant, Team, User

find_user = finder(User.objects.all())


def find_person(by: str, source: str, values: set[str]) -> dict[str, list[int]]:
    """People by external id, name or address; an address is the same in any case."""
    if by != "email":
        return dict(find_user(by, source, values))
    found = find_user(by, source, {value.lower() for value in values})
    return {value: found.get(value.lower(), []) for value in values}


def people_kind() -> Kind:
    return Kind(
        key="people",
        main="person",
        run=import_people,
        entities=(
            Entity("team", (Field("name", Text(120), required=True), Field("region", Text(60)))),
            Entity(
                "person",
                (
                    Field("name", Text(120), required=True),
                    Field("email", Email(), required=True),
                    Field("team", Reference("team")),
                    Field("manager", Reference("person", ("external_id", "email", "name"))),
                    Field("roles", Choices(tuple(Role.choices))),
                ),
            ),
        ),
    )


@transaction.atomic(durable=True)
def import_people(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Take over teams and people as a source knows them.

    Who is imported is not admitted: they cannot sign in and are never mailed until an
    administrator says so. Raises BadRows when rows are bad and are not to be skipped.
    """
    # Two changes of the line made together could close a circle that neither sees.
    lock_exclusively(Lock.REPORTING_LINE)
    source = drafts.source
    persons = drafts.records.get("person", {})
    taken = by_external_id(User.objects.all(), source, persons.values())
    _check_emails(drafts, taken)
    teams_known = remembered(source, "team", drafts.standing("team"))
    resolve(drafts, "person", "team", _find_team, within=drafts.records.get("team", {}))
    resolve(drafts, "person", "manager", find_person, within=persons)
    reject_dangling(drafts, "person", "manager")
    reject_circles(drafts, "person", "manager", taken)
    known = remembered(source, "person", drafts.standing("person"))
    plans: dict[str, list[Plan]] = {
        "team": plan(
            drafts.standing("team"),
            _teams(drafts, teams_known),
            {key: row.values for key, row in teams_known.items()},
            ours=fields_of_ours(source, "team"),
        ),
        "person": plan(
            drafts.standing("person"),
            taken,
            {key: row.values for key, row in known.items()},
            ours=fields_of_ours(source, "person"),
        ),
    }
    outcome = settle(drafts, plans, dry_run=dry_run, skip_bad=skip_bad)
    if dry_run:
        return outcome
    entries = _write_teams(plans["team"])
    teams = {each.record.external_id: each.row.pk for each in plans["team"]}
    entries += _write_people(plans["person"], teams, source, by=by, at=at)
    remember(source, plans["team"], teams_known, at=at)
    remember(source, plans["person"], known, at=at)
    if entries:
        record_many(entries, by=by, at=at)
    outcome.written = True
    return outcome


# Validation


def _check_emails(drafts: Drafts, taken: dict[str, User]) -> None:
    """Two people of one file, or one of the file and one of ours, cannot share an address."""
    records = drafts.standing("person")
    first: dict[str, Record] = {}
    for record in records:
        email = record.values["email"]
        if email in first:
            other = shown(first[email].external_id)
            drafts.reject_record(record, f"email: {email} is also that of {other}")
        first.setdefault(email, record)
    holders: dict[str, User] = {}
    for emails in in_batches(first):
        holders |= {user.email: user for user in User.objects.filter(email__in=emails)}
    for email, record in first.items():
        holder = holders.get(email)
        if holder is None or holder == taken.get(record.external_id):
            continue
        if holder.external_id or record.external_id in taken:
            drafts.reject_record(record, f"email: {email} already belongs to {holder.name}")
        else:
            taken[record.external_id] = holder


def _find_team(by: str, source: str, values: set[str]) -> dict[str, list[int]]:
    rows = SourceRecord.objects.filter(source=source, entity="team", external_id__in=values)
    return {row.external_id: [row.record_id] for row in rows}


def _teams(drafts: Drafts, known: dict[str, SourceRecord]) -> dict[str, Team]:
    """Teams that this source knows already; else the team with the same key is meant."""
    by_number = Team.objects.in_bulk([row.record_id for row in known.values()])
    found = {key: by_number[row.record_id] for key, row in known.items()}
    new = [each for each in drafts.standing("team") if each.external_id not in found]
    by_key = Team.objects.in_bulk([_key(each) for each in new], field_name="key")
    return found | {each.external_id: by_key[_key(each)] for each in new if _key(each) in by_key}


def _key(record: Record) -> str:
    return slugify(record.external_id)[:60] or "team"


# Writing


def _write_teams(plans: list[Plan[Team]]) -> list[Draft]:
    new = [each for each in plans if each.is_new]
    for each in new:
        each.instance = Team(key=_key(each.record))
        set_fields(each, each.record.values)
    Team.objects.bulk_create([each.row for each in new], batch_size=BATCH)
    entries = [Draft("team.imported", each.row, after=each.after) for each in new]
    for each in plans:
        if each not in new and each.news:
            set_fields(each, each.news)
            if each.after:
                each.row.save_version(update_fields=list(each.after))
                entries.append(
                    Draft("team.changed", each.row, before=each.before, after=each.after)
                )
    return entries


def _write_people(
    plans: list[Plan[User]], teams: dict[str, int], source: str, *, by: Actor, at: datetime
) -> list[Draft]:
    new = [each for each in plans if each.is_new]
    old = [each for each in plans if not each.is_new and (each.news or not each.row.external_id)]
    roles_before = _roles_of(old)
    for each in new:
        each.instance = User(
            source=source,
            external_id=each.record.external_id,
            created_at=at,
            password=make_password(None),
        )
    for each in [*new, *old]:
        set_fields(each, _facts(each, teams))
        if each not in new and not each.row.external_id:
            set_fields(each, {"source": source, "external_id": each.record.external_id})
    User.objects.bulk_create([each.row for each in new], batch_size=BATCH)
    _write_managers(plans, new, old)
    _write_roles(new, old, roles_before, by=by, at=at)
    changed = [each for each in old if each.after]
    for each in changed:
        each.row.version += 1
    columns = [name for name in columns_of(changed) if name != "roles"]
    User.objects.bulk_update(
        [each.row for each in changed], [*columns, "version"], batch_size=BATCH
    )
    if new or any("manager" in each.after for each in old):
        rebuild_line()
    return [_entry(each, each in new) for each in [*new, *changed]]


def _facts(each: Plan[User], teams: dict[str, int]) -> dict:
    """The plain columns of a person; manager and roles come after everybody is there."""
    facts = {key: value for key, value in each.news.items() if key not in ("manager", "roles")}
    if "team" in facts and facts["team"] is not None:
        team = facts["team"]
        facts["team"] = getattr(team, "number", None) or teams[team.value]
    return facts


def _write_managers(plans: list[Plan[User]], new: list[Plan[User]], old: list[Plan[User]]) -> None:
    numbers = {each.record.external_id: each.row.pk for each in plans}
    led = []
    for each in [*new, *old]:
        if "manager" not in each.news:
            continue
        ref = each.news["manager"]
        number = None if ref is None else numbered({"m": ref}).get("m") or numbers[ref.value]
        set_fields(each, {"manager": number})
        if each in new and number:
            led.append(each.row)
    User.objects.bulk_update(led, ["manager"], batch_size=BATCH)


def _roles_of(plans: Iterable[Plan[User]]) -> dict[int, set[str]]:
    held: dict[int, set[str]] = {each.row.pk: set() for each in plans}
    grants = RoleGrant.objects.active().filter(user__in=list(held))
    for user, role in grants.values_list("user", "role"):
        held[user].add(role)
    return held


def _write_roles(
    new: list[Plan[User]],
    old: list[Plan[User]],
    before: dict[int, set[str]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Grant the roles the source names; take back those it named last time and no longer does."""
    said = {
        row.record_id: set(row.values.get("roles") or ())
        for row in SourceRecord.objects.filter(
            entity="person", record_id__in=[each.row.pk for each in old]
        )
    }
    grants = []
    for each in [*new, *old]:
        if "roles" not in each.news:
            continue
        wanted, held = set(each.news["roles"] or ()), before.get(each.row.pk, set())
        ended = (said.get(each.row.pk, set()) - wanted) & held
        grants += [
            RoleGrant(user=each.row, role=role, granted_at=at, granted_by=by.user)
            for role in sorted(wanted - held)
        ]
        if ended:
            RoleGrant.objects.active().filter(user=each.row, role__in=ended).update(
                revoked_at=at, revoked_by=by.user
            )
        if wanted - held or ended:
            each.before["roles"], each.after["roles"] = sorted(held), sorted(wanted | held - ended)
    RoleGrant.objects.bulk_create(grants, batch_size=BATCH)


def _entry(each: Plan[User], is_new: bool) -> Draft:
    personal = {key: each.after[key] for key in PERSONAL if key in each.after}
    return Draft(
        "person.imported" if is_new else "person.changed",
        each.row,
        before={} if is_new else {k: v for k, v in each.before.items() if k not in personal},
        after={k: v for k, v in each.after.items() if k not in personal},
        personal=personal,
    )


register_kind("people", people_kind)
