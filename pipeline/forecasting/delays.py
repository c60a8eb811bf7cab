"""Whose delay the time of closed deals was, and what slipped while we waited for ourselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models.functions import Coalesce

from pipeline import registry
from pipeline.forecasting.delay import (
    APPROVER,
    BUYER,
    REP,
    SYSTEM,
    Gathered,
    Part,
    Shares,
    Stay,
    Timeline,
    by_stage,
    in_order,
    segments,
    together,
)
from pipeline.forecasting.money import added, conversion_of
from pipeline.forecasting.standing import end_of
from pipeline.forecasting.whose import Whose
from pipeline.models import Activity, ClosePush, Deal, Pipeline, StageVisit
from pipeline.stages import Process, process_of
from revops.among import Among
from revops.company.models import Company
from revops.people.models import Role

MOST_DEALS = 300
"""So many closed deals are looked into, the last ones to close; the page says when it is fewer
than all."""

MOST_PUSHES = 500
INTERNAL = "internal_approval"
PARTIES = {BUYER: "Buyer", REP: "Rep", SYSTEM: "System"}


def label_of(party: str) -> str:
    if party.startswith(APPROVER):
        return str(Role(party.removeprefix(APPROVER)).label)
    return PARTIES[party]


@dataclass(frozen=True)
class StageRow:
    """How long the deals looked into stayed in a stage, told apart by party."""

    name: str
    n: int
    parts: Sequence[Part]


@dataclass(frozen=True)
class Slipped:
    """Deals whose close date moved while we waited for our own approval."""

    pushed: int
    pushed_amount: Decimal
    waiting: int
    waiting_amount: Decimal
    is_cut: bool
    missing: Sequence[str]


@dataclass(frozen=True)
class Delays:
    """The time of the deals that closed in a period."""

    parties: Sequence[str]
    parts: Sequence[Part]
    stages: Sequence[StageRow]
    n: int
    is_cut: bool
    unknown: int
    """Deals looked into whose beginning nobody knows: they are left out."""
    slipped: Slipped


def delays_of(
    pipeline: Pipeline, since: date, until: date, whose: Whose, *, status: str = ""
) -> Delays:
    """Deals that closed from `since` to `until`, the last MOST_DEALS of them."""
    process = process_of(pipeline)
    deals, is_cut = closed_deals(pipeline, since, until, whose, status)
    pushes = pushes_of(pipeline, since, until, whose)
    company = Company.get()
    numbers = [deal.pk for deal in deals]
    stays = stays_of(numbers, process)
    told = told_of({*numbers, *(push.deal for push in pushes)})
    timelines = timelines_of(numbers, told)
    whole, by_name = Gathered(), defaultdict[str, Gathered](Gathered)
    for deal in deals:
        if (span := span_of(deal, stays[deal.pk], company)) is None:
            continue
        start, end = span
        own = [stay for stay in stays[deal.pk] if stay.since < end]
        cuts = [edge for stay in own for edge in (stay.since, stay.until)]
        found = by_stage(segments(start, end, timelines[deal.pk], cuts), own)
        whole.deals.append(together(found.values()))
        for stage, shares in found.items():
            by_name[stage].deals.append(shares)
    parties = in_order(whole.parties | {BUYER, REP})
    return Delays(
        parties,
        whole.parts(parties),
        [
            StageRow(
                rule.name,
                len(by_name[rule.key].deals),
                by_name[rule.key].parts(parties),
            )
            for rule in process.open_rules
            if rule.key in by_name
        ],
        len(whole.deals),
        is_cut,
        len(deals) - len(whole.deals),
        slipped_of(pushes, told, until),
    )


class Closed(NamedTuple):
    """A closed deal, as far as its time asks."""

    pk: int
    opened_on: date | None
    closed_on: date | None


def closed_deals(
    pipeline: Pipeline, since: date, until: date, whose: Whose, status: str
) -> tuple[list[Closed], bool]:
    """The last deals to close, and whether there were more."""
    deals = Deal.objects.filter(
        pipeline=pipeline, closed_on__gte=since, closed_on__lte=until
    ).annotate(who=Coalesce("closed_owner", "owner"))
    deals = deals.filter(whose.condition("who"))
    if status:
        deals = deals.filter(status=status)
    rows = deals.order_by("-closed_on", "-pk").values_list("pk", "opened_on", "closed_on")
    found = [Closed(*row) for row in rows[: MOST_DEALS + 1]]
    return found[:MOST_DEALS], len(found) > MOST_DEALS


def span_of(
    deal: Closed, stays: Sequence[Stay], company: Company
) -> tuple[datetime, datetime] | None:
    """From the deal's beginning to its end; None where the beginning is not known."""
    start = stays[0].since if stays else None
    if start is None and deal.opened_on:
        start = datetime.combine(deal.opened_on, time(), company.zone_info)
    if start is None or deal.closed_on is None:
        return None
    end = stays[-1].until if stays else end_of(deal.closed_on, company)
    return (start, end) if start < end else None


