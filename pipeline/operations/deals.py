"""Entering, changing and handing over deals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from pipeline.findings import keeping
from pipeline.gates import NOTHING_BESIDE, asks_of, facts_from, still_unmet
from pipeline.junkwords import junk_words
from pipeline.models import Account, Deal, Move, Pipeline, Stage, StageVisit
from pipeline.operations.evidence import check_expected, read_day, remove_none
from pipeline.operations.filling import check_is_new
from pipeline.operations.shared import (
    change_facts,
    check_open,
    follow_evidence,
    follow_happenings,
    incur_debts,
    lock_deal,
    merge_custom,
    read_changes,
    search_text_of,
    split_custom,
    tell,
    tell_listeners,
    write_facts,
)
from pipeline.permissions import (
    check_can_change,
    check_can_create,
    check_can_enter,
    check_can_reassign,
)
from pipeline.registry import CUSTOM
from pipeline.stages import Process, Rule, process_of
from pipeline.standings import follow
from revops.company.models import Company
from revops.ledger.operations import record
from revops.locks import Lock, share_lock
from revops.people.actor import Actor, Via
from revops.people.models import User
from revops.refusals import Missing, Refused


@transaction.atomic(durable=True)
def create_deal(
    *,
    name: str,
    account: Account | None,
    owner: User,
    pipeline: Pipeline,
    close_date: date | str | None,
    amount: Any = None,
    currency: str | None = None,
    stage: Stage | None = None,
    source: str = "",
    external_id: str = "",
    by: Actor,
    at: datetime,
    **facts: Any,
) -> Deal:
    """Enter a deal in the first stage, or in one that lets deals begin there.

    Raises Refused when a fact is wanting or wrong, NotAllowed when `by` may not enter it.
    """
    check_can_create(owner, by=by)
    share_lock(Lock.RULES)
    check_is_new(Deal, source, external_id)
    if pipeline.retired_at:
        raise Refused(f"{pipeline.name} is no longer used.", code="retired")
    process = process_of(pipeline)
    rule = process.rule_of(stage.pk) if stage else process.beginning
    check_can_begin(rule, owner, by=by)
    company = Company.get()
    deal = Deal(
        pipeline=pipeline,
        stage_id=rule.stage_id,
        owner=owner,
        entered_stage_at=at,
        opened_on=company.local_day(at),
        origin=Deal.Origin.API if by.via == Via.API else Deal.Origin.APP,
        source=source,
        external_id=external_id,
        created_at=at,
    )
    facts |= {"name": name, "amount": amount, "currency": currency or company.currency}
    if account is not None or by.via != Via.API:
        facts["account"] = account
    for field, value in read_changes(deal, facts).items():
        setattr(deal, field, value)
    deal.custom = merge_custom(deal, "deal", split_custom(facts)[1], by=by, at=at)
    set_expected_close(deal, close_date, rule, company, at=at)
    deal.search_text = search_text_of(deal)
    deal.save(force_insert=True)
    begin(deal, process, rule, by=by, at=at)
    return deal


def check_can_begin(rule: Rule, owner: User, *, by: Actor) -> None:
    """Raise Refused unless deals may begin in this stage, and belong to this owner."""
    if not owner.is_active:
        raise Refused(f"{owner.name} is no longer active and cannot own a deal.", code="invalid")
    if not (rule.is_open and rule.may_create_here):
        raise Refused(f"Deals do not begin in {rule.name}.", code="not_here", stage=rule.key)
    check_can_enter(rule, by=by)


def set_expected_close(
    deal: Deal, close_date: date | str | None, rule: Rule, company: Company, *, at: datetime
) -> None:
    """Give a new deal its expected close date, or let it start without where that is allowed."""
    if close_date:
        deal.close_date = read_day(close_date)
        check_expected(deal.close_date, at=at)
    elif company.close_date_from_start or any(item.key == "close_date" for item in rule.items):
        sentence = "Set the expected close date."
        fault = Missing("close_date", "Close date", sentence)
        raise Refused(sentence, code="invalid", missing=[fault])
    else:
        deal.close_date_waived = True


def begin(deal: Deal, process: Process, rule: Rule, *, by: Actor, at: datetime) -> None:
    """Write the first visit, the standing and the ledger's first entry of a new deal.

    A deal that begins in a later stage owes what the stages before it ask.
    """
    StageVisit.objects.create(
        deal=deal,
        stage_id=rule.stage_id,
        version_id=process.version_id,
        move=Move.CREATE,
        via=by.via,
        entered_at=at,
        entered_by=by.user,
    )
    follow(deal, None, at=at)
    earlier = [other for other in process.open_rules if other.position < rule.position]
    asks = [ask for other in earlier for ask in asks_of(other)]
    facts = facts_from(NOTHING_BESIDE, {}, junk_words(), at)
    if unmet := still_unmet(deal, asks, facts):
        incur_debts(deal, unmet, process, reason=f"Entered in {rule.name}", by=by, at=at)
    names = ("name", "account", "owner", "amount", "currency", "close_date", "origin")
    after = {name: getattr(deal, name) for name in names} | {"stage": rule.key}
    related = [deal.account] if deal.account else []
    record("deal.created", deal, by=by, at=at, after=after, related=related)
    keeping.refresh(deal, at, facts=facts)


@transaction.atomic(durable=True)
def change_deal(
    *,
    deal: Deal,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Change what people type: columns, and fields that the company added.

    Stage, status, owner and close date have verbs of their own. Raises Refused naming every
    fault, Conflict when somebody else changed the deal since `version`.
    """
    deal = lock_deal(deal, version=version)
    check_can_change(deal, by=by)
    change(deal, changes, by=by, at=at)
    return deal


