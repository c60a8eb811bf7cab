"""Counting the findings of marked owners anew, of everybody when a frame is due, and checking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from pipeline.findings.context import gather
from pipeline.findings.frames import Frame, frame_around, frame_of, present_frame
from pipeline.findings.grouping import Sums, settled, turning
from pipeline.models import Deal, FindingFrame, FindingMark, FindingTally, TurningDeal
from revops.locks import Lock, lock_exclusively

BATCH = 1000


def fold(*, at: datetime) -> int:
    """Count the owners that are marked anew and take their marks away; return how many went.

    In one transaction, alone. It takes away exactly the marks it saw before it counted: a change
    that commits meanwhile leaves a mark of its own, and its owner is counted once more.
    """
    with transaction.atomic(durable=True):
        return fold_within(at=at)


def fold_within(*, at: datetime, anew: bool = False) -> int:
    """As `fold`, within the caller's transaction; `anew` counts everybody."""
    lock_exclusively(Lock.FINDINGS)
    seen = dict(FindingMark.objects.values_list("pk", "owner"))
    context, frame = gather(at), present_frame()
    if anew or frame is None or frame.is_due(at) or not frame.holds(context):
        row = frame_around(context)
        row.save()
        FindingTally.objects.all().delete()
        TurningDeal.objects.all().delete()
        FindingFrame.objects.exclude(pk=row.pk).delete()
        write(Deal.objects.all(), frame_of(row))
    elif seen:
        owners = sorted(set(seen.values()))
        FindingTally.objects.filter(owner__in=owners).delete()
        TurningDeal.objects.filter(owner__in=owners).delete()
        write(Deal.objects.filter(owner__in=owners), frame)
    take_away(list(seen))
    return len(seen)


def write(deals: QuerySet[Deal], frame: Frame) -> None:
    """Keep what these deals, all of their owners', come to."""
    FindingTally.objects.bulk_create(
        [tally_of(sums, frame) for sums in settled(deals, frame)], batch_size=BATCH
    )
    rows = [TurningDeal(deal_id=deal, owner_id=owner) for deal, owner in turning(deals, frame)]
    TurningDeal.objects.bulk_create(rows, batch_size=BATCH)


def tally_of(sums: Sums, frame: Frame) -> FindingTally:
    return FindingTally(
        frame_id=frame.number,
        owner_id=sums.owner,
        currency=sums.currency,
        counts=sums.counts,
        amount=sums.amount,
    )


def take_away(seen: Sequence[int]) -> None:
    for start in range(0, len(seen), BATCH):
        FindingMark.objects.filter(pk__in=seen[start : start + BATCH]).delete()


def rebuild(*, at: datetime) -> int:
    """Count everybody anew; return the number of tallies then kept."""
    with transaction.atomic(durable=True):
        fold_within(at=at, anew=True)
    return FindingTally.objects.count()


# Verification


def differences() -> Iterator[str]:
    """A sentence for each owner whose kept counts are not what the deals say; none for marked."""
    frame = present_frame()
    if frame is None:
        return
    marked = FindingMark.objects.values("owner")
    deals = Deal.objects.exclude(owner__in=marked)
    true = set(map(fact, settled(deals, frame)))
    kept = {
        fact(Sums(row.frame_id, row.owner_id, row.currency, row.counts, row.amount))
        for row in FindingTally.objects.exclude(owner__in=marked)
    }
    for owner, currency in sorted({(owner, currency) for owner, currency, *_ in true ^ kept}):
        yield f"The findings counted of owner {owner} in {currency} are not what the deals say."
    rows = TurningDeal.objects.exclude(owner__in=marked)
    waits = set(rows.values_list("deal", "owner"))
    for deal, owner in sorted(waits ^ set(turning(deals, frame))):
        yield f"Deal {deal} of owner {owner} is not judged anew when it should, or should not."


def fact(sums: Sums) -> tuple[object, ...]:
    return sums.owner, sums.currency, tuple(sums.counts), sums.amount


def waiting() -> int:
    """How many owners are marked."""
    return FindingMark.objects.values("owner").distinct().count()
