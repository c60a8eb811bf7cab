"""When people are away and who answers for them: entered, changed and called off."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from revops.ledger.operations import record
from revops.locks import Lock, lock_exclusively
from revops.models import check_version
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import Absence, User
from revops.people.models.absences import until_words
from revops.people.permissions import check_can_enter_absence
from revops.people.registry import follow_absences
from revops.refusals import Conflict, Refused

LONGEST = 366
Way = tuple[int | None, date, date, list[int | None], list[str]]
FACTS = ("first_day", "last_day", "delegate", "note")


@transaction.atomic(durable=True)
def enter_absence(
    *,
    person: User,
    first_day: date,
    last_day: date,
    delegate: User | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> Absence:
    """Say on which days a person is away, and who answers for them.

    Raises Refused for days that are over or taken already, and for a delegate who has left or
    whose own delegates would lead back to the person.
    """
    check_can_enter_absence(person, by=by)
    lock_exclusively(Lock.ABSENCES)
    absence = Absence(
        person=person,
        delegate=delegate,
        first_day=first_day,
        last_day=last_day,
        note=note.strip()[:200],
        entered_at=at,
        entered_by=by.user,
    )
    check_days(absence, at)
    check_delegate(absence)
    absence.save()
    record("absence.entered", absence, by=by, at=at, after=facts_of(absence), related=[person])
    tell_delegate(absence, by=by, at=at)
    tell_person(absence, by=by, at=at)
    follow_absences()
    return absence


@transaction.atomic(durable=True)
def change_absence(
    *,
    absence: Absence,
    first_day: date,
    last_day: date,
    delegate: User | None,
    note: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Absence:
    """Change days, delegate or note; one that has begun keeps its first day."""
    absence = locked(absence, version, by=by, at=at)
    if absence.begins_at <= at and first_day != absence.first_day:
        raise Refused("It has begun: its first day stays as it is.", code="begun")
    before, former = facts_of(absence), absence.delegate
    absence.first_day, absence.last_day = first_day, last_day
    absence.delegate, absence.note = delegate, note.strip()[:200]
    check_days(absence, at)
    check_delegate(absence)
    after = facts_of(absence)
    if after == before:
        return absence
    absence.save_version(update_fields=FACTS)
    changed = {key for key in after if after[key] != before[key]}
    record(
        "absence.changed",
        absence,
        by=by,
        at=at,
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
        related=[absence.person],
    )
    if former is not None and former != delegate:
        tell_released(absence, former, by=by, at=at)
    if changed - {"note"}:
        tell_delegate(absence, by=by, at=at)
        tell_person(absence, by=by, at=at)
    follow_absences()
    return absence


@transaction.atomic(durable=True)
def cancel_absence(
    *, absence: Absence, version: int | None = None, by: Actor, at: datetime
) -> Absence:
    """Call an absence off: the person is here after all, or back before its end."""
    absence = locked(absence, version, by=by, at=at)
    absence.cancelled_at, absence.cancelled_by = at, by.user
    absence.save_version(update_fields=["cancelled_at", "cancelled_by"])
    record("absence.cancelled", absence, by=by, at=at, related=[absence.person])
    if absence.delegate is not None:
        tell_released(absence, absence.delegate, by=by, at=at)
    follow_absences()
    return absence


def locked(absence: Absence, version: int | None, *, by: Actor, at: datetime) -> Absence:
    """The absence as it is now, if `by` may change it and it is not over."""
    lock_exclusively(Lock.ABSENCES)
    absence = Absence.objects.select_related("person", "delegate").get(pk=absence.pk)
    check_can_enter_absence(absence.person, by=by)
    check_version(absence, version)
    if absence.cancelled_at:
        raise Conflict("This absence was called off already.", code="cancelled")
    if absence.is_over(at):
        raise Conflict("This absence is over.", code="over")
    return absence


def facts_of(absence: Absence) -> dict[str, Any]:
    """What the ledger keeps: days and people. A note says why somebody is away, and stays out."""
    return {
        "person": absence.person_id,
        "first_day": absence.first_day,
        "last_day": absence.last_day,
        "delegate": absence.delegate_id,
        "note": bool(absence.note),
    }


# What is refused


def check_days(absence: Absence, at: datetime) -> None:
    """Raise Refused for days in the wrong order, over, too many, or within another absence."""
    person, first, last = absence.person, absence.first_day, absence.last_day
    if last < first:
        raise Refused("The last day is not before the first.", code="days")
    if (last - first).days >= LONGEST:
        raise Refused("An absence is a year at most.", code="days")
    if last < at.astimezone(person.get_zone()).date():
        raise Refused("These days are over.", code="over")
    others = Absence.objects.standing().filter(
        person=person, first_day__lte=last, last_day__gte=first
    )
    taken = others.exclude(pk=absence.pk).order_by("first_day").first()
    if taken is not None:
        raise Refused(
            f"{person.name} is away from {until_words(taken.first_day)} to "
            f"{until_words(taken.last_day)} already. Change that absence instead.",
            code="overlaps",
        )


def check_delegate(absence: Absence) -> None:
    """Raise Refused for a delegate who cannot answer, or who leads back to the person."""
    person, delegate = absence.person, absence.delegate
    if delegate is None:
        return
    if delegate.pk == person.pk:
        raise Refused(f"{person.name} cannot be their own delegate.", code="delegate")
    if not delegate.can_be_mailed:
        raise Refused(f"{delegate.name} is not active here.", code="delegate")
    circle = leads_back(absence)
    if circle:
        raise Refused(
            f"{' delegates to '.join([delegate.name, *circle])} on these days: "
            f"nobody of them would answer for {person.name}.",
            code="delegation_cycle",
        )


def leads_back(absence: Absence) -> list[str]:
    """The names on the way from the delegate back to the person, on days that they share."""
    others = Absence.objects.standing().exclude(pk=absence.pk).exclude(delegate=None)
    others = others.filter(first_day__lte=absence.last_day, last_day__gte=absence.first_day)
    by_person: dict[int, list[Absence]] = {}
    for other in others.select_related("delegate"):
        by_person.setdefault(other.person_id, []).append(other)
    start = absence.delegate_id
    ways: list[Way] = [(start, absence.first_day, absence.last_day, [start], [])]
    while ways:
        here, first, last, seen, names = ways.pop()
        for other in by_person.get(here or 0, []):
            begins, ends = max(first, other.first_day), min(last, other.last_day)
            if begins > ends or other.delegate is None:
                continue
            name = [*names, other.delegate.name]
            if other.delegate_id == absence.person_id:
                return name
            if other.delegate_id not in seen:
                ways.append((other.delegate_id, begins, ends, [*seen, other.delegate_id], name))
    return []


# Telling people


def tell_delegate(absence: Absence, *, by: Actor, at: datetime) -> None:
    if absence.delegate is None or absence.delegate == by.user:
        return
    tell(absence, absence.delegate, "absence.delegated", by=by, at=at)


def tell_released(absence: Absence, former: User, *, by: Actor, at: datetime) -> None:
    tell(absence, former, "absence.undelegated", by=by, at=at)


def tell_person(absence: Absence, *, by: Actor, at: datetime) -> None:
    """Tell whose absence it is, when somebody else entered or changed it."""
    if by.user is not None and by.user.pk == absence.person_id:
        return
    tell(absence, absence.person, "absence.entered", by=by, at=at)


def tell(absence: Absence, person: User, event: str, *, by: Actor, at: datetime) -> None:
    notify(
        person,
        event,
        about=absence,
        dedupe_key=f"absence:{absence.pk}:{absence.version}",
        at=at,
        context={
            "who": by.name,
            "away": absence.person.name,
            "delegate": absence.delegate.name if absence.delegate else "",
            "first_day": f"{absence.first_day:%A, %-d %B %Y}",
            "last_day": f"{absence.last_day:%A, %-d %B %Y}",
        },
        link=f"absence:{absence.pk}",
    )
