"""Work on many deals: one transaction for each, and a result for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pipeline.models import Deal, Move, Stage
from pipeline.operations.closing import lose, reopen, win
from pipeline.operations.deals import give_to
from pipeline.operations.evidence import Evidence
from pipeline.operations.moves import advance, send_back, skip
from pipeline.operations.shared import lock_deal
from pipeline.permissions import check_can_reassign
from pipeline.stages import classify_move, process_by_id
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Refused


@dataclass(frozen=True)
class MoveResult:
    """What became of one deal of many."""

    deal: Deal
    move: Move | None = None
    refusal: Refused | None = None


def bulk_move_deals(
    *,
    deals: Sequence[Deal],
    to: Stage,
    reason: str = "",
    evidence: Mapping[int, Evidence] | None = None,
    by: Actor,
    at: datetime,
) -> list[MoveResult]:
    """Move many deals to one stage, each in a transaction of its own, each asked by its gate."""
    results = []
    for deal in deals:
        answers = (evidence or {}).get(deal.pk)
        try:
            with transaction.atomic(durable=True):
                moved, move = move_to(lock_deal(deal), to, reason, answers, by=by, at=at)
            results.append(MoveResult(moved, move))
        except Refused as refusal:
            results.append(MoveResult(deal, refusal=refusal))
    return results


def reassign_deals(
    *, deals: Sequence[Deal], owner: User, reason: str = "", by: Actor, at: datetime
) -> list[MoveResult]:
    """Give many deals to another owner, each in a transaction of its own."""
    return [give_one(deal, owner, reason, by=by, at=at) for deal in deals]


def hand_over_deals(
    *, person: User, successor: User, reason: str = "", by: Actor, at: datetime
) -> list[MoveResult]:
    """Give every open deal of one person to another, each in a transaction of its own."""
    if successor.pk == person.pk:
        raise Refused("A person cannot take over from themselves.", code="same_owner")
    deals = list(Deal.objects.open().filter(owner=person).order_by("pk"))
    return [give_one(deal, successor, reason, by=by, at=at) for deal in deals]


def give_one(deal: Deal, owner: User, reason: str, *, by: Actor, at: datetime) -> MoveResult:
    try:
        with transaction.atomic(durable=True):
            held = lock_deal(deal)
            check_can_reassign(held, by=by)
            if held.owner_id == owner.pk:
                raise Refused(f"{owner.name} owns this deal already.", code="same_owner")
            give_to(held, owner, reason=reason, by=by, at=at)
        return MoveResult(held)
    except Refused as refusal:
        return MoveResult(deal, refusal=refusal)


def move_to(
    deal: Deal, to: Stage, reason: str, evidence: Evidence | None, *, by: Actor, at: datetime
) -> tuple[Deal, Move]:
    """Do what a drop on `to` means for this locked deal."""
    process = process_by_id(deal.pipeline_id)
    origin, target = process.rule_of(deal.stage_id), process.rule_of(to.pk)
    move = classify_move(process, origin.key, target.key, deal.status)
    if move == Move.ADVANCE:
        return advance(deal, evidence, by=by, at=at), move
    if move == Move.SKIP:
        return skip(deal, to, reason, evidence, by=by, at=at), move
    if move == Move.SEND_BACK:
        return send_back(deal, to, reason, by=by, at=at), move
    if move == Move.WIN:
        return win(deal, evidence, by=by, at=at), move
    if move == Move.LOSE:
        return lose(deal, evidence or {}, reason, by=by, at=at), move
    return reopen(deal, reason, None, by=by, at=at), move
