"""Moving deals along the open stages: advance, skip, send back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pipeline.models import Deal, Move, Stage
from pipeline.operations.evidence import Evidence
from pipeline.operations.movement import carry_out, check_kind, check_movable
from pipeline.operations.shared import lock_deal
from pipeline.stages import plan_move, reason_under
from revops.people.actor import Actor


@transaction.atomic(durable=True)
def advance_deal(
    *,
    deal: Deal,
    evidence: Evidence | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Move the deal into the next stage, once the present one has all that it asks.

    Raises Refused listing every missing item; then nothing of the evidence is kept either.
    """
    deal = lock_deal(deal, version=version)
    return advance(deal, evidence, by=by, at=at)


@transaction.atomic(durable=True)
def skip_deal(
    *,
    deal: Deal,
    to: Stage,
    reason: str,
    evidence: Evidence | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Move the deal over one stage or more, with a reason; owner and manager are told which.

    The present stage must have all that it asks; what the skipped ones ask is owed.
    """
    deal = lock_deal(deal, version=version)
    return skip(deal, to, reason, evidence, by=by, at=at)


@transaction.atomic(durable=True)
def send_back_deal(
    *,
    deal: Deal,
    to: Stage,
    reason: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Move the deal back to an earlier stage, with a reason."""
    deal = lock_deal(deal, version=version)
    return send_back(deal, to, reason, by=by, at=at)


# The verbs, within a transaction that holds the deal


def advance(deal: Deal, evidence: Evidence | None, *, by: Actor, at: datetime) -> Deal:
    process = check_movable(deal, by=by)
    planned = plan_move(process, deal, Move.ADVANCE)
    return carry_out(planned, process, evidence=evidence, by=by, at=at)


def skip(
    deal: Deal, to: Stage, reason: str, evidence: Evidence | None, *, by: Actor, at: datetime
) -> Deal:
    process = check_movable(deal, by=by)
    check_kind(process, deal, to, Move.SKIP)
    reason = reason_under(process.skipping, reason, doing="skipping stages")
    planned = plan_move(process, deal, Move.SKIP, process.rule_of(to.pk).key)
    return carry_out(planned, process, reason=reason, evidence=evidence, by=by, at=at)


def send_back(deal: Deal, to: Stage, reason: str, *, by: Actor, at: datetime) -> Deal:
    process = check_movable(deal, by=by)
    check_kind(process, deal, to, Move.SEND_BACK)
    reason = reason_under(process.moving_back, reason, doing="moving a deal back")
    planned = plan_move(process, deal, Move.SEND_BACK, process.rule_of(to.pk).key)
    return carry_out(planned, process, reason=reason, by=by, at=at)
