"""What every move of a deal does once its verb is known, within a transaction that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline import registry
from pipeline.findings import keeping
from pipeline.gates import (
    asks_of,
    beside,
    debts_of,
    gates_of_others,
    load_facts,
    own_gate,
    still_unmet,
    unpaid_debts,
)
from pipeline.models import Deal, GateDebt, Move, Stage, StageVisit
from pipeline.operations.evidence import Evidence, write_evidence
from pipeline.operations.shared import (
    check_open,
    incur_debts,
    owner_and_manager,
    pay_debts,
    tell,
)
from pipeline.permissions import check_can_change, check_can_enter
from pipeline.registry import DealFacts, PlannedMove
from pipeline.stages import Process, classify_move, process_by_id
from pipeline.standings import follow, standing_of
from revops.company.models import Company
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Missing, Refused
from revops.remembering import holding, remembered

VERBS = {
    Move.ADVANCE: "deal.advanced",
    Move.SKIP: "deal.skipped",
    Move.SEND_BACK: "deal.sent_back",
    Move.WIN: "deal.won",
    Move.LOSE: "deal.lost",
    Move.REOPEN: "deal.reopened",
    Move.TRANSFER: "deal.transferred",
}
OVERRIDDEN = "deal.overridden"
STEPS = frozenset({Move.ADVANCE, Move.SEND_BACK})
"""What jumps over nothing: where no jump lay behind the deal before, none does afterwards."""

MOVED = [
    "pipeline",
    "stage",
    "status",
    "entered_stage_at",
    "closed_on",
    "closed_owner",
    "closed_team",
    "closed_segment",
    "loss_reason",
    "loss_note",
]


def check_movable(deal: Deal, *, by: Actor) -> Process:
    """Return the rules in force, after asking whether `by` may move this open deal."""
    check_can_change(deal, by=by)
    check_open(deal)
    return process_by_id(deal.pipeline_id)


def check_kind(process: Process, deal: Deal, to: Stage, wanted: Move) -> None:
    """Raise Refused when the move to that stage is another one than the verb says."""
    origin, target = process.rule_of(deal.stage_id), process.rule_of(to.pk)
    move = classify_move(process, origin.key, target.key, deal.status)
    if move != wanted:
        raise Refused(
            f"From {origin.name} to {target.name} is another move: {move.label.lower()}.",
            code="another_move",
            move=move.value,
        )


def carry_out(
    planned: PlannedMove,
    process: Process,
    *,
    reason: str = "",
    evidence: Evidence | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Fill in the evidence, ask the gate, and make the move with everything that follows.

    One set of rules judges all of it: they are read once, and what stands beside the deal too.
    """
    with holding(*HELD):
        remembered(("process", process.pipeline_id), lambda: process)
        return make_move(planned, process, reason=reason, evidence=evidence, by=by, at=at)


HELD = ("process", "company", "junk", "beside", "debts")
"""What stays the same from the first question of a move to its last.

The rows beside a deal (people, ticks, files) are read when the evidence was filled in, and debts
when they were paid and incurred. Whoever shows what became of the deal may hold them longer.
"""


def make_move(
    planned: PlannedMove,
    process: Process,
    *,
    reason: str,
    evidence: Evidence | None,
    by: Actor,
    at: datetime,
) -> Deal:
    deal = planned.deal
    check_can_enter(process.rule(planned.to_stage), by=by)
    write_evidence(deal, evidence or {}, by=by, at=at)
    known = beside(deal)
    facts, debts = load_facts(deal, at, known=known), unpaid_debts(deal) if known.owes else []
    missing = own_gate(process, planned, facts, debts=debts)
    check_passes(planned, process, [*missing, *gates_of_others(planned, at)])
    paid = pay_debts(deal, by=by, at=at, facts=facts, debts=debts)
    owed = owe_skipped(planned, process, facts, reason=reason, by=by, at=at)
    if paid or owed:
        debts = unpaid_debts(deal)
    debts_of(deal, known=debts)
    may_jump = planned.kind not in STEPS or deal.skipped_at is not None
    visit = enter_stage(planned, process, reason=reason, facts=facts, by=by, at=at)
    write_move(planned, visit, owed, by=by, at=at)
    if planned.skipped:
        alert_of_skip(planned, process, visit, reason=reason, by=by, at=at)
    take_effect(planned, by=by, at=at)
    keeping.refresh(deal, at, facts=facts, debts=debts, moved=may_jump)
    return deal


def take_effect(planned: PlannedMove, *, by: Actor, at: datetime) -> None:
    """Let other apps do what follows from the move, in its transaction."""
    for effect in registry.deal_effects():
        effect(planned, by=by, at=at)


