"""What findings are judged by: the rules in force, and how long deals usually stay in a stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F

from pipeline.limits import Context
from pipeline.models import Deal, Move, Pipeline, StageVisit
from pipeline.stages import Process, Rule, pipelines_with_rules, process_of
from revops.company.models import Company
from revops.remembering import remembered

STALE_TIMES_AVERAGE = 2
FEWEST_STAYS = 10
AVERAGES_KEPT = 3600
DECISION_MAKERS = "decision_makers"
"""The item that asks for somebody who decides."""


def read_context(at: datetime) -> Context:
    """The limits in force, for every pipeline; read once for each moment."""
    return remembered(("findings", at), lambda: gather(at))


def gather(at: datetime) -> Context:
    limits: dict[int, float] = {}
    silence: dict[int, int] = {}
    decided_in: set[int] = set()
    last: set[int] = set()
    for pipeline in pipelines_with_rules():
        process = process_of(pipeline)
        limits |= limits_of(process, average_days(pipeline, at))
        silence[pipeline.pk] = process.buyer_silence_days
        decided_in |= {rule.stage_id for rule in stages_that_need_a_decision_maker(process)}
        last.add(process.open_rules[-1].stage_id)
    company = Company.get()
    return Context(
        at,
        company.local_day(at),
        company.zone_info,
        limits,
        silence,
        frozenset(decided_in),
        frozenset(last),
    )


def stages_that_need_a_decision_maker(process: Process) -> tuple[Rule, ...]:
    """The open stages from the one that asks for one; without such, all but the first."""
    asking = (
        rule.position
        for rule in process.open_rules
        if any(item.key == DECISION_MAKERS for item in rule.items)
    )
    first = next(asking, process.first.position + 1)
    return tuple(rule for rule in process.open_rules if rule.position >= first)


def stale_after(rule: Rule, average: float | None) -> float | None:
    """Days after which a deal in this stage is stale; None where nothing is said.

    Twice the average stay, or the stage's default where too few deals have left it.
    """
    if average is not None:
        return STALE_TIMES_AVERAGE * average
    return rule.default_stale_days


def limits_of(process: Process, averages: Mapping[int, float]) -> dict[int, float]:
    """The limit of every open stage, from the average stays by stage number."""
    found = {
        rule.stage_id: stale_after(rule, averages.get(rule.stage_id)) for rule in process.open_rules
    }
    return {stage_id: days for stage_id, days in found.items() if days is not None}


def average_days(pipeline: Pipeline, at: datetime) -> dict[int, float]:
    """Mean completed stay by stage over twelve months, for stages that enough deals have left.

    Kept for an hour, since it reads every stay of a year. Stays of unknown length and those
    that a reopening began are left out.
    """
    key = f"pipeline.average_days:{pipeline.pk}:{at:%Y%m%d%H}"
    kept = cache.get(key)
    if kept is None:
        kept = read_average_days(pipeline, at)
        cache.set(key, kept, AVERAGES_KEPT)
    return kept


def read_average_days(pipeline: Pipeline, at: datetime) -> dict[int, float]:
    stay = ExpressionWrapper(F("left_at") - F("entered_at"), output_field=DurationField())
    rows = (
        StageVisit.objects.filter(
            stage__pipeline=pipeline,
            left_at__gt=at - timedelta(days=365),
            left_at__lte=at,
            entered_at__isnull=False,
        )
        .exclude(move=Move.REOPEN)
        .order_by()
        .values_list("stage")
        .annotate(number=Count("pk"), average=Avg(stay))
    )
    return {
        stage_id: average / timedelta(days=1)
        for stage_id, number, average in rows
        if number >= FEWEST_STAYS
    }


def days_in_stage(deal: Deal, at: datetime) -> int | None:
    """Whole days since the deal entered its stage; None where that is unknown."""
    return (at - deal.entered_stage_at).days if deal.entered_stage_at else None