def change(deal: Deal, changes: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Change what people type of a locked deal, with what follows for its gate."""
    changed = change_facts(deal, changes, by=by, at=at)
    said = {f"{CUSTOM}{key}" for key, value in split_custom(changes)[1].items() if value}
    for field in sorted({*changed, *said}):
        if field in said or getattr(deal, field):
            remove_none(deal, field, by=by, at=at)
    if changed:
        follow_evidence(deal, by=by, at=at)


@transaction.atomic(durable=True)
def plan_next_step(
    *,
    deal: Deal,
    next_step: str,
    next_step_date: date | str | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Say what happens next with the buyer, and when."""
    deal = lock_deal(deal)
    check_can_change(deal, by=by)
    check_open(deal)
    change_facts(deal, {"next_step": next_step, "next_step_date": next_step_date}, by=by, at=at)
    follow_happenings(deal, by=by, at=at)
    return deal


@transaction.atomic(durable=True)
def reassign_deal(
    *,
    deal: Deal,
    owner: User,
    reason: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Give the deal to another owner; both are told.

    Only the owner, managers above and RevOps may. Raises Refused when the new owner has left
    or has it already.
    """
    deal = lock_deal(deal, version=version)
    check_can_reassign(deal, by=by)
    if deal.owner_id == owner.pk:
        raise Refused(f"{owner.name} owns this deal already.", code="same_owner")
    give_to(deal, owner, reason=reason, by=by, at=at)
    return deal


def give_to(
    deal: Deal, owner: User, *, reason: str, tells: bool = True, by: Actor, at: datetime
) -> None:
    """Change the owner of a locked deal, with everything that follows.

    `tells` is false where somebody takes over many deals and is told once.
    """
    if not owner.is_active:
        raise Refused(f"{owner.name} is no longer active and cannot own a deal.", code="invalid")
    former = deal.owner
    write_facts(deal, {"owner": owner}, by=by, at=at, verb="deal.reassigned", why=reason)
    deal.debts.filter(paid_at=None, owner=former).update(owner=owner)
    tell_listeners(deal, frozenset({"owner"}), by=by, at=at)
    if not tells:
        return
    tell(
        [owner, former],
        "deal.reassigned",
        deal,
        key=deal.version,
        by=by,
        at=at,
        former=former.name,
        reason=reason,
    )


def open_deals_of(user: User) -> Iterable[Deal]:
    """The open deals of a person, held one after the other in a fixed order."""
    for pk in Deal.objects.open().filter(owner=user).order_by("pk").values_list("pk", flat=True):
        deal = lock_deal(Deal(pk=pk))
        if deal.is_open and deal.owner_id == user.pk:
            yield deal
