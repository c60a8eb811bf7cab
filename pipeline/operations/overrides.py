"""An administrator's way past the pipeline's own gates, with a reason that stays on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from pipeline.findings import keeping
from pipeline.gates import (
    Ask,
    asks_of,
    gates_of_others,
    load_facts,
    missing,
    still_unmet,
    unmet_asks,
    unpaid_debts,
)
from pipeline.models import Deal, GateDebt, Move, Stage
from pipeline.operations.closing import ask_for_hand_off
from pipeline.operations.movement import (
    check_movable,
    check_passes,
    enter_stage,
    take_effect,
    write_move,
)
from pipeline.operations.shared import incur_debts, lock_deal, owner_and_manager, pay_debts, tell
from pipeline.permissions import check_can_enter, check_can_override
from pipeline.registry import DealFacts, PlannedMove
from pipeline.stages import Freedom, Process, classify_move, plan_move
from revops.people.actor import Actor
from revops.refusals import Missing, Refused

INSTEAD = {
    Move.LOSE: "Losing a deal asks nothing but why. Lose it instead.",
    Move.REOPEN: "An administrator may reopen a deal. Reopen it instead.",
}


@transaction.atomic(durable=True)
def override_move(
    *,
    deal: Deal,
    to: Stage,
    reason: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Move the deal past what its own pipeline still asks, for an administrator's reason.

    Items, criteria, debts and a forbidden skip are gone past and listed on the visit; what was
    missing is owed, unless the deal is won. The checks of other apps hold: nothing unapproved
    is won. Raises Refused where nothing stands in the way, so that no override is for nothing.
    """
    deal = lock_deal(deal, version=version)
    check_can_override(by=by)
    process = check_movable(deal, by=by)
    planned = plan_override(process, deal, to)
    check_can_enter(process.rule(planned.to_stage), by=by)
    if not reason.strip():
        fault = Missing("reason", "Reason", "Give a reason for overriding the gate.")
        raise Refused(fault.sentence, code="reason_missing", missing=[fault])
    carry_past(planned, process, reason, by=by, at=at)
    if planned.kind == Move.WIN:
        ask_for_hand_off(deal, by=by, at=at)
    return deal


def plan_override(process: Process, deal: Deal, to: Stage) -> PlannedMove:
    """The move that leads to that stage; Refused for one that has no gate to go past."""
    origin, target = process.rule_of(deal.stage_id), process.rule_of(to.pk)
    move = classify_move(process, origin.key, target.key, deal.status)
    if move in INSTEAD:
        raise Refused(INSTEAD[move], code="another_move", move=move.value)
    return plan_move(process, deal, move, target.key)


def carry_past(
    planned: PlannedMove, process: Process, reason: str, *, by: Actor, at: datetime
) -> None:
    """Make the move, noting what stood in its way."""
    deal = planned.deal
    facts, debts = load_facts(deal, at), unpaid_debts(deal)
    check_passes(planned, process, gates_of_others(planned, at))
    asks = unmet_asks(process, planned, facts, debts=debts)
    bypassed = [*forbidden(process, planned), *(missing(ask) for ask in asks)]
    if not bypassed:
        raise Refused(
            "Nothing stands in the way of this move. Make it as usual.", code="nothing_to_override"
        )
    paid = pay_debts(deal, by=by, at=at, facts=facts, debts=debts)
    owed = owe(planned, process, asks, facts, reason=reason, by=by, at=at)
    visit = enter_stage(planned, process, reason=reason, bypassed=bypassed, by=by, at=at)
    write_move(planned, visit, owed, by=by, at=at)
    tell(
        owner_and_manager(deal),
        "deal.overridden",
        deal,
        key=visit.pk,
        by=by,
        at=at,
        stage=process.rule(planned.to_stage).name,
        bypassed=", ".join(dict.fromkeys(each.label for each in bypassed)),
        reason=reason.strip(),
    )
    take_effect(planned, by=by, at=at)
    debts = unpaid_debts(deal) if paid or owed else debts
    keeping.refresh(deal, at, facts=facts, debts=debts, moved=True)


def forbidden(process: Process, planned: PlannedMove) -> list[Missing]:
    """The liberties that this pipeline does not give."""
    found = []
    if planned.skipped and process.skipping == Freedom.NEVER:
        found.append(Missing("skipping", "No skipping", "This pipeline forbids skipping stages."))
    if planned.kind == Move.SEND_BACK and process.moving_back == Freedom.NEVER:
        found.append(Missing("moving_back", "No way back", "This pipeline forbids moving back."))
    return found


def owe(
    planned: PlannedMove,
    process: Process,
    asks: Sequence[Ask],
    facts: DealFacts,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> list[GateDebt]:
    """Write down as owed what was gone past: an override moves a deal, it forgives nothing."""
    if planned.kind == Move.WIN:
        return []
    skipped = [ask for key in planned.skipped for ask in asks_of(process.rule(key))]
    unmet = [*asks, *still_unmet(planned.deal, skipped, facts)]
    each_once = {(ask.stage, ask.key): ask for ask in unmet if ask.stage in process.by_key}
    return incur_debts(planned.deal, each_once.values(), process, reason=reason, by=by, at=at)
