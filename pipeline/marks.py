"""Which days a change of a deal may have altered, so that their tallies are counted anew.

A mark is only ever added: a change that is not yet committed must leave a mark of its own, which
nobody who counts at the same time can take away with theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import DateTimeField, Value

from pipeline.models import ClosePullIn, ClosePush, Deal, StageVisit, TallyMark
from revops.company.models import Company

UNKNOWN_DAY = date(1, 1, 1)
"""The day of what happened nobody knows when."""

BATCH = 500
NEVER = Value(None, DateTimeField())


@dataclass(frozen=True)
class Counted:
    """What tallies count a deal by, beside its visits, pushes and standings."""

    pipeline_id: int
    stage_id: int
    status: str
    whose: tuple[int | None, ...]
    amount: object
    kinds: tuple[str, ...]
    opened_on: date
    closed_on: date | None
    close_date: date | None

    @property
    def days(self) -> set[date]:
        """The days of the deal's own columns."""
        return {day for day in (self.opened_on, self.closed_on, self.close_date) if day}


def counted_of(deal: Deal) -> Counted:
    return Counted(
        deal.pipeline_id,
        deal.stage_id,
        deal.status,
        (deal.owner_id, deal.closed_owner_id, deal.closed_team_id),
        (deal.amount, deal.currency),
        (
            deal.deal_source,
            deal.product,
            deal.competitor,
            deal.loss_reason,
            deal.closed_segment,
            deal.forecast_category,
        ),
        deal.opened_on or UNKNOWN_DAY,
        deal.closed_on,
        deal.close_date,
    )


def mark_change(deal: Deal, before: Counted | None, after: Counted, *, at: datetime) -> None:
    """Mark the days whose tallies this change may alter."""
    mark_changes([(deal, before, after)], at=at)


def mark_changes(changes: Sequence[tuple[Deal, Counted | None, Counted]], *, at: datetime) -> None:
    """Mark the days of many changes, each day once."""
    today = Company.get().local_day(at)
    changes = [change for change in changes if change[1] != change[2]]
    marked: defaultdict[int, set[date]] = defaultdict(set)
    moved = {deal.pk: deal for deal, before, after in changes if alters_history(before, after)}
    history = days_of_history(list(moved)) if moved else {}
    for deal, before, after in changes:
        days = after.days | {today} | history.get(deal.pk, set())
        if before:
            days |= before.days
        if deal.pk in moved:
            days |= firsts_since(after, deal, today)
        for pipeline_id in {after.pipeline_id, before.pipeline_id if before else after.pipeline_id}:
            marked[pipeline_id] |= days
    TallyMark.objects.bulk_create(
        [
            TallyMark(pipeline_id=pipeline_id, day=day)
            for pipeline_id, days in sorted(marked.items())
            for day in sorted(days)
        ],
        batch_size=BATCH,
    )


def firsts_since(after: Counted, deal: Deal, today: date) -> set[date]:
    """The first days of the months through which the deal may have been due."""
    known = after.opened_on != UNKNOWN_DAY
    day = after.opened_on if known else Company.get().local_day(deal.created_at)
    return firsts_between(day, today)


def firsts_between(since: date, today: date) -> set[date]:
    firsts, day = set(), since.replace(day=1)
    while day <= today:
        firsts.add(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return firsts


def alters_history(before: Counted | None, after: Counted) -> bool:
    """Whether the days of visits and pushes are counted otherwise than before."""
    return before is None or (before.pipeline_id, before.stage_id, before.status, before.whose) != (
        after.pipeline_id,
        after.stage_id,
        after.status,
        after.whose,
    )


def mark_history(deals: Sequence[Deal], *, at: datetime) -> None:
    """Mark all days of these deals, after more of their past became known."""
    today = Company.get().local_day(at)
    known = days_of_history([deal.pk for deal in deals])
    for deal in deals:
        counted = counted_of(deal)
        days = {UNKNOWN_DAY} | counted.days | known.get(deal.pk, set())
        begun = min(days - {UNKNOWN_DAY}, default=today)
        mark_days([deal.pipeline_id], days | firsts_between(begun, today))


def days_of_history(deals: Sequence[int]) -> dict[int, set[date]]:
    """The days on which these deals entered or left stages, and their close dates moved."""
    zone = Company.get().zone_info
    days: defaultdict[int, set[date]] = defaultdict(set)
    for start in range(0, len(deals), BATCH):
        batch = deals[start : start + BATCH]
        visits = StageVisit.objects.filter(deal__in=batch).order_by()
        pushes = ClosePush.objects.filter(deal__in=batch).order_by()
        pull_ins = ClosePullIn.objects.filter(deal__in=batch).order_by()
        moments = visits.values_list("deal", "entered_at", "left_at").union(
            pushes.values_list("deal", "pushed_at", NEVER),
            pull_ins.values_list("deal", "pulled_at", NEVER),
            all=True,
        )
        for deal, first, last in moments:
            days[deal].add(first.astimezone(zone).date() if first else UNKNOWN_DAY)
            if last:
                days[deal].add(last.astimezone(zone).date())
    return days


def mark_days(pipelines: Iterable[int], days: Iterable[date]) -> None:
    """Mark these days in these pipelines."""
    days = sorted(set(days))
    TallyMark.objects.bulk_create(
        [TallyMark(pipeline_id=pk, day=day) for pk in pipelines for day in days], batch_size=BATCH
    )
