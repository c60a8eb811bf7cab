"""Where deals stood before they came here, as the system they came from knows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise

from django.db import transaction

from pipeline import marks
from pipeline.findings import keeping
from pipeline.models import Deal, DealStanding, Move, Stage, StageVisit
from pipeline.operations.shared import lock_deal
from pipeline.stages import Process, process_by_id
from pipeline.standings import Step, history_of, row_of
from revops.company.models import Company
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Missing, Refused

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class PastStep:
    """That a deal entered a stage at a moment, as the other system says."""

    stage: str
    entered_at: datetime


@transaction.atomic(durable=True)
def add_stage_history(
    *, deal: Deal, history: Sequence[tuple[str, datetime | date]], by: Actor, at: datetime
) -> list[StageVisit]:
    """Write down which stages the deal went through before; jumps in it are marked as jumps.

    Only RevOps may. What stands here already is left out; Raises Refused where the history
    contradicts it, naming the day, and then nothing is written.
    """
    check_can_administer(by)
    deal = lock_deal(deal)
    visits = write_history(deal, steps_of(history), by=by, at=at)
    if visits:
        after_history([deal], by=by, at=at)
    return visits


def steps_of(history: Iterable[tuple[str, datetime | date]]) -> list[PastStep]:
    """The steps in the order of time; a day without an hour is its beginning."""
    found = [PastStep(stage, moment_of(when)) for stage, when in history]
    return sorted(found, key=lambda step: step.entered_at)


def moment_of(when: datetime | date) -> datetime:
    zone = Company.get().zone_info
    if isinstance(when, datetime):
        return when if when.tzinfo else when.replace(tzinfo=zone)
    return datetime.combine(when, time(), zone)


def write_history(
    deal: Deal, steps: Sequence[PastStep], *, by: Actor, at: datetime
) -> list[StageVisit]:
    """Add the visits of a locked deal that are not known yet, within the caller's transaction."""
    process = process_by_id(deal.pipeline_id)
    stages = {stage.key: stage for stage in Stage.objects.filter(pipeline=deal.pipeline_id)}
    known = in_time(deal.visits.select_related("stage"))
    new = unknown_steps(deal, steps, known, stages, at=at)
    if not new and not fills(known, steps):
        return []
    first = begun(deal, known, steps)
    written = [
        StageVisit(
            deal=deal,
            stage=stages[step.stage],
            version_id=None,
            move=Move.IMPORT,
            via=by.via,
            skipped=jumped(process, new[number - 1].stage if number else "", step.stage),
            entered_at=step.entered_at,
            left_at=leaves(new, number, first),
        )
        for number, step in enumerate(new)
    ]
    StageVisit.objects.bulk_create(written)
    if new and first is not None:
        mark_jump(process, new[-1].stage, first)
    told = [[step.stage, step.entered_at.isoformat()] for step in new]
    record("deal.history_added", deal, by=by, at=at, after={"stages": told})
    return written


def unknown_steps(
    deal: Deal,
    steps: Sequence[PastStep],
    known: Sequence[StageVisit],
    stages: dict[str, Stage],
    *,
    at: datetime,
) -> list[PastStep]:
    """The steps before everything known here; Refused for one that contradicts it."""
    check_steps(steps, stages, at=at)
    if known and known[0].entered_at is None and steps:
        check_ends_where_it_began(known[0], steps)
        return list(steps[:-1])
    begins = known[0].entered_at if known else None
    before = [step for step in steps if begins is None or step.entered_at < begins]
    for step in steps[len(before) :]:
        check_known(step, known)
    return before


def check_steps(steps: Sequence[PastStep], stages: dict[str, Stage], *, at: datetime) -> None:
    """Raise Refused for a stage that the pipeline never had, or a moment that is to come."""
    for step in steps:
        if step.stage not in stages:
            known = ", ".join(stages)
            contradict(f"stage: “{step.stage}” is no stage of the deal's pipeline ({known})")
        if step.entered_at > at:
            contradict(f"entered_at: {step.entered_at:%Y-%m-%d} has not come yet")
    for one, two in pairwise(steps):
        if one.stage == two.stage:
            contradict(f"“{one.stage}” is entered twice in a row, on {two.entered_at:%Y-%m-%d}")
        if one.entered_at == two.entered_at:
            contradict(f"“{one.stage}” and “{two.stage}” are entered at the same moment")


