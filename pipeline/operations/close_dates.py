"""Moving the expected close date: later always with a reason, earlier freely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from pipeline.junk import is_junk
from pipeline.models import Choice, ClosePullIn, ClosePush, Deal
from pipeline.operations.evidence import check_expected, read_day, set_first_close_date
from pipeline.operations.shared import (
    check_open,
    follow_evidence,
    lock_deal,
    owner_and_manager,
    tell,
    write_facts,
)
from pipeline.permissions import check_can_change
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import Missing, Refused
from revops.work.operations import add_task
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of

FORECAST_REVIEW = "forecast_review"
REVIEW_IN = timedelta(hours=16)
"""Two days of eight business hours."""
REVIEW_FROM = 2
"""The push from which the forecast of a deal is looked at again."""


IMPORTED = "imported"
BY_ITSELF = frozenset({"reopened", IMPORTED})
"""Reasons that nobody gives: reopening a deal and importing one write them down."""


@dataclass(frozen=True)
class Push:
    """What is asked of one deal among many."""

    deal: Deal
    to: date | str
    reason_key: str
    note: str = ""


@dataclass(frozen=True)
class PushResult:
    """What became of it."""

    deal: Deal
    refusal: Refused | None = None


@transaction.atomic(durable=True)
def push_close_date(
    *,
    deal: Deal,
    to: date | str,
    reason_key: str,
    note: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Move the close date later, with a reason code; every push is kept.

    A note as well when a month or quarter is crossed, from the second push, and for "other".
    """
    return push(lock_deal(deal, version=version), to, reason_key, note, by=by, at=at)


@transaction.atomic(durable=True)
def pull_in_close_date(
    *, deal: Deal, to: date | str, version: int | None = None, by: Actor, at: datetime
) -> Deal:
    """Move the close date earlier, or set the first one; no reason is asked."""
    deal = lock_deal(deal, version=version)
    return pull_in(deal, to, by=by, at=at)


def pull_in(deal: Deal, to: date | str, *, by: Actor, at: datetime) -> Deal:
    """Pull in the close date of a locked deal, or set its first one."""
    check_can_change(deal, by=by)
    check_open(deal)
    day = read_day(to)
    if deal.close_date is None:
        set_first_close_date(deal, day, by=by, at=at)
        follow_evidence(deal, by=by, at=at)
        return deal
    if day >= deal.close_date:
        raise Refused(
            "This is not earlier. Moving the close date later needs a reason.", code="not_earlier"
        )
    check_expected(day, at=at)
    ClosePullIn.objects.create(
        deal=deal, from_date=deal.close_date, to_date=day, pulled_at=at, pulled_by=by.user
    )
    write_facts(deal, {"close_date": day}, by=by, at=at, verb="deal.close_date_pulled_in")
    return deal


def push_close_dates(*, pushes: Sequence[Push], by: Actor, at: datetime) -> list[PushResult]:
    """Push many close dates, each with its own reason and in a transaction of its own."""
    results = []
    for each in pushes:
        try:
            with transaction.atomic(durable=True):
                deal = push(lock_deal(each.deal), each.to, each.reason_key, each.note, by=by, at=at)
            results.append(PushResult(deal))
        except Refused as refusal:
            results.append(PushResult(each.deal, refusal))
    return results


def push(
    deal: Deal,
    to: date | str,
    reason_key: str,
    note: str,
    *,
    by: Actor,
    at: datetime,
    asks_review: bool = True,
) -> Deal:
    """Push the close date of a locked deal."""
    check_can_change(deal, by=by)
    check_open(deal)
    day = read_day(to)
    if deal.close_date is None:
        raise Refused("The deal has no close date yet. Set the first one.", code="no_close_date")
    if day <= deal.close_date:
        raise Refused("This is not later than the close date it has.", code="not_later")
    check_expected(day, at=at)
    check_reason(deal, day, reason_key, note)
    move_later(deal, day, reason_key, note, by=by, at=at)
    if asks_review and deal.push_count >= REVIEW_FROM:
        ask_for_review(deal, by=by, at=at)
    return deal


def check_reason(deal: Deal, day: date, reason_key: str, note: str) -> None:
    """Raise Refused, listing everything at once, when the reason or a needed note is wanting."""
    missing = []
    reasons = Choice.objects.filter(list=Choice.List.PUSH_REASON, retired_at=None)
    if reason_key in BY_ITSELF or not reasons.filter(key=reason_key).exists():
        missing.append(Missing("reason_key", "Reason", "Choose why the close date moves."))
    why = note_needed(deal, day, reason_key)
    if why and is_junk(note):
        missing.append(Missing("note", "Note", f"Add a note: {why}."))
    if missing:
        text = " ".join(each.sentence for each in missing)
        raise Refused(text, code="reason_missing", missing=missing)


def note_needed(deal: Deal, day: date, reason_key: str) -> str:
    """Why a push to that day needs a note beside its reason code; empty when it does not."""
    if deal.close_date and crosses_month(deal.close_date, day):
        crossed = "quarter" if crosses_quarter(deal.close_date, day) else "month"
        return f"the close date leaves its {crossed}"
    if deal.push_count:
        return "the close date was pushed before"
    return "the reason is “other”" if reason_key == "other" else ""


def crosses_month(first: date, second: date) -> bool:
    return (first.year, first.month) != (second.year, second.month)


def crosses_quarter(first: date, second: date) -> bool:
    return (first.year, (first.month - 1) // 3) != (second.year, (second.month - 1) // 3)


def move_later(
    deal: Deal, day: date, reason_key: str, note: str, *, by: Actor, at: datetime
) -> None:
    """Write the push as a row, count it, and move the date."""
    assert deal.close_date is not None
    push_row(deal, deal.close_date, day, reason_key, note, by=by, at=at).save(force_insert=True)
    write_facts(
        deal,
        {"close_date": day, "push_count": deal.push_count + 1},
        by=by,
        at=at,
        verb="deal.close_date_pushed",
        why=f"{reason_key}: {note.strip()}" if note.strip() else reason_key,
    )


def push_row(
    deal: Deal,
    from_date: date,
    to_date: date,
    reason_key: str,
    note: str = "",
    *,
    by: Actor,
    at: datetime,
) -> ClosePush:
    return ClosePush(
        deal=deal,
        from_date=from_date,
        to_date=to_date,
        reason_key=reason_key,
        note=note.strip(),
        crosses_month=crosses_month(from_date, to_date),
        crosses_quarter=crosses_quarter(from_date, to_date),
        pushed_at=at,
        pushed_by=by.user,
    )


def ask_for_review(deal: Deal, *, by: Actor, at: datetime) -> None:
    """Ask the manager to review the forecast of this deal, once, and tell owner and manager."""
    reviewer = reviewer_of(deal)
    add_task(
        kind=FORECAST_REVIEW,
        about=deal,
        title=f"Review the forecast of {deal.name}",
        assignee=reviewer,
        due_at=add_business_time(calendar_of(reviewer), at, REVIEW_IN),
        dedupe_key=FORECAST_REVIEW,
        by=by,
        at=at,
    )
    tell(
        owner_and_manager(deal),
        "deal.pushed_again",
        deal,
        key=deal.push_count,
        by=by,
        at=at,
        times=str(deal.push_count),
        close_date=str(deal.close_date),
    )


def reviewer_of(deal: Deal) -> User:
    """The owner's manager; where there is none, RevOps, and the owner where nobody else is."""
    manager = deal.owner.manager
    if manager is not None and manager.is_active:
        return manager
    revops = User.objects.active().holding(Role.REVOPS_ADMIN).order_by("pk").first()
    return revops or deal.owner
