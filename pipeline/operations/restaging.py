"""Moving the deals of stages that are no more; part of a publication's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import F, Q
from django.db.models.functions import Greatest

from pipeline.models import Deal, Move, PipelineVersion, StageVisit
from pipeline.stages import Process, Rule
from pipeline.standings import follow_many, standing_of
from revops.ledger.operations import Draft, record_many
from revops.people.actor import Actor, Via

BATCH = 500


def restage_deals(
    version: PipelineVersion,
    process: Process,
    moves: Sequence[tuple[Rule, Rule]],
    *,
    by: Actor,
    at: datetime,
) -> int:
    """Move every deal of the first stage of each pair into the second; return how many moved.

    Nobody's move: no gate is asked, no debt incurred, and the visit says that new rules did it.
    """
    moved = 0
    for origin, target in moves:
        for deals in batches_of(origin):
            restage(deals, origin, target, version, process, by=by, at=at)
            moved += len(deals)
    return moved


def batches_of(rule: Rule) -> Iterator[list[Deal]]:
    """The deals of a stage, held, so many at a time; each batch leaves the stage."""
    while True:
        deals = Deal.objects.select_for_update(no_key=True).filter(stage=rule.stage_id)
        batch = list(deals.order_by("pk")[:BATCH])
        if not batch:
            return
        yield batch


def restage(
    deals: Sequence[Deal],
    origin: Rule,
    target: Rule,
    version: PipelineVersion,
    process: Process,
    *,
    by: Actor,
    at: datetime,
) -> None:
    stood = [(deal, standing_of(deal)) for deal in deals]
    reason = f"{origin.name} is no more since version {version.number} of {version.pipeline}."
    numbers = [deal.pk for deal in deals]
    present = StageVisit.objects.filter(deal__in=numbers, left_at=None)
    begun = dict(present.values_list("deal", "entered_at"))
    present.filter(Q(entered_at=None)).update(left_at=at)
    present.update(left_at=Greatest(F("entered_at"), at))
    visits = [
        StageVisit(
            deal=deal,
            stage_id=target.stage_id,
            version=version,
            move=Move.RESTAGE,
            reason=reason,
            via=Via.SYSTEM,
            entered_at=max(at, begun.get(deal.pk) or at),
            entered_by=by.user,
        )
        for deal in deals
    ]
    StageVisit.objects.bulk_create(visits)
    for deal, visit in zip(deals, visits, strict=True):
        deal.stage_id = target.stage_id
        deal.entered_stage_at = visit.entered_at
        deal.version += 1
    Deal.objects.bulk_update(deals, ["stage", "entered_stage_at", "version"])
    follow_many(stood, at=at)
    record_many(
        [
            Draft(
                "deal.restaged",
                deal,
                before={"stage": origin.key},
                after={"stage": target.key, "version": version.number},
                why=reason,
            )
            for deal in deals
        ],
        by=by,
        at=at,
    )