def check_passes(planned: PlannedMove, process: Process, missing: Sequence[Missing]) -> None:
    """Raise Refused, listing everything at once, when anything stands in the way."""
    if missing:
        target = process.rule(planned.to_stage).name
        labels = ", ".join(dict.fromkeys(each.label for each in missing))
        raise Refused(
            f"Before this deal can enter {target}: {labels}.", code="gate", missing=list(missing)
        )


def owe_skipped(
    planned: PlannedMove,
    process: Process,
    facts: DealFacts,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> list[GateDebt]:
    """Write down what the skipped stages ask and the deal lacks; a win has asked it already."""
    if planned.kind != Move.SKIP:
        return []
    asks = [ask for key in planned.skipped for ask in asks_of(process.rule(key))]
    unmet = still_unmet(planned.deal, asks, facts)
    return incur_debts(planned.deal, unmet, process, reason=reason, by=by, at=at)


def enter_stage(
    planned: PlannedMove,
    process: Process,
    *,
    reason: str,
    bypassed: Sequence[Missing] | None = None,
    facts: DealFacts | None = None,
    by: Actor,
    at: datetime,
) -> StageVisit:
    """End the present visit, begin the next, and let status, stamps and standings follow.

    `bypassed` says what an administrator's override went past; None is no override. From `facts`
    the deal is saved at once with how much it lacks in the stage, so that it need not be later.
    """
    deal, stood = planned.deal, standing_of(planned.deal)
    moment = leave_stage(deal, at=at)
    visit = StageVisit.objects.create(
        deal=deal,
        stage_id=process.rule(planned.to_stage).stage_id,
        version_id=process.version_id,
        move=planned.kind,
        reason=reason.strip(),
        skipped=list(planned.skipped),
        via=by.via,
        is_override=bypassed is not None,
        bypassed=[
            {"key": each.key, "label": each.label, "stage": each.stage} for each in bypassed or ()
        ],
        entered_at=moment,
        entered_by=by.user,
    )
    deal.pipeline_id, deal.stage_id = process.pipeline_id, visit.stage_id
    deal.entered_stage_at = moment
    change_status(deal, Move(planned.kind), at=at)
    if facts is not None:
        deal.missing_count = keeping.count_missing(process, deal, facts)
    deal.save_version(update_fields=[*MOVED, "missing_count"] if facts else MOVED)
    follow(deal, stood, at=at)
    return visit


def leave_stage(deal: Deal, *, at: datetime) -> datetime:
    """End the open visit and return the moment of leaving.

    Two moves in a row may carry moments in the other order; the later one waited for the lock.
    """
    moment = max(at, deal.entered_stage_at) if deal.entered_stage_at else at
    present = deal.visits.filter(left_at=None)
    return moment if present.update(left_at=moment) else at


def change_status(deal: Deal, move: Move, *, at: datetime) -> None:
    """Close or reopen the deal where the move says so, with what is stamped on closing."""
    if move == Move.WIN:
        deal.mark_won()
        deal.loss_reason = deal.loss_note = ""
    elif move == Move.LOSE:
        deal.mark_lost()
    elif move == Move.REOPEN:
        deal.mark_open()
        deal.loss_reason = deal.loss_note = deal.closed_segment = ""
        deal.closed_on = deal.closed_owner = deal.closed_team = None
    if move in (Move.WIN, Move.LOSE):
        deal.closed_on = Company.get().local_day(at)
        deal.closed_owner = deal.owner
        deal.closed_team = deal.owner.team


def write_move(
    planned: PlannedMove, visit: StageVisit, owed: Sequence[GateDebt], *, by: Actor, at: datetime
) -> None:
    """Write the move into the ledger: where from, where to, what is owed, what was bypassed."""
    deal = planned.deal
    after: dict[str, Any] = {"stage": planned.to_stage, "status": deal.status}
    if planned.skipped:
        after["skipped"] = planned.skipped
    if owed:
        after["owed"] = [debt.item_key for debt in owed]
        after["owed_labels"] = [debt.label for debt in owed]
        after["owed_due_on"] = owed[0].due_on
    if visit.is_override:
        after |= {"move": visit.move, "bypassed": [each["label"] for each in visit.bypassed]}
    if deal.closed_on:
        after |= {"closed_on": deal.closed_on, "loss_reason": deal.loss_reason}
    record(
        OVERRIDDEN if visit.is_override else VERBS[Move(planned.kind)],
        deal,
        by=by,
        at=at,
        before={"stage": planned.from_stage},
        after=after,
        why=visit.reason,
    )


def alert_of_skip(
    planned: PlannedMove,
    process: Process,
    visit: StageVisit,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Tell owner and manager which stages were jumped over."""
    names = ", ".join(process.rule(key).name for key in planned.skipped)
    tell(
        owner_and_manager(planned.deal),
        "deal.skipped",
        planned.deal,
        key=visit.pk,
        by=by,
        at=at,
        skipped=names,
        stage=process.rule(planned.to_stage).name,
        reason=reason.strip(),
    )
