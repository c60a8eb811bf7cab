"""A guided clean-up of a messy pipeline, and losing many deals that are dead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from pipeline.findings import read_context
from pipeline.findings.plan import LAST, counts_of, step_of
from pipeline.models import CleanUpRun, Deal
from pipeline.models.visibility import line_of, sees_all_deals
from pipeline.operations.bulk import MoveResult
from pipeline.operations.closing import lose
from pipeline.operations.evidence import Evidence
from pipeline.operations.shared import lock_deal
from pipeline.permissions import check_can_plan
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, NotAllowed, Refused


def deals_in(scope: str, person: User) -> QuerySet[Deal]:
    """The open deals a run is about: the person's line, or all for who sees all."""
    whose = line_of(person) if scope == CleanUpRun.Scope.LINE else Q()
    return Deal.objects.open().filter(whose)


@transaction.atomic(durable=True)
def start_clean_up(*, scope: str, by: Actor, at: datetime) -> CleanUpRun:
    """Begin a guided clean-up, counting what each step will find.

    Managers and RevOps may; one run at a time. Raises Conflict where one is running already.
    """
    check_can_plan(by=by)
    assert by.user is not None  # check_can_plan has asked
    if scope not in CleanUpRun.Scope.values:
        raise Refused("Say whose deals are to be cleaned up.", code="invalid")
    if scope == CleanUpRun.Scope.ALL and not sees_all_deals(by.user):
        raise NotAllowed("Only RevOps cleans up all deals.")
    if CleanUpRun.objects.filter(started_by=by.user, finished_at=None).exists():
        raise Conflict("A clean-up of yours is running. Go on with it, or finish it first.")
    found = counts_of(deals_in(scope, by.user), read_context(at))
    counts = {key: {"before": number} for key, number in found.items()}
    run = CleanUpRun.objects.create(scope=scope, counts=counts, started_at=at, started_by=by.user)
    record("cleanup.started", run, by=by, at=at, after={"scope": scope, "found": found})
    return run


@transaction.atomic(durable=True)
def step_clean_up(
    *, run: CleanUpRun, to: int | None = None, version: int | None = None, by: Actor, at: datetime
) -> CleanUpRun:
    """Go to the next step, or to the one named, and note what the present one left."""
    run = lock_run(run, version, by=by)
    target = run.step + 1 if to is None else to
    if not 1 <= target <= LAST:
        raise Refused("There is no such step.", code="invalid")
    note_what_is_left(run, at=at)
    run.step = target
    run.save_version(update_fields=["step", "counts"])
    return run


@transaction.atomic(durable=True)
def finish_clean_up(
    *, run: CleanUpRun, version: int | None = None, by: Actor, at: datetime
) -> CleanUpRun:
    """End the run, with what every step found and left."""
    run = lock_run(run, version, by=by)
    left = counts_of(deals_in(run.scope, run.started_by), read_context(at))
    for key, number in left.items():
        run.counts.setdefault(key, {"before": number})["after"] = number
    run.finished_at = at
    run.save_version(update_fields=["counts", "finished_at"])
    record("cleanup.finished", run, by=by, at=at, after={"counts": run.counts})
    return run


def lock_run(run: CleanUpRun, version: int | None, *, by: Actor) -> CleanUpRun:
    check_can_plan(by=by)
    run = CleanUpRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    check_version(run, version)
    if by.user is None or run.started_by_id != by.user.pk:
        raise NotAllowed("Only who began a clean-up goes on with it.")
    if run.finished_at:
        raise Conflict("This clean-up is finished.")
    return run


def note_what_is_left(run: CleanUpRun, *, at: datetime) -> None:
    step = step_of(run.step)
    if step.condition:
        left = counts_of(deals_in(run.scope, run.started_by), read_context(at))
        run.counts.setdefault(step.key, {})["after"] = left[step.key]


def lose_deals(
    *,
    deals: Sequence[Deal],
    evidence: Evidence,
    note: str = "",
    by: Actor,
    at: datetime,
) -> list[MoveResult]:
    """Close many deals as lost for one reason, each in a transaction of its own."""
    return [lose_one(deal, evidence, note, by=by, at=at) for deal in deals]


def lose_one(deal: Deal, evidence: Evidence, note: str, *, by: Actor, at: datetime) -> MoveResult:
    try:
        with transaction.atomic(durable=True):
            held = lose(lock_deal(deal), evidence, note, by=by, at=at)
        return MoveResult(held)
    except Refused as refusal:
        return MoveResult(deal, refusal=refusal)
