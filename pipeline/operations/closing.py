"""Closing deals, won or lost, and taking them up again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F

from pipeline.junk import is_junk
from pipeline.models import Deal, DealMember, Move
from pipeline.operations.close_dates import move_later
from pipeline.operations.evidence import Evidence, check_expected, read_day
from pipeline.operations.movement import carry_out, check_movable
from pipeline.operations.shared import lock_deal, owner_and_manager, tell, write_facts
from pipeline.permissions import check_can_reopen
from pipeline.stages import Freedom, Process, plan_move, process_by_id
from revops.company.models import Company
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import Role, User
from revops.refusals import Missing, Refused
from revops.work.operations import add_task
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of

HAND_OFF_IN = timedelta(hours=16)

POST_MORTEM_IN = timedelta(hours=40)


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


# The verbs, within a transaction that holds the deal


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
    # By the moment, not by the row: what an import tells of the past is written later.
    stages = deal.visits.order_by(F("entered_at").desc(nulls_last=True), "-pk")
    for stage_id in stages.values_list("stage_id", flat=True):
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
    check_expected(day, at=at)
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
