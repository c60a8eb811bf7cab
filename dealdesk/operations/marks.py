"""The due times of clocks as rows: written when somebody is asked, moved when a clock goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from dealdesk.clocks import ORDER, Kind, Times, times_of
from dealdesk.models import ApprovalSlot, ClockMark
from revops.worktime.arithmetic import business_time_between
from revops.worktime.calendars import calendar_of

Outcome = ClockMark.Outcome
MOST_ADOPTED = 500


def allowed_of(slot: ApprovalSlot) -> timedelta:
    return timedelta(hours=float(slot.hours))


def set_marks(slot: ApprovalSlot, *, at: datetime, kinds: Sequence[Kind] = ORDER) -> None:
    """Write when the clock of a slot that opens now does what; without hours it has none."""
    allowed = allowed_of(slot)
    if allowed:
        write(slot, times_of(calendar_of(slot.person), at, allowed), kinds)


def write(slot: ApprovalSlot, times: Times, kinds: Iterable[Kind]) -> None:
    ClockMark.objects.bulk_create(
        [ClockMark(slot=slot, kind=kind.value, due_at=times.of(kind)) for kind in kinds],
        ignore_conflicts=True,
    )


def move_marks(slot: ApprovalSlot, *, left: timedelta, at: datetime) -> None:
    """Let what is still to come of a clock that goes on come so much later."""
    times = times_of(calendar_of(slot.person), at, allowed_of(slot), left)
    for mark in slot.marks.filter(settled_at=None):
        mark.due_at = times.of(Kind(mark.kind))
        mark.save(update_fields=["due_at"])


def settle_marks(marks: Iterable[ClockMark], outcome: ClockMark.Outcome, *, at: datetime) -> None:
    for mark in marks:
        mark.settled_at, mark.outcome = at, outcome
        mark.save(update_fields=["settled_at", "outcome"])


def adopt_slots(*, at: datetime) -> int:
    """Give a clock to open slots that came without one: imported, or asked before there was any.

    What lies behind them is not made up for: the next thing to come is the first to be done.
    """
    found = ApprovalSlot.objects.open().filter(step__request__status="pending", marks=None)
    slots = list(found.select_related("person__calendar").order_by("pk")[:MOST_ADOPTED])
    for slot in slots:
        adopt(slot, at=at)
    return len(slots)


def adopt(slot: ApprovalSlot, *, at: datetime) -> None:
    calendar, allowed = calendar_of(slot.person), allowed_of(slot) or timedelta(hours=8)
    assert slot.due_at is not None  # an open slot has one: the database keeps it so
    left = slot.time_left if slot.paused_at else business_time_between(calendar, at, slot.due_at)
    times = times_of(calendar, at, allowed, left)
    write(slot, times, [kind for kind in ORDER if times.of(kind) > at])
