"""What people are to win in a period."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from django.db.models import Q

from pipeline.models import Quota
from pipeline.reports.reading import money
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import Money


def quota_of(scope: Scope) -> tuple[Money | None, int]:
    """The quotas that lie in the period whole, and of how many people; None where there is none.

    A person's quota for this pipeline stands before one for all pipelines. Whoever leads others
    with quotas counts once, through them.
    """
    rows = Quota.objects.filter(
        scope.present("person"),
        Q(pipeline=scope.pipeline) | Q(pipeline=None),
        starts_on__gte=scope.since,
        ends_on__lte=scope.until,
    ).values_list("person", "person__manager", "pipeline", "currency", "amount")
    own: defaultdict[int, dict[bool, list[tuple[str, Decimal]]]] = defaultdict(dict)
    managers: dict[int, int | None] = {}
    for person, manager, pipeline, currency, amount in rows:
        own[person].setdefault(pipeline is not None, []).append((currency, amount))
        managers[person] = manager
    leading = {manager for manager in managers.values() if manager}
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    counted = [person for person in own if person not in leading]
    for person in counted:
        for currency, amount in own[person].get(True) or own[person][False]:
            amounts[currency] += amount
    return (money(scope, amounts), len(counted)) if counted else (None, 0)
