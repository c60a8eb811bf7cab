"""Deals that were open on a day and due from then on, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from pipeline.marks import UNKNOWN_DAY
from pipeline.models import Deal, DealStanding
from pipeline.tallies.grouping import can_group
from pipeline.tallies.measures import Asked, Fact

OPEN = Deal.Status.OPEN
DUE = "due"


def due_facts(asked: Asked) -> Iterator[Fact]:
    """Open deals at the first moment of a month, by when they were due; what came of them.

    By the month due: the kind is "open" where the deal is still open, else its outcome and the
    month of it. By day: "due" on the day due, and the outcome on the day from which the deal was
    both due and closed, so that the days up to another tell all that had come of it by then.
    """
    for since, until in asked.spans:
        for first in firsts_of_months(since, until):
            for due, status, closed_on, owner, *money in due_rows(asked, first):
                day = due.isoformat()
                kind = OPEN if status == OPEN else f"{status} {closed_on.isoformat()[:7]}"
                yield Fact(first, kind, owner, (day[:7], None), *money)
                yield Fact(first, DUE, owner, (None, day), *money)
                if status != OPEN:
                    settled = max(due, closed_on).isoformat()
                    yield Fact(first, status, owner, (None, settled), *money)


def firsts_of_months(since: date, until: date) -> Iterable[date]:
    day = since.replace(day=1)
    while day <= until:
        if day >= since and day != UNKNOWN_DAY:
            yield day
        if day.year == date.max.year:
            return
        day = (day + timedelta(days=32)).replace(day=1)


def due_rows(asked: Asked, start: date) -> Iterator[tuple[Any, ...]]:
    """Deals that were open when `start` began and due from then on, and what came of them."""
    columns = ("close_date", "deal__status", "deal__closed_on", "owner", "currency", "amount")
    yield from due_from(asked, start).values_list(*columns).iterator()


def due_from(asked: Asked, start: date) -> QuerySet[DealStanding]:
    """How deals stood that were open when `start` began and due from then on."""
    moment = asked.midnight(start)
    return DealStanding.objects.filter(
        Q(until=None) | Q(until__gt=moment),
        Q() if asked.owners is None else Q(owner__in=asked.owners),
        pipeline=asked.pipeline_id,
        status=OPEN,
        since__lte=moment,
        close_date__gte=start,
    )


def due_sums(asked: Asked, since: date, until: date) -> Iterator[tuple[Any, ...]]:
    """How many of these were due up to `until`, and their amount.

    They are told apart by what came of them, whether that was in time, and currency. SQLite
    would add amounts as floating numbers, so there each deal is a sum of its own.
    """
    due = due_from(asked, since).filter(close_date__lte=until).order_by()
    in_time = Case(When(deal__closed_on__gt=until, then=Value(False)), default=Value(True))
    told = due.annotate(in_time=in_time).values_list("deal__status", "in_time", "currency")
    if can_group():
        yield from told.annotate(number=Count("pk"), total=Sum("amount"))
        return
    for status, ended, currency, amount in told.values_list(
        "deal__status", "in_time", "currency", "amount"
    ).iterator():
        yield status, ended, currency, 1, amount
