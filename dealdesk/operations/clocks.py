"""What happens when an answer does not come: a warning, a reminder with somebody added, the next
one up of the same discipline. A clock never approves anything.

Everything due is a row; a scheduler that was dead for days does the last thing due, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.db import transaction

from dealdesk.clocks import Kind, latest
from dealdesk.directory import Present, directory_of, held_as, users_of
from dealdesk.exclusions import excluded_people
from dealdesk.models import ApprovalRequest, ApprovalSlot, ClockMark
from dealdesk.operations.decisions import locked_slot
from dealdesk.operations.marks import adopt_slots, settle_marks
from dealdesk.operations.shared import lock_deal, lock_request, pinned_policy
from dealdesk.operations.staffing import ask_by_mail, open_slots, release, tell_unanswerable
from dealdesk.policy import Policy, Role, StepMode
from dealdesk.pricing import Problem
from dealdesk.resolving import Directory, Person
from dealdesk.wording import capital
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.away import read_away
from revops.people.models import User

Outcome = ClockMark.Outcome
MOST_AT_ONCE = 1000
ADDS = (StepMode.FIRST_RESPONSE, StepMode.QUORUM, StepMode.PER_GROUP)
"""Where one more person is one more who may answer; elsewhere it would be one more who must."""


def run_clocks(*, at: datetime) -> int:
    """Do what clocks ask for by now, each slot in its own transaction; return how many did.

    Of several things due on one slot the last alone is done, and the others are overtaken.
    """
    adopt_slots(at=at)
    marks = ClockMark.objects.due(at).order_by("due_at", "pk")
    due = marks.values_list("slot", "slot__step__request", "slot__step__request__deal")
    slots = dict.fromkeys(due[:MOST_AT_ONCE])
    return sum(_run(*keys, at=at) for keys in slots)


@transaction.atomic(durable=True)
def _run(slot_id: int, request_id: int, deal_id: int, *, at: datetime) -> bool:
    """Do the last thing due on one slot, unless it was answered or stopped on the way here."""
    deal = lock_deal(deal_id)
    request = lock_request(request_id, deal)
    slot = locked_slot(slot_id, request)
    marks = {Kind(mark.kind): mark for mark in slot.marks.filter(settled_at=None)}
    if not request.is_pending or not slot.is_open:
        settle_marks(marks.values(), Outcome.NOT_NEEDED, at=at)
        return False
    due = [kind for kind, mark in marks.items() if mark.due_at <= at]
    if not due or slot.paused_at is not None:
        return False
    kind = latest(due)
    settle_marks([marks[each] for each in due if each != kind], Outcome.OVERTAKEN, at=at)
    outcome = ACTS[kind](slot, request, at=at)
    settle_marks([marks[kind]], outcome, at=at)
    return True


def warn(slot: ApprovalSlot, request: ApprovalRequest, *, at: datetime) -> Outcome:
    """Three quarters of the time are over."""
    remind(slot, request, Kind.WARNING, at=at)
    return Outcome.DONE


def remind_and_add(slot: ApprovalSlot, request: ApprovalRequest, *, at: datetime) -> Outcome:
    """The time is over: remind, and let one more person answer."""
    remind(slot, request, Kind.REMINDER, at=at)
    if not slot.marks.filter(kind=Kind.ESCALATION.value).exists():
        # Who was added themselves is reminded, and adds nobody.
        return Outcome.DONE
    policy = pinned_policy(request)
    if StepMode(slot.step.mode) not in ADDS:
        return Outcome.NOBODY
    person = first_free(backups(slot, request, policy, at), slot, request, at)
    if person is None:
        return Outcome.NOBODY
    note = f"{slot.person.name} has not answered in time, so {person.name} is asked as well."
    ask_also(slot, request, person, note, kinds=(Kind.WARNING, Kind.REMINDER), at=at)
    return Outcome.DONE


def hand_upward(slot: ApprovalSlot, request: ApprovalRequest, *, at: datetime) -> Outcome:
    """As long again is over: the next one up answers instead, or RevOps is told."""
    policy = pinned_policy(request)
    person = first_free(those_above(slot, request, policy, at), slot, request, at)
    if person is None:
        sentence = f"{who_is_late(slot)} has not answered in time, and nobody else may."
        tell_unanswerable(request, [Problem("unanswered", sentence, slot.role)], at=at)
        return Outcome.NOBODY
    note = f"{slot.person.name} has not answered in time, so {person.name} is asked instead."
    release(slot, why=note, by=Actor.system(), at=at)
    ask_also(slot, request, person, note, kinds=tuple(Kind), at=at)
    return Outcome.DONE


ACTS: dict[Kind, Callable[..., Outcome]] = {
    Kind.WARNING: warn,
    Kind.REMINDER: remind_and_add,
    Kind.ESCALATION: hand_upward,
}


def who_is_late(slot: ApprovalSlot) -> str:
    """The role that was asked; somebody added to the route was asked by name."""
    return capital(Role(slot.role).label) if is_of_policy(slot) else slot.person.name


def is_of_policy(slot: ApprovalSlot) -> bool:
    """Whether the policy asks this; who was added beside it has no role that others could take."""
    return slot.role in set(Role) and slot.step.added_by_id is None


def remind(slot: ApprovalSlot, request: ApprovalRequest, kind: Kind, *, at: datetime) -> None:
    """Mail the person a fresh link; the one they had ends."""
    key = f"slot:{slot.pk}:{kind.value}"
    ask_by_mail(slot, request, at=at, key=key, event="approval.reminder")
    related = [request, request.deal]
    after = {"kind": kind.value, "due": slot.due_at}
    record("approval.reminded", slot, by=Actor.system(), at=at, after=after, related=related)


def ask_also(
    slot: ApprovalSlot,
    request: ApprovalRequest,
    person: Person,
    note: str,
    *,
    kinds: tuple[Kind, ...],
    at: datetime,
) -> None:
    """Ask one more person in the role of a slot, with a clock of their own."""
    role = Role(slot.role)
    new = ApprovalSlot(
        step=slot.step,
        role=slot.role,
        person=users_of([person.key])[person.key],
        absence_id=person.behalf.key if person.behalf else None,
        held_as=held_as(person, role),
        substitution=note[:300],
        hours=slot.hours,
    )
    open_slots([new], request, at=at, kinds=kinds)
    after = {"person": new.person_id, "role": new.role, "late": slot.person_id}
    related = [request, request.deal]
    record("approval.asked", new, by=Actor.system(), at=at, after=after, related=related)


# Who comes next


def first_free(
    people: Iterable[Person], slot: ApprovalSlot, request: ApprovalRequest, at: datetime
) -> Person | None:
    """The first who may decide and was never asked in this step: nothing goes round in circles."""
    excluded = excluded_people(request.quote, request.submitted_by, at)
    asked = set(slot.step.slots.values_list("person", flat=True))
    for person in people:
        barred = person.key in excluded or person.key in asked
        if person.active and not person.away and not barred:
            return person
    return None


def backups(
    slot: ApprovalSlot, request: ApprovalRequest, policy: Policy, at: datetime
) -> Iterator[Person]:
    """Who may be added: the backup the policy names, the fallback, then others of the role."""
    if not is_of_policy(slot):
        return
    yield from named(slot, policy, "backup", at)
    yield from named(slot, policy, "fallback", at)
    directory = directory_of(request.deal.owner, policy, at)
    if slot.role == Role.SALES_MANAGER:
        yield from (each for each in directory.line if Role.SALES_MANAGER in each.roles)
    else:
        yield from directory.holders.get(Role(slot.role), ())


def those_above(
    slot: ApprovalSlot, request: ApprovalRequest, policy: Policy, at: datetime
) -> Iterator[Person]:
    """Who answers instead, of the same discipline: above a sales manager the VPs of the line."""
    if not is_of_policy(slot):
        return
    directory: Directory = directory_of(request.deal.owner, policy, at)
    if slot.role == Role.SALES_MANAGER:
        yield from (each for each in directory.line if Role.VP_SALES in each.roles)
        return
    yield from directory.holders.get(Role(slot.role), ())
    yield from named(slot, policy, "backup", at)
    yield from named(slot, policy, "fallback", at)


def named(slot: ApprovalSlot, policy: Policy, field: str, at: datetime) -> Iterator[Person]:
    """The person whom the policy names for a role, or who answers for them."""
    addresses = {getattr(rule, field).lower() for rule in policy.roles if rule.role == slot.role}
    found = User.objects.filter(email__in=addresses - {""}).prefetch_related("role_grants")
    yield from Present(read_away(at)).in_place_of(found)
