"""Moving a deal into another pipeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from pipeline.findings import keeping
from pipeline.gates import asks_of, load_facts, still_unmet
from pipeline.models import Deal, GateDebt, Move, Pipeline, Stage
from pipeline.operations.movement import VERBS, enter_stage, take_effect
from pipeline.operations.shared import (
    check_open,
    incur_debts,
    lock_deal,
    owner_and_manager,
    tell,
    tell_listeners,
)
from pipeline.permissions import check_can_change, check_can_enter
from pipeline.registry import PlannedMove
from pipeline.stages import Process, Rule, process_of
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Missing, Refused


@transaction.atomic(durable=True)
def transfer_deal(
    *,
    deal: Deal,
    to_pipeline: Pipeline,
    to_stage: Stage | None = None,
    reason: str,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Take the deal out of its pipeline and into another, with a reason.

    It enters the first stage, or one where deals may begin; what the stages before that one
    ask is then owed, and what is owed already stays owed.
    """
    deal = lock_deal(deal, version=version)
    check_can_change(deal, by=by)
    check_open(deal)
    process, rule = place_in(deal, to_pipeline, to_stage, by=by)
    if not reason.strip():
        fault = Missing("reason", "Reason", "Give a reason for moving it to another pipeline.")
        raise Refused(fault.sentence, code="reason_missing", missing=[fault])
    transfer(deal, process, rule, reason.strip(), by=by, at=at)
    return deal


def place_in(
    deal: Deal, pipeline: Pipeline, stage: Stage | None, *, by: Actor
) -> tuple[Process, Rule]:
    """The rules of the other pipeline and its stage; Refused where the deal may not begin."""
    if pipeline.pk == deal.pipeline_id:
        raise Refused(f"The deal is in {pipeline.name} already.", code="same_pipeline")
    if pipeline.retired_at:
        raise Refused(f"{pipeline.name} is no longer used.", code="retired")
    process = process_of(pipeline)
    rule = process.rule_of(stage.pk) if stage else process.beginning
    if not (rule.is_open and rule.may_create_here):
        raise Refused(f"Deals do not begin in {rule.name}.", code="not_here", stage=rule.key)
    check_can_enter(rule, by=by)
    return process, rule


def transfer(
    deal: Deal, process: Process, rule: Rule, reason: str, *, by: Actor, at: datetime
) -> None:
    former, origin = deal.pipeline, deal.stage
    planned = PlannedMove(deal, Move.TRANSFER, origin.key, rule.key, leaves=(origin.key,))
    visit = enter_stage(planned, process, reason=reason, by=by, at=at)
    owed = owe_earlier(deal, process, rule, reason, by=by, at=at)
    pipeline = Pipeline.objects.get(pk=process.pipeline_id)
    after: dict[str, Any] = {"pipeline": pipeline.key, "stage": rule.key}
    if owed:
        after |= {"owed": [debt.item_key for debt in owed]}
        after |= {"owed_labels": [debt.label for debt in owed]}
    record(
        VERBS[Move.TRANSFER],
        deal,
        by=by,
        at=at,
        before={"pipeline": former.key, "stage": origin.key},
        after=after,
        why=reason,
    )
    told = {"stage": rule.name, "pipeline": pipeline.name, "reason": reason}
    tell(owner_and_manager(deal), "deal.transferred", deal, key=visit.pk, by=by, at=at, **told)
    take_effect(planned, by=by, at=at)
    tell_listeners(deal, frozenset({"pipeline"}), by=by, at=at)
    keeping.refresh(deal, at, moved=True)


def owe_earlier(
    deal: Deal, process: Process, rule: Rule, reason: str, *, by: Actor, at: datetime
) -> list[GateDebt]:
    """Write down what the stages before this one ask, as for a deal that is entered there."""
    earlier = [other for other in process.open_rules if other.position < rule.position]
    asks = [ask for other in earlier for ask in asks_of(other)]
    if not asks:
        return []
    unmet = still_unmet(deal, asks, load_facts(deal, at))
    return incur_debts(deal, unmet, process, reason=reason, by=by, at=at)
