"""Quotas of a period: whose they are, and what a line is to win."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Q

from pipeline.forecasting.money import Sums
from pipeline.forecasting.periods import Period
from pipeline.models import Pipeline, Quota

Span = tuple[date, date]


def quotas_in(
    pipeline: Pipeline, period: Period, people: Iterable[int] | None = None
) -> dict[int, dict[str, Decimal]]:
    """What each person is to win in the period, by currency; who has no quota is left out.

    A quota of the pipeline goes before one that counts every pipeline; one of the whole period
    goes before those of its months, which are added up. A longer one is not divided.
    """
    rows = Quota.objects.filter(
        Q(pipeline=pipeline) | Q(pipeline=None),
        starts_on__gte=period.starts_on,
        ends_on__lte=period.ends_on,
    )
    if people is not None:
        rows = rows.filter(person__in=people)
    found: defaultdict[int, dict[bool, list[Quota]]] = defaultdict(lambda: defaultdict(list))
    for quota in rows.order_by("starts_on", "ends_on", "pk"):
        found[quota.person_id][quota.pipeline_id is not None].append(quota)
    return {person: sum_of(own[True] or own[False], period) for person, own in found.items()}


def sum_of(quotas: list[Quota], period: Period) -> dict[str, Decimal]:
    """The longest quotas that do not overlap, added up by currency."""
    longest = sorted(quotas, key=lambda quota: (quota.starts_on - quota.ends_on, quota.starts_on))
    taken: list[Span] = []
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for quota in longest:
        if all(quota.ends_on < first or quota.starts_on > last for first, last in taken):
            taken.append((quota.starts_on, quota.ends_on))
            total[quota.currency] += quota.amount
    return dict(total)


def has_any(sums: Sums) -> bool:
    return any(sums.values())
