"""Asking the desk about a deal: the question, the answers, who owns it. Grants nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from dealdesk.inputs import policy_in_force
from dealdesk.models import DeskMessage, DeskThread
from dealdesk.operations.shared import lock_deal
from dealdesk.policy import Role as AskedRole
from dealdesk.threadrights import (
    check_can_ask_desk,
    check_can_close_thread,
    check_can_speak,
    check_works_at_desk,
    speaks_for_desk,
)
from pipeline.models import Deal
from revops.ledger.operations import record
from revops.outbox.operations import notify
from revops.people.actor import Actor
from revops.people.models import Role, User, UserQuerySet
from revops.refusals import Conflict, Refused
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of

WaitsOn = DeskThread.WaitsOn


@transaction.atomic(durable=True)
def ask_desk(*, deal: Deal, body: str, by: Actor, at: datetime) -> DeskThread:
    """Ask the deal desk about a deal, with or without a quote; nothing is granted by an answer.

    The question goes to whoever at the desk has the fewest open ones. Its clock is the business
    hours that the policy in force gives the desk. Raises Refused when nobody works there.
    """
    deal = lock_deal(deal.pk)
    check_can_ask_desk(deal, by=by)
    check_says_something(body)
    assert by.user is not None  # the check above lets only people ask
    owner = least_busy(deal, by.user)
    thread = DeskThread.objects.create(
        deal=deal, asked_at=at, asked_by=by.user, owner=owner, due_at=due_from(owner, at=at)
    )
    add_message(thread, body, from_desk=False, by=by, at=at)
    after = {"owner": owner.pk, "due_at": thread.due_at}
    record("thread.asked", thread, by=by, at=at, after=after, related=[deal])
    tell([owner], "desk.asked", thread, body, by=by, at=at)
    return thread


@transaction.atomic(durable=True)
def reply_in_thread(*, thread: DeskThread, body: str, by: Actor, at: datetime) -> DeskMessage:
    """Say something in a thread: an answer of the desk stops its clock, a seller's starts it.

    A closed thread opens again, with a clock for its owner when a seller asks on.
    """
    thread = locked_thread(thread)
    check_can_speak(thread, by=by)
    check_says_something(body)
    from_desk = speaks_for_desk(thread, by.user)
    message = add_message(thread, body, from_desk=from_desk, by=by, at=at)
    wait_on(thread, WaitsOn.SELLER if from_desk else WaitsOn.DESK, at=at)
    verb = "thread.answered" if from_desk else "thread.asked_on"
    after = {"message": message.pk, "due_at": thread.due_at}
    record(verb, thread, by=by, at=at, after=after, related=[thread.deal])
    others = [thread.asked_by, thread.deal.owner] if from_desk else [thread.owner]
    tell(others, "desk.answered" if from_desk else "desk.asked", thread, body, by=by, at=at)
    return message


@transaction.atomic(durable=True)
def hand_thread_on(*, thread: DeskThread, to: User, by: Actor, at: datetime) -> DeskThread:
    """Give a thread to somebody else at the desk, or take it oneself; its clock runs on."""
    thread = locked_thread(thread)
    check_works_at_desk(by=by)
    if not thread.is_open:
        raise Conflict("This question is closed.", code="closed")
    if not to.can_be_mailed or not to.has_role(Role.DEAL_DESK):
        raise Refused(f"{to.name} does not work at the deal desk.", code="not_at_desk")
    if to.pk == thread.owner_id:
        raise Conflict(f"{to.name} has it already.", code="already_owner")
    give(thread, to, by=by, at=at)
    return thread


@transaction.atomic(durable=True)
def close_thread(*, thread: DeskThread, by: Actor, at: datetime) -> DeskThread:
    """End a thread: who asked needs no more, or the desk has said what there is to say."""
    thread = locked_thread(thread)
    check_can_close_thread(thread, by=by)
    if not thread.is_open:
        raise Conflict("This question is closed already.", code="closed")
    wait_on(thread, WaitsOn.NOBODY, by=by, at=at)
    record("thread.closed", thread, by=by, at=at, after={}, related=[thread.deal])
    return thread


def remind_late_threads(*, at: datetime) -> int:
    """Tell everybody at the desk once of each answer that is overdue; return how many."""
    late = DeskThread.objects.late(at).filter(reminded_at=None).order_by("due_at", "pk")
    return sum(_remind(pk, at=at) for pk in late.values_list("pk", flat=True)[:500])


@transaction.atomic(durable=True)
def _remind(pk: int, *, at: datetime) -> bool:
    thread = locked_thread(DeskThread.objects.get(pk=pk))
    if not thread.is_late(at) or thread.reminded_at is not None:
        return False
    thread.reminded_at = at
    thread.save(update_fields=["reminded_at"])
    body = thread.messages.order_by("-pk").values_list("body", flat=True).first() or ""
    system = Actor.system()
    tell(at_desk(), "desk.late", thread, body, by=system, at=at)
    return True


# What happens to the threads of who leaves


def describe_threads(user: User) -> list[str]:
    """A sentence for the questions this person owns at the desk, for who deactivates them."""
    number = DeskThread.objects.open().filter(owner=user).count()
    return [f"{number} open question{'s' * (number != 1)} to the deal desk"] if number else []


def hand_over_threads(user: User, successor: User, by: Actor, at: datetime) -> None:
    """Give the open questions of a leaver to the successor, or to others at the desk."""
    fits = successor.can_be_mailed and successor.has_role(Role.DEAL_DESK)
    for found in DeskThread.objects.open().filter(owner=user).order_by("deal", "pk"):
        thread = locked_thread(found)
        others = at_desk().exclude(pk=user.pk)
        new = successor if fits else least_busy_of(others)
        if new is not None and thread.is_open and thread.owner_id == user.pk:
            give(thread, new, by=by, at=at)


# Parts; the caller's transaction holds the deal


def locked_thread(thread: DeskThread) -> DeskThread:
    deal = lock_deal(thread.deal_id)
    locked = DeskThread.objects.select_for_update(of=("self",))
    thread = locked.select_related("owner", "asked_by").get(pk=thread.pk)
    thread.deal = deal
    return thread


def check_says_something(body: str) -> None:
    if not body.strip():
        raise Refused("Write something first.", code="empty")


def at_desk() -> UserQuerySet:
    return User.objects.admitted().holding(Role.DEAL_DESK).order_by("pk")


def least_busy(deal: Deal, asker: User) -> User:
    """Who at the desk gets a question: the fewest open ones, and no part in the deal."""
    found = least_busy_of(at_desk().exclude(pk__in=[asker.pk, deal.owner_id]))
    if found is None:
        raise Refused(
            "Nobody works at the deal desk. Ask RevOps to give somebody that role.",
            code="nobody_at_desk",
        )
    return found


def least_busy_of(people: UserQuerySet) -> User | None:
    open_ = Count("desk_threads", filter=~Q(desk_threads__waits_on=WaitsOn.NOBODY))
    return people.annotate(open_threads=open_).order_by("open_threads", "pk").first()


def due_from(owner: User, *, at: datetime) -> datetime:
    """By when the desk answers: its business hours under the policy in force."""
    hours = policy_in_force()[1].rule(AskedRole.DEAL_DESK).hours
    return add_business_time(calendar_of(owner), at, timedelta(hours=hours))


def wait_on(
    thread: DeskThread, whom: DeskThread.WaitsOn, *, by: Actor | None = None, at: datetime
) -> None:
    """Set on whom a thread waits; a second question before the answer leaves the clock alone."""
    if whom == WaitsOn.DESK and thread.waits_on == WaitsOn.DESK:
        return
    thread.waits_on = whom
    thread.due_at = due_from(thread.owner, at=at) if whom == WaitsOn.DESK else None
    thread.reminded_at = None
    closed = whom == WaitsOn.NOBODY and by is not None
    thread.closed_at = at if closed else None
    thread.closed_by = by.user if closed and by is not None else None
    thread.save(update_fields=["waits_on", "due_at", "reminded_at", "closed_at", "closed_by"])


def give(thread: DeskThread, to: User, *, by: Actor, at: datetime) -> None:
    was, thread.owner = thread.owner_id, to
    thread.save(update_fields=["owner"])
    after = {"owner": to.pk}
    record(
        "thread.handed_on",
        thread,
        by=by,
        at=at,
        before={"owner": was},
        after=after,
        related=[thread.deal],
    )
    body = thread.messages.order_by("-pk").values_list("body", flat=True).first() or ""
    tell([to], "desk.asked", thread, body, by=by, at=at)


def add_message(
    thread: DeskThread, body: str, *, from_desk: bool, by: Actor, at: datetime
) -> DeskMessage:
    assert by.user is not None  # whoever may speak is a person
    return DeskMessage.objects.create(
        thread=thread,
        body=body.strip(),
        from_desk=from_desk,
        written_at=at,
        written_by=by.user,
        via=by.via,
    )


def tell(
    people: Iterable[User], event: str, thread: DeskThread, body: str, *, by: Actor, at: datetime
) -> None:
    for person in dict.fromkeys(people):
        if by.user is not None and person.pk == by.user.pk:
            continue
        notify(
            person,
            event,
            about=thread,
            dedupe_key=f"{thread.pk}:{at.isoformat()}",
            at=at,
            context={
                "deal": thread.deal.name,
                "who": by.name,
                "asker": thread.asked_by.name,
                "owner": thread.owner.name,
                "body": body,
            },
            link=f"thread:{thread.pk}",
        )