def check_ends_where_it_began(first: StageVisit, steps: Sequence[PastStep]) -> None:
    last = steps[-1]
    if last.stage != first.stage.key:
        contradict(
            f"the history ends in “{last.stage}”, and the deal came here in “{first.stage.key}”"
        )
    if first.left_at and last.entered_at > first.left_at:
        contradict(f"“{last.stage}” was left on {first.left_at:%Y-%m-%d}, before it was entered")


def check_known(step: PastStep, known: Sequence[StageVisit]) -> None:
    """Raise Refused unless the deal is known to have entered that stage on that day."""
    company = Company.get()
    day = company.local_day(step.entered_at)
    for visit in known:
        same = visit.stage.key == step.stage and visit.entered_at
        if same and company.local_day(visit.entered_at) == day:  # type: ignore[arg-type]
            return
    contradict(
        f"“{step.stage}” on {day:%Y-%m-%d} contradicts the moves that are known here; history is "
        "added before them and never between"
    )


def contradict(sentence: str) -> None:
    fault = Missing("stage_history", "Stage history", sentence)
    raise Refused(f"{sentence[:1].upper()}{sentence[1:]}.", code="contradiction", missing=[fault])


def in_time(visits: Iterable[StageVisit]) -> list[StageVisit]:
    """Visits in the order in which they happened; one whose moment nobody knows comes first."""
    return sorted(visits, key=lambda visit: (visit.entered_at or BEGINNING, visit.pk))


def fills(known: Sequence[StageVisit], steps: Sequence[PastStep]) -> bool:
    """Whether the history says when the first known stay began."""
    return bool(known and steps and known[0].entered_at is None)


def begun(deal: Deal, known: Sequence[StageVisit], steps: Sequence[PastStep]) -> StageVisit | None:
    """The first visit that is known here, with its moment where the history tells it."""
    if not known:
        return None
    first = known[0]
    if fills(known, steps):
        first.entered_at = steps[-1].entered_at
        deal.visits.filter(pk=first.pk, entered_at=None).update(entered_at=first.entered_at)
        if first.left_at is None:
            Deal.objects.filter(pk=deal.pk).update(entered_stage_at=first.entered_at)
            deal.entered_stage_at = first.entered_at
    return first


def leaves(new: Sequence[PastStep], number: int, first: StageVisit | None) -> datetime | None:
    """When a stay ended: as the next began."""
    if number + 1 < len(new):
        return new[number + 1].entered_at
    return first.entered_at if first else None


def mark_jump(process: Process, former: str, first: StageVisit) -> None:
    """Mark what the first known visit jumped over, now that it is known where it came from."""
    skipped = jumped(process, former, first.stage.key)
    if skipped and not first.skipped:
        StageVisit.objects.filter(pk=first.pk).update(skipped=skipped)


def jumped(process: Process, former: str, stage: str) -> list[str]:
    """The open stages between two; none where a stage is no more, or where a deal was before."""
    known = process.by_key
    if former not in known or stage not in known or known[stage].kind == "lost":
        return []
    return [rule.key for rule in process.between(former, stage)]


def after_history(deals: Sequence[Deal], *, by: Actor, at: datetime) -> None:
    """Let standings, tallies and findings of these deals follow their longer past."""
    for deal in deals:
        stand_before(deal)
    marks.mark_history(deals, at=at)
    keeping.recount_numbered([deal.pk for deal in deals], at)


def stand_before(deal: Deal) -> None:
    """Add how the deal stood before its first standing."""
    first = DealStanding.objects.filter(deal=deal).order_by("since", "pk").first()
    if first is None:
        return
    process = process_by_id(deal.pipeline_id)
    told = history_of(deal, process, in_time(deal.visits.all()), [])
    earlier = [step for step in told if step.since < first.since]
    DealStanding.objects.bulk_create([cut(deal, step, first.since) for step in earlier])


def cut(deal: Deal, step: Step, end: datetime) -> DealStanding:
    until = end if step.until is None else min(step.until, end)
    return row_of(deal.pk, step.reported, step.since, until)
