"""Moving deals along their stages: each verb with its gate, all by one path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from pipeline import registry
from pipeline.gates import asks_of, gate_of, load_facts, still_unmet
from pipeline.junk import is_junk
from pipeline.models import Deal, DealMember, Move, Stage, StageVisit
from pipeline.operations.close_dates import move_later
from pipeline.operations.deals import check_not_past
from pipeline.operations.evidence import Evidence, read_day, write_evidence
from pipeline.operations.shared import (
    check_open,
    incur_debts,
    lock_deal,
    owner_and_manager,
    pay_debts,
    tell,
    write_facts,
)
from pipeline.permissions import check_can_change, check_can_enter, check_can_reopen
from pipeline.registry import DealFacts, PlannedMove
from pipeline.stages import (
    Freedom,
    Process,
    classify_move,
    plan_move,
    process_by_id,
    reason_under,
)
from pipeline.standings import follow, standing_of
from revops.company.models import Company
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import Missing, Refused
from revops.work.operations import add_task
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of

VERBS = {
    Move.ADVANCE: "deal.advanced",
    Move.SKIP: "deal.skipped",
    Move.SEND_BACK: "deal.sent_back",
    Move.WIN: "deal.won",
    Move.LOSE: "deal.lost",
    Move.REOPEN: "deal.reopened",
}
HAND_OFF_IN = timedelta(hours=16)
POST_MORTEM_IN = timedelta(hours=40)


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


@transaction.atomic(durable=True)
def win_deal(
    *,
    deal: Deal,
    evidence: Evidence | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Close the deal as won, once nothing that any stage asks is missing or owed.

    The hand-off to customer success becomes a task. Raises Refused listing what is missing.
    """
    deal = lock_deal(deal, version=version)
    return win(deal, evidence, by=by, at=at)


