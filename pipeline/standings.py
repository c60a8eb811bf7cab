"""How deals stand, kept by every change: rollups, the rows of standings, marks on tallies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from pipeline import marks
from pipeline.models import ClosePullIn, ClosePush, Deal, DealStanding, StageRule, StageVisit
from pipeline.rollups import NOTHING, Cell, Share, shift, shift_many
from pipeline.stages import Process, process_by_id
from revops.company.models import Company

BATCH = 500


@dataclass(frozen=True)
class Reported:
    """What the rows of standings say of a deal."""

    pipeline_id: int
    stage_id: int
    status: str
    owner_id: int
    amount: Decimal
    currency: str
    close_date: date | None
    forecast_category: str


@dataclass(frozen=True)
class Standing:
    """Everything about a deal that a rollup, a standing or a tally depends on."""

    reported: Reported
    counted: marks.Counted

    @property
    def share(self) -> Share:
        said = self.reported
        cell = Cell(said.pipeline_id, said.stage_id, said.owner_id, said.currency)
        return Share(cell, said.amount)


def standing_of(deal: Deal, process: Process | None = None) -> Standing:
    """How the deal stands; taken before a change, it is what `follow` compares with."""
    process = process or process_by_id(deal.pipeline_id)
    reported = Reported(
        deal.pipeline_id,
        deal.stage_id,
        deal.status,
        deal.owner_id,
        deal.amount or NOTHING,
        deal.currency,
        deal.close_date,
        category_of(deal, process),
    )
    return Standing(reported, marks.counted_of(deal))


def category_of(deal: Deal, process: Process) -> str:
    """The forecast category of an open deal is its own or that of its stage."""
    if deal.is_open and deal.forecast_category:
        return deal.forecast_category
    rule = process.by_stage.get(deal.stage_id)
    return rule.forecast_category if rule else StageRule.ForecastCategory.OMITTED


def follow(deal: Deal, before: Standing | None, *, at: datetime) -> None:
    """Let rollups, standings and tallies follow a change of a locked deal.

    `before` is None for a new deal. Assumes the caller's transaction.
    """
    after = standing_of(deal)
    shift(before.share if before else None, after.share)
    moment = at
    if before is None or before.reported != after.reported:
        moment = stand_anew(deal, after, at=at)
    marks.mark_change(deal, before.counted if before else None, after.counted, at=moment)


def stand_anew(deal: Deal, after: Standing, *, at: datetime) -> datetime:
    """End the present standing and begin the next; return the moment.

    Two changes in a row may carry moments in the other order; the later one waited for the lock.
    """
    moment = end_present(deal, at=at)
    row_of(deal.pk, after.reported, moment).save(force_insert=True)
    return moment


def end_present(deal: Deal, *, at: datetime) -> datetime:
    present = DealStanding.objects.filter(deal=deal, until=None)
    if present.filter(since__lte=at).update(until=at):
        return at
    since = present.values_list("since", flat=True).first() or at
    present.update(until=since)
    return since


def row_of(
    deal_id: int, reported: Reported, since: datetime, until: datetime | None = None
) -> DealStanding:
    return DealStanding(deal_id=deal_id, since=since, until=until, **vars(reported))


def follow_many(changes: Sequence[tuple[Deal, Standing | None]], *, at: datetime) -> None:
    """Let rollups, standings and tallies follow changes of many deals, as `follow` does.

    New deals have no standings yet: their history is read from their visits and pushes.
    """
    processes = {pk: process_by_id(pk) for pk in {deal.pipeline_id for deal, _ in changes}}
    after = [standing_of(deal, processes[deal.pipeline_id]) for deal, _ in changes]
    pairs = [(deal, before, now) for (deal, before), now in zip(changes, after, strict=True)]
    shift_many((was.share if was else None, now.share) for _, was, now in pairs)
    stand_anew_many(
        [(deal, now) for deal, was, now in pairs if was and was.reported != now.reported], at=at
    )
    backfill_standings([deal.pk for deal, before in changes if before is None])
    marks.mark_changes(
        [(deal, was.counted if was else None, now.counted) for deal, was, now in pairs], at=at
    )


def stand_anew_many(pairs: Sequence[tuple[Deal, Standing]], *, at: datetime) -> None:
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        present = DealStanding.objects.filter(deal__in=[deal.pk for deal, _ in batch], until=None)
        since = dict(present.values_list("deal", "since"))
        moments = {deal.pk: max(at, since.get(deal.pk, at)) for deal, _ in batch}
        for moment in set(moments.values()):
            deals = [pk for pk, when in moments.items() if when == moment]
            present.filter(deal__in=deals).update(until=moment)
        DealStanding.objects.bulk_create(
            [row_of(deal.pk, after.reported, moments[deal.pk]) for deal, after in batch]
        )


def follow_rules(pipeline_id: int, *, at: datetime) -> None:
    """Let open deals stand in the forecast category that new rules give their stage.

    For the publication of a version; assumes its transaction.
    """
    process = process_by_id(pipeline_id)
    for rule in process.open_rules:
        stale = DealStanding.objects.filter(
            pipeline=pipeline_id, stage=rule.stage_id, until=None, deal__forecast_category=""
        ).exclude(forecast_category=rule.forecast_category)
        numbers = list(stale.order_by("deal").values_list("deal", flat=True))
        for start in range(0, len(numbers), BATCH):
            deals = Deal.objects.filter(pk__in=numbers[start : start + BATCH])
            stand_anew_many([(deal, standing_of(deal)) for deal in deals], at=at)
    marks.mark_days([pipeline_id], [Company.get().local_day(at)])


# Histories of deals that had none


def backfill_standings(deals: Iterable[int] | None = None) -> int:
    """Give every deal without a standing its history, as far as visits and pushes tell it.

    What they do not tell (earlier amounts and owners) is taken as it is now. Returns how many
    deals had none. Assumes the caller's transaction.
    """
    missing = Deal.objects.filter(standings=None)
    if deals is not None:
        numbers = list(deals)
        return sum(
            write_histories(list(missing.filter(pk__in=numbers[start : start + BATCH])))
            for start in range(0, len(numbers), BATCH)
        )
    written = 0
    while batch := list(missing.order_by("pk")[:BATCH]):
        written += write_histories(batch)
    return written


def correct_standings(*, at: datetime) -> int:
    """Let each deal stand from now on as it is, where a direct write left another standing."""
    wrong = list(standing_otherwise().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(wrong), BATCH):
        deals = Deal.objects.filter(pk__in=wrong[start : start + BATCH])
        stand_anew_many([(deal, standing_of(deal)) for deal in deals], at=at)
    return len(wrong)


def standing_otherwise() -> QuerySet[Deal]:
    """The deals that stand otherwise than they are, or do not stand at all."""
    same = DealStanding.objects.filter(
        until=None,
        deal=OuterRef("pk"),
        pipeline=OuterRef("pipeline"),
        stage=OuterRef("stage"),
        status=OuterRef("status"),
        owner=OuterRef("owner"),
        currency=OuterRef("currency"),
        amount=Coalesce(OuterRef("amount"), NOTHING),
    ).filter(Q(close_date=OuterRef("close_date")) | Q(close_date=None, deal__close_date=None))
    return Deal.objects.filter(~Exists(same))


def write_histories(deals: Sequence[Deal]) -> int:
    numbers = [deal.pk for deal in deals]
    visits = defaultdict(list)
    # By the moment: what an import tells of the past is written after what happened here.
    for visit in StageVisit.objects.filter(deal__in=numbers).order_by("entered_at", "pk"):
        visits[visit.deal_id].append(visit)
    moved = defaultdict(list)
    for model, moment in ((ClosePush, "pushed_at"), (ClosePullIn, "pulled_at")):
        found = model.objects.filter(deal__in=numbers)
        for pk, *date_move in found.values_list("deal", moment, "from_date", "to_date"):
            moved[pk].append(DateMove(*date_move))
    processes = {pk: process_by_id(pk) for pk in {deal.pipeline_id for deal in deals}}
    DealStanding.objects.bulk_create(
        [
            row_of(deal.pk, step.reported, step.since, step.until)
            for deal in deals
            for step in history_of(
                deal, processes[deal.pipeline_id], visits[deal.pk], moved[deal.pk]
            )
        ],
        batch_size=BATCH,
    )
    return len(deals)


def history_of(
    deal: Deal, process: Process, visits: Sequence[StageVisit], moved: Sequence[DateMove]
) -> list[Step]:
    """How the deal stood from its beginning, told from its visits and the moves of its date."""
    rules = process.by_stage
    stays = [
        Stay(visit.entered_at, visit.stage_id, rules[visit.stage_id].kind)
        for visit in visits
        if visit.entered_at and visit.stage_id in rules
    ]
    opened = midnight(deal.opened_on) if deal.opened_on else None
    begun = stays[0].since if stays else None
    if opened and (begun is None or (stays[0].status != Deal.Status.OPEN and opened < begun)):
        begun = opened
    categories = {rule.stage_id: rule.forecast_category for rule in process.rules}
    return steps(
        standing_of(deal, process).reported, begun or deal.created_at, stays, moved, categories
    )


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=Company.get().zone_info)


@dataclass(frozen=True)
class Stay:
    """That a deal was in a stage from a moment on."""

    since: datetime
    stage_id: int
    status: str


@dataclass(frozen=True)
class DateMove:
    """That a close date moved."""

    at: datetime
    from_date: date
    to_date: date


@dataclass(frozen=True)
class Step:
    """How a deal stood from one moment to the next."""

    since: datetime
    until: datetime | None
    reported: Reported


def steps(
    now: Reported,
    begun: datetime,
    stays: Sequence[Stay],
    moved: Sequence[DateMove],
    categories: Mapping[int, str],
) -> list[Step]:
    """The standings of a deal that is `now` so, without gap, the last one as it is now.

    Before its first known stay a closed deal was open, in no stage that anybody knows: the
    stage it ended in is named.
    """
    moved = sorted(moved, key=lambda move: move.at)
    first = moved[0].from_date if moved else now.close_date
    at_start = [stay for stay in stays if stay.since <= begun]
    status = at_start[-1].status if at_start else Deal.Status.OPEN
    stage_id = at_start[-1].stage_id if at_start else now.stage_id
    unknown = StageRule.ForecastCategory.PIPELINE
    category = categories.get(stage_id, unknown) if at_start else unknown
    said = replace(
        now, stage_id=stage_id, status=status, close_date=first, forecast_category=category
    )
    changes: list[tuple[datetime, dict[str, Any]]] = [(begun, {})]
    for stay in stays:
        if stay.since > begun:
            category = categories.get(stay.stage_id, unknown)
            kept = {"stage_id": stay.stage_id, "status": stay.status}
            changes.append((stay.since, kept | {"forecast_category": category}))
    changes += [(max(move.at, begun), {"close_date": move.to_date}) for move in moved]
    told: list[tuple[datetime, Reported]] = []
    for moment, change in sorted(changes, key=lambda change: change[0]):
        said = replace(said, **change)
        if told and told[-1][0] == moment:
            told[-1] = (moment, said)
        elif not told or told[-1][1] != said:
            told.append((moment, said))
    told[-1] = (told[-1][0], now)
    ends = [since for since, _ in told[1:]]
    return [
        Step(since, until, reported)
        for (since, reported), until in zip(told, [*ends, None], strict=True)
    ]
