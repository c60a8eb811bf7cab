"""People who go: what they leave open, who takes it over, and what stays of them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from revops.ledger.models import PersonalValue
from revops.ledger.operations import record
from revops.models import check_version, subject_of
from revops.outbox.operations import notify
from revops.people import changes as shared
from revops.people.actor import Actor
from revops.people.models import User
from revops.people.permissions import check_can_administer
from revops.people.registry import holdings
from revops.refusals import Missing, Refused


@transaction.atomic(durable=True)
def deactivate_person(
    *,
    person: User,
    by: Actor,
    at: datetime,
    successor: User | None = None,
    why: str = "",
    version: int | None = None,
) -> User:
    """Let a person go: no sign-in, no mail, no decision any more.

    While they leave work open this is refused, naming it, unless a successor takes it over.
    """
    check_can_administer(by)
    person = shared.lock_person(person)
    check_version(person, version)
    if not person.is_active:
        raise Refused(f"{person.name} has left already.")
    shared.check_stays_administered(person)
    check_successor(person, successor)
    left_open = what_is_left_open(person)
    if left_open and successor is None:
        raise Refused(
            f"{person.name} leaves open: {'; '.join(item.sentence for item in left_open)}. "
            "Name who takes over.",
            code="left_open",
            missing=left_open,
        )
    if successor:
        hand_over(person, successor, by=by, at=at)
    person.is_active = False
    person.deactivated_at, person.deactivated_by = at, by.user
    person.save_version(update_fields=["is_active", "deactivated_at", "deactivated_by"])
    record(
        "person.deactivated",
        person,
        by=by,
        at=at,
        after={
            "successor": successor,
            "handed_over": [item.sentence for item in left_open],
        },
        why=why,
        related=[successor] if successor else [],
    )
    if successor:
        sentences = [item.sentence for item in left_open]
        tell_successor(person, successor, sentences, why=why, by=by, at=at)
    return person


@transaction.atomic(durable=True)
def hand_over_work(
    *, person: User, successor: User, why: str = "", by: Actor, at: datetime
) -> list[Missing]:
    """Give everything a person holds to somebody else, in one step; they may stay.

    Returns what was handed over, in sentences from the apps that know; the successor is told
    once. Raises Refused when there is nothing, or the successor has left.
    """
    check_can_administer(by)
    person = shared.lock_person(person)
    check_successor(person, successor)
    held = what_is_left_open(person)
    if not held:
        raise Refused(f"{person.name} holds nothing that could be handed over.", code="nothing")
    hand_over(person, successor, by=by, at=at)
    sentences = [item.sentence for item in held]
    record(
        "person.handed_over",
        person,
        by=by,
        at=at,
        after={"successor": successor, "handed_over": sentences},
        why=why,
        related=[successor],
    )
    tell_successor(person, successor, sentences, why=why, by=by, at=at)
    return held


def tell_successor(
    person: User, successor: User, sentences: list[str], *, why: str, by: Actor, at: datetime
) -> None:
    """Tell who took over what it was: once, and not for each thing."""
    if not sentences:
        return
    notify(
        successor,
        "person.handed_over",
        about=person,
        dedupe_key=f"handed:{successor.pk}:{at.isoformat()}",
        at=at,
        context={
            "who": by.name,
            "former": person.name,
            "things": " ".join(each if each.endswith(".") else f"{each}." for each in sentences),
            "why": why,
        },
    )


def what_is_left_open(person: User) -> list[Missing]:
    """What `person` would leave open by going, in sentences from the apps that know."""
    found = [
        Missing(key=holding.key, label=holding.key.replace("_", " "), sentence=sentence)
        for holding in holdings()
        for sentence in holding.describe(person)
    ]
    reports = person.reports.filter(is_active=True).count()
    if reports:
        sentence = f"{reports} {'person reports' if reports == 1 else 'people report'} to them"
        found.append(Missing(key="reports", label="reports", sentence=sentence))
    return found


def check_successor(person: User, successor: User | None) -> None:
    if successor == person:
        raise Refused("A person cannot take over from themselves.")
    if successor and not successor.is_active:
        raise Refused(f"{successor.name} has left and cannot take over.")


def hand_over(person: User, successor: User, *, by: Actor, at: datetime) -> None:
    """Give everything `person` leaves open to `successor`."""
    if User.objects.below(person).filter(pk=successor.pk).exists():
        # The successor rises to the place above the others before these follow.
        shared.put_under(successor, person.manager, by=by, at=at)
    for report in person.reports.filter(is_active=True).exclude(pk=successor.pk):
        shared.put_under(report, successor, by=by, at=at)
    for holding in holdings():
        holding.hand_over(person, successor, by, at)


@transaction.atomic(durable=True)
def reactivate_person(*, person: User, by: Actor, at: datetime) -> User:
    """Take back a person who had left; they must be admitted anew to sign in."""
    check_can_administer(by)
    person = shared.lock_person(person)
    if person.is_active:
        raise Refused(f"{person.name} is active.")
    person.is_active = True
    person.deactivated_at = person.deactivated_by = None
    person.admitted_at = person.admitted_by = None
    person.save_version(
        update_fields=[
            "is_active",
            "deactivated_at",
            "deactivated_by",
            "admitted_at",
            "admitted_by",
        ]
    )
    record("person.reactivated", person, by=by, at=at)
    return person


@transaction.atomic(durable=True)
def erase_person(*, person: User, by: Actor, at: datetime) -> User:
    """Forget the name and address of a person who has left; what they did stays, nameless."""
    check_can_administer(by)
    person = shared.lock_person(person)
    if person.is_active:
        raise Refused(f"Deactivate {person.name} first.")
    kind, number = subject_of(person)
    erased, _ = PersonalValue.objects.filter(subject_type=kind, subject_id=number).delete()
    person.name, person.email = "A former colleague", f"erased-{person.pk}@invalid.example"
    person.external_id = ""
    person.set_unusable_password()
    person.save_version(update_fields=["name", "email", "external_id", "password"])
    record("person.erased", person, by=by, at=at, after={"values": erased})
    return person