def stays_of(deals: Sequence[int], process: Process) -> Mapping[int, list[Stay]]:
    """The stays in open stages, in order; a deal that was reopened has them all."""
    names = {rule.stage_id: rule.key for rule in process.open_rules}
    visits = StageVisit.objects.filter(
        deal__in=Among(deals), entered_at__isnull=False, left_at__isnull=False, stage__in=names
    )
    found: defaultdict[int, list[Stay]] = defaultdict(list)
    fields = ("deal", "stage", "entered_at", "left_at")
    for deal, stage, since, until in visits.order_by("deal", "pk").values_list(*fields):
        found[deal].append(Stay(names[stage], since, until))
    return found


Told = Sequence[Mapping[int, Timeline]]
"""Whom others say the deals waited for."""


def told_of(deals: Collection[int]) -> Told:
    return [waits(sorted(deals)) for waits in registry.waits()]


def timelines_of(deals: Sequence[int], told: Told) -> Mapping[int, Timeline]:
    """When each side acted, and whom others say the deals waited for."""
    ours: defaultdict[int, list[datetime]] = defaultdict(list)
    theirs: defaultdict[int, list[datetime]] = defaultdict(list)
    acts = Activity.objects.filter(deal__in=Among(deals)).exclude(
        kind=Activity.Kind.NOTE, side=Activity.Side.US
    )
    for deal, side, at in acts.values_list("deal", "side", "happened_at"):
        (theirs if side == Activity.Side.BUYER else ours)[deal].append(at)
    return {
        deal: sum(
            (each[deal] for each in told if deal in each), Timeline((), ours[deal], theirs[deal])
        )
        for deal in deals
    }


# What slipped


class Pushed(NamedTuple):
    """That a close date moved later, and what the deal is worth now."""

    deal: int
    at: datetime
    reason: str
    amount: Decimal | None
    currency: str


def pushes_of(pipeline: Pipeline, since: date, until: date, whose: Whose) -> list[Pushed]:
    """The last pushes of the period, one more than are looked into."""
    company = Company.get()
    pushes = ClosePush.objects.filter(
        whose.condition("deal__owner"),
        deal__pipeline=pipeline,
        pushed_at__gte=end_of(since - timedelta(days=1), company),
        pushed_at__lt=end_of(until, company),
    ).order_by("-pushed_at", "-pk")
    fields = ("deal", "pushed_at", "reason_key", "deal__amount", "deal__currency")
    return [Pushed(*row) for row in pushes.values_list(*fields)[: MOST_PUSHES + 1]]


def slipped_of(pushes: Sequence[Pushed], told: Told, until: date) -> Slipped:
    """Deals pushed in the period, and those pushed for, or during, a wait for our own approval."""
    is_cut, pushes = len(pushes) > MOST_PUSHES, pushes[:MOST_PUSHES]
    worth = {push.deal: {push.currency: push.amount or Decimal(0)} for push in pushes}
    waiting = {
        push.deal
        for push in pushes
        if push.reason == INTERNAL or is_waiting(told, push.deal, push.at)
    }
    conversion = conversion_of(until)
    pushed_sums = added(worth.values())
    return Slipped(
        len(worth),
        conversion(pushed_sums),
        len(waiting),
        conversion(added(worth[deal] for deal in waiting)),
        is_cut,
        conversion.missing(pushed_sums),
    )


def is_waiting(told: Told, deal: int, at: datetime) -> bool:
    """Whether the deal waited for an approver of ours at that moment."""
    return any(
        wait.party.startswith(APPROVER)
        and wait.since <= at
        and (wait.until is None or at < wait.until)
        for timelines in told
        if deal in timelines
        for wait in timelines[deal].waits
    )


__all__ = ["MOST_DEALS", "Delays", "Shares", "delays_of", "label_of"]
