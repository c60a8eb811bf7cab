"""Deals that were open on a day and due from then on, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from pipeline.models import Deal, DealStanding
from pipeline.tallies.grouping import can_group
from pipeline.tallies.measures import Asked


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
        status=Deal.Status.OPEN,
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