@transaction.atomic(durable=True)
def lose_deal(
    *,
    deal: Deal,
    loss_reason: str = "",
    competitor: str = "",
    competitor_none: bool = False,
    note: str = "",
    evidence: Evidence | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Close the deal as lost, from any stage: with a reason, and the competitor or that there
    was none. The post-mortem becomes a task.
    """
    deal = lock_deal(deal, version=version)
    answers = {"loss_reason": loss_reason, "competitor": competitor, **(evidence or {})}
    if competitor_none:
        answers["competitor"] = {"none": True}
    return lose(deal, answers, note, by=by, at=at)


@transaction.atomic(durable=True)
def reopen_deal(
    *,
    deal: Deal,
    reason: str,
    close_date: date | str | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Take up a closed deal again, in the stage where it was closed, with a reason.

    Managers above the owner and RevOps may, the owner may not. A close date in the past is
    replaced, which counts as a push.
    """
    deal = lock_deal(deal, version=version)
    return reopen(deal, reason, close_date, by=by, at=at)


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


def win(deal: Deal, evidence: Evidence | None, *, by: Actor, at: datetime) -> Deal:
    process = check_movable(deal, by=by)
    planned = plan_move(process, deal, Move.WIN)
    if planned.skipped and process.skipping == Freedom.NEVER:
        raise Refused("This pipeline does not allow skipping stages.", code="not_in_this_pipeline")
    deal = carry_out(planned, process, evidence=evidence, by=by, at=at)
    ask_for_hand_off(deal, by=by, at=at)
    return deal


def lose(deal: Deal, evidence: Evidence, note: str, *, by: Actor, at: datetime) -> Deal:
    process = check_movable(deal, by=by)
    check_loss(deal, evidence, note)
    planned = plan_move(process, deal, Move.LOSE)
    answers = {key: value for key, value in evidence.items() if value}
    deal.loss_note = note.strip()
    deal = carry_out(planned, process, reason=deal.loss_note, evidence=answers, by=by, at=at)
    ask_for_post_mortem(deal, by=by, at=at)
    return deal


def reopen(
    deal: Deal, reason: str, close_date: date | str | None, *, by: Actor, at: datetime
) -> Deal:
    check_can_reopen(deal, by=by)
    if deal.is_open:
        raise Refused("This deal is open.", code="open")
    if not reason.strip():
        raise Refused("Give a reason for reopening the deal.", code="reason_missing")
    process = process_by_id(deal.pipeline_id)
    planned = plan_move(process, deal, Move.REOPEN, stage_before_closing(deal, process))
    renew_close_date(deal, close_date, reason, by=by, at=at)
    deal = carry_out(planned, process, reason=reason, by=by, at=at)
    stage = process.rule(planned.to_stage).name
    told = owner_and_manager(deal)
    tell(told, "deal.reopened", deal, key=deal.version, by=by, at=at, stage=stage, reason=reason)
    return deal


# What all verbs share


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
    """Fill in the evidence, ask the gate, and make the move with everything that follows."""
    deal = planned.deal
    check_can_enter(process.rule(planned.to_stage), by=by)
    write_evidence(deal, evidence or {}, by=by, at=at)
    facts = load_facts(deal, at)
    check_gate(planned, process, facts, at=at)
    pay_debts(deal, by=by, at=at, facts=facts)
    owed = owe_skipped(planned, process, facts, reason=reason, by=by, at=at)
    visit = enter_stage(planned, process, reason=reason, by=by, at=at)
    write_move(planned, visit, owed, by=by, at=at)
    if planned.skipped:
        alert_of_skip(planned, process, visit, reason=reason, by=by, at=at)
    for effect in registry.deal_effects():
        effect(planned, by=by, at=at)
    return deal


def check_gate(planned: PlannedMove, process: Process, facts: DealFacts, *, at: datetime) -> None:
    """Raise Refused, listing everything at once, unless the deal may make this move."""
    missing = gate_of(planned.deal, planned, at, facts=facts)
    if missing:
        target = process.rule(planned.to_stage).name
        labels = ", ".join(dict.fromkeys(each.label for each in missing))
        raise Refused(
            f"Before this deal can enter {target}: {labels}.", code="gate", missing=missing
        )


def owe_skipped(
    planned: PlannedMove,
    process: Process,
    facts: DealFacts,
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> list[str]:
    """Write down what the skipped stages ask and the deal lacks; a win has asked it already."""
    if planned.kind != Move.SKIP:
        return []
    asks = [ask for key in planned.skipped for ask in asks_of(process.rule(key))]
    unmet = still_unmet(planned.deal, asks, facts)
    debts = incur_debts(planned.deal, unmet, reason=reason, by=by, at=at)
    return [debt.item_key for debt in debts]


MOVED = [
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


def enter_stage(
    planned: PlannedMove, process: Process, *, reason: str, by: Actor, at: datetime
) -> StageVisit:
    """End the present visit, begin the next, and let status, stamps and standings follow."""
    deal, stood = planned.deal, standing_of(planned.deal)
    moment = leave_stage(deal, at=at)
    visit = StageVisit.objects.create(
        deal=deal,
        stage_id=process.rule(planned.to_stage).stage_id,
        version_id=process.version_id,
        move=planned.kind,
        reason=reason.strip(),
        skipped=list(planned.skipped),
        entered_at=moment,
        entered_by=by.user,
    )
    deal.stage_id = visit.stage_id
    deal.entered_stage_at = moment
    change_status(deal, Move(planned.kind), at=at)
    deal.save_version(update_fields=MOVED)
    follow(deal, stood, at=at)
    return visit


def leave_stage(deal: Deal, *, at: datetime) -> datetime:
    """End the open visit and return the moment of leaving.

    Two moves in a row may carry moments in the other order; the later one waited for the lock.
    """
    visit = deal.visits.filter(left_at=None).first()
    if visit is None:
        return at
    moment = max(at, visit.entered_at) if visit.entered_at else at
    deal.visits.filter(pk=visit.pk, left_at=None).update(left_at=moment)
    return moment


def change_status(deal: Deal, move: Move, *, at: datetime) -> None:
    """Close or reopen the deal where the move says so, with what is stamped on closing."""
    if move == Move.WIN:
        deal.mark_won()
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
    planned: PlannedMove, visit: StageVisit, owed: list[str], *, by: Actor, at: datetime
) -> None:
    deal = planned.deal
    after: dict[str, Any] = {"stage": planned.to_stage, "status": deal.status}
    if planned.skipped:
        after["skipped"] = planned.skipped
    if owed:
        after["owed"] = owed
    if deal.closed_on:
        after |= {"closed_on": deal.closed_on, "loss_reason": deal.loss_reason}
    record(
        VERBS[Move(planned.kind)],
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


# Losing, reopening, and the work that closing leaves


def check_loss(deal: Deal, evidence: Evidence, note: str) -> None:
    """Raise Refused when "other" is the reason and no note says which."""
    reason = evidence.get("loss_reason") or deal.loss_reason
    if reason == "other" and is_junk(note):
        sentence = "Say in a note why the deal is lost."
        fault = Missing("loss_note", "Note", sentence)
        raise Refused(sentence, code="gate", missing=[fault])


def stage_before_closing(deal: Deal, process: Process) -> str:
    """Key of the last open stage the deal was in; the first stage where that is unknown."""
    stages = deal.visits.order_by("-pk").values_list("stage_id", flat=True)
    for stage_id in stages:
        rule = process.by_stage.get(stage_id)
        if rule and rule.is_open:
            return rule.key
    return process.first.key


def renew_close_date(
    deal: Deal, close_date: date | str | None, reason: str, *, by: Actor, at: datetime
) -> None:
    """Give a reopened deal an expected close date that does not lie in the past."""
    company = Company.get()
    day = read_day(close_date) if close_date else deal.close_date
    if day is None or (not close_date and day < company.local_day(at)):
        sentence = "The close date lies in the past. Set a new one to reopen the deal."
        fault = Missing("close_date", "Close date", sentence)
        raise Refused(sentence, code="gate", missing=[fault])
    check_not_past(day, company, at=at)
    if deal.close_date and day > deal.close_date:
        move_later(deal, day, "reopened", reason, by=by, at=at)
    elif day != deal.close_date:
        changed = {"close_date": day, "close_date_waived": False}
        write_facts(deal, changed, by=by, at=at, verb="deal.close_date_set", why=reason)


def ask_for_hand_off(deal: Deal, *, by: Actor, at: datetime) -> None:
    """Ask customer success to take the customer over; the owner where there is nobody.

    Whoever takes it over may read the deal from then on.
    """
    assignee = successor_in_service() or deal.owner
    let_in(deal, assignee, by=by, at=at)
    task = add_task(
        kind="cs_handoff",
        about=deal,
        title=f"Take over {deal.name} from sales",
        assignee=assignee,
        due_at=add_business_time(calendar_of(assignee), at, HAND_OFF_IN),
        dedupe_key="cs_handoff",
        by=by,
        at=at,
    )
    told = [assignee, *owner_and_manager(deal)]
    tell(told, "deal.won", deal, key=task.pk, by=by, at=at, hand_off=assignee.name)


def let_in(deal: Deal, person: User, *, by: Actor, at: datetime) -> None:
    """Put somebody who could not see the deal on its team, to read it."""
    if Deal.objects.visible_to(person).filter(pk=deal.pk).exists():
        return
    terms = {"role": "Customer success", "access": DealMember.Access.READ, "until": None}
    DealMember.objects.update_or_create(deal=deal, person=person, defaults=terms)
    record("deal.member_added", deal, by=by, at=at, after={"person": person.pk, **terms})


def successor_in_service() -> User | None:
    people = User.objects.active().holding(Role.CUSTOMER_SUCCESS)
    return people.order_by("pk").first()


def ask_for_post_mortem(deal: Deal, *, by: Actor, at: datetime) -> None:
    """Ask the owner for what is to be learnt from the loss."""
    if not deal.owner.is_active:
        return
    add_task(
        kind="post_mortem",
        about=deal,
        title=f"Post-mortem of {deal.name}",
        assignee=deal.owner,
        due_at=add_business_time(calendar_of(deal.owner), at, POST_MORTEM_IN),
        dedupe_key="post_mortem",
        by=by,
        at=at,
    )
