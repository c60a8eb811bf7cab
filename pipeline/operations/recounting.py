"""Keeping what deals are known to lack true where only time has passed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pipeline.findings.keeping import AT_ONCE, recount_deals
from pipeline.models import Deal
from revops.people.actor import Actor


def recount_open_deals(*, by: Actor, at: datetime, batch: int = AT_ONCE) -> int:
    """Count anew what every open deal lacks; return how many said something else.

    Some of it depends on the day: a next step that was planned for yesterday is planned no
    longer, though nobody touched the deal. Each batch is locked for a transaction of its own,
    so that nothing counted here overwrites what somebody changes meanwhile.
    """
    found, after = 0, 0
    while pks := next_open(after, batch):
        with transaction.atomic(durable=True):
            deals = Deal.objects.open().filter(pk__in=pks).select_for_update(of=("self",))
            found += recount_deals(deals, at)
        after = pks[-1]
    return found


def next_open(after: int, batch: int) -> list[int]:
    rows = Deal.objects.open().filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:batch])
