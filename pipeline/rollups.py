"""Counts and sums by stage, owner and currency, kept by every change of a deal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from pipeline.models import Deal, StageRollup

NOTHING = Decimal(0)


@dataclass(frozen=True, order=True)
class Cell:
    """The rollup row that a deal counts in."""

    pipeline_id: int
    stage_id: int
    owner_id: int
    currency: str


@dataclass(frozen=True)
class Share:
    """What one deal adds to its cell."""

    cell: Cell
    amount: Decimal


def shift(before: Share | None, after: Share | None) -> None:
    """Move a deal's share from one cell to another, within the caller's transaction."""
    if before != after:
        shift_many([(before, after)])


def shift_many(changes: Iterable[tuple[Share | None, Share | None]]) -> None:
    """Move the shares of many deals, each cell once.

    Cells are changed in one order by everybody, so that two moves cannot wait for each other.
    """
    counts: Counter[Cell] = Counter()
    amounts: defaultdict[Cell, Decimal] = defaultdict(Decimal)
    for before, after in changes:
        for share, sign in ((before, -1), (after, 1)):
            if share:
                counts[share.cell] += sign
                amounts[share.cell] += sign * share.amount
    for cell in sorted(amounts):
        if counts[cell] or amounts[cell]:
            add_to(cell, counts[cell], amounts[cell])


def add_to(cell: Cell, count: int, amount: Decimal) -> None:
    rows = StageRollup.objects.filter(
        pipeline=cell.pipeline_id,
        stage=cell.stage_id,
        owner=cell.owner_id,
        currency=cell.currency,
    )
    change = {"count": F("count") + count, "amount": F("amount") + amount}
    if rows.update(**change):
        return
    # Whoever comes second waits for the first one's row, then adds to it.
    StageRollup.objects.bulk_create([row_of(cell)], ignore_conflicts=True)
    rows.update(**change)


def row_of(cell: Cell, count: int = 0, amount: Decimal = NOTHING) -> StageRollup:
    return StageRollup(
        pipeline_id=cell.pipeline_id,
        stage_id=cell.stage_id,
        owner_id=cell.owner_id,
        currency=cell.currency,
        count=count,
        amount=amount,
    )


def counted() -> dict[Cell, tuple[int, Decimal]]:
    """The true counts and sums, from the deals themselves."""
    cells = ("pipeline_id", "stage_id", "owner_id", "currency")
    rows = (
        Deal.objects.order_by()
        .values_list(*cells)
        .annotate(number=Count("pk"), total=Coalesce(Sum("amount"), NOTHING))
    )
    return {Cell(*row[:4]): (row[4], Decimal(row[5]).quantize(Decimal("0.01"))) for row in rows}


def rebuild_rollups() -> None:
    """Count everything anew, within the caller's transaction: for loaders of many deals."""
    StageRollup.objects.all().delete()
    StageRollup.objects.bulk_create(
        [row_of(cell, *numbers) for cell, numbers in sorted(counted().items())], batch_size=1000
    )
