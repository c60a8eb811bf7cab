"""Filling in what a gate asks: facts, ticks, and somebody's word that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction

from pipeline import registry
from pipeline.findings import keeping
from pipeline.gates import CRITERION, unpaid_debts
from pipeline.junk import is_junk, says_none
from pipeline.junkwords import junk_words
from pipeline.models import CriterionTick, Deal, DeclaredNone, GateDebt
from pipeline.operations.shared import (
    CLOSING,
    TYPED,
    change_facts,
    follow_evidence,
    lock_deal,
    write_facts,
)
from pipeline.permissions import check_can_change
from pipeline.registry import CUSTOM
from pipeline.stages import Criterion, Process, Rule, process_by_id
from revops.addresses import number_in
from revops.company.models import Company
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Missing, Refused
from revops.work.models import Attachment
from revops.work.operations import keep_file

Evidence = Mapping[str, Any]
"""Answers by item key: a value, or {"none": True}. "criterion:<key>" takes True, or
{"note", "file"}."""

FURTHEST_YEARS = 20
"""Numbers are kept month by month: a date in the year 9999 would make each of them wait."""

EVIDENCE_FIELDS = TYPED | CLOSING


@transaction.atomic(durable=True)
def declare_none(*, deal: Deal, item_key: str, by: Actor, at: datetime) -> Deal:
    """Keep somebody's word that an item does not exist; a text in its field is cleared.

    Raises Refused when the pipeline does not take "none" for an answer there.
    """
    deal = lock_deal(deal)
    check_can_change(deal, by=by)
    write_none(deal, item_key, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return deal


@transaction.atomic(durable=True)
def withdraw_none(*, deal: Deal, item_key: str, by: Actor, at: datetime) -> Deal:
    """Take back the word that there is none."""
    deal = lock_deal(deal)
    check_can_change(deal, by=by)
    if not remove_none(deal, item_key, by=by, at=at):
        raise Refused("Nobody has said that there is none.", code="not_declared")
    keeping.refresh(deal, at)
    return deal


@transaction.atomic(durable=True)
def tick_criterion(
    *,
    deal: Deal,
    criterion_key: str,
    note: str = "",
    evidence: Attachment | File[Any] | int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Confirm one exit criterion, with person and date, and a note or a file that shows it.

    Raises Refused when no stage asks it, it stands confirmed already, or it asks for a note or
    a file and there is neither.
    """
    deal = lock_deal(deal)
    check_can_change(deal, by=by)
    write_tick(deal, criterion_key, note=note, evidence=evidence, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return deal


@transaction.atomic(durable=True)
def withdraw_tick(*, deal: Deal, criterion_key: str, by: Actor, at: datetime) -> Deal:
    """Take back a confirmation; the row stays and says who took it back."""
    deal = lock_deal(deal)
    check_can_change(deal, by=by)
    standing = deal.ticks.filter(criterion_key=criterion_key, withdrawn_at=None)
    tick = standing.select_related("stage").order_by("-ticked_at", "-pk").first()
    if tick is None:
        raise Refused("This is not confirmed.", code="not_ticked")
    standing.filter(pk=tick.pk).update(withdrawn_at=at, withdrawn_by=by.user)
    record(
        "deal.criterion_withdrawn",
        deal,
        by=by,
        at=at,
        before={"criterion": criterion_key, "stage": tick.stage.key},
    )
    keeping.refresh(deal, at)
    return deal


@transaction.atomic(durable=True)
def fill_items(
    *, deal: Deal, evidence: Evidence, version: int | None = None, by: Actor, at: datetime
) -> Deal:
    """Fill in what a stage asks, without moving the deal: the same answers that a move takes."""
    deal = lock_deal(deal, version=version)
    check_can_change(deal, by=by)
    check_not_about_closing(deal, evidence)
    write_evidence(deal, evidence, by=by, at=at)
    follow_evidence(deal, by=by, at=at)
    return deal


def check_not_about_closing(deal: Deal, evidence: Evidence) -> None:
    """Raise Refused for why a deal is lost, which losing it says; where nobody knows, it may."""
    for key in sorted(CLOSING & set(evidence)):
        if deal.status != Deal.Status.LOST or getattr(deal, key):
            raise Refused("Why a deal is lost is said as it is lost.", code="not_here", item=key)


def write_evidence(deal: Deal, evidence: Evidence, *, by: Actor, at: datetime) -> None:
    """Write every answer within the caller's transaction. Refuses what nobody asks."""
    fields: dict[str, Any] = {}
    for key, value in evidence.items():
        if key.startswith(CRITERION):
            if value:
                confirm(deal, key.removeprefix(CRITERION), value, by=by, at=at)
            continue
        kind = registry.item_kind(key)
        if kind is None:
            raise Refused(f"Nothing asks for “{key}”.", code="unknown_item", item=key)
        if answers_none(deal, key, value):
            write_none(deal, key, by=by, at=at)
        elif kind.field == "close_date":
            set_first_close_date(deal, value, by=by, at=at)
        elif kind.field:
            fields[kind.field] = value
        elif kind.fill:
            kind.fill(deal, value, by=by, at=at)
        else:
            raise Refused(f"{kind.label} is not filled in here. {kind.sentence}", code="not_here")
    if fields:
        changed = change_facts(deal, fields, by=by, at=at, fields=EVIDENCE_FIELDS)
        for field in {*changed, *(name for name in fields if name.startswith(CUSTOM))}:
            remove_none(deal, field, by=by, at=at)


def answers_none(deal: Deal, key: str, value: Any) -> bool:
    """Whether the answer is that there is none, said outright or in words."""
    if isinstance(value, Mapping) and value.get("none"):
        return True
    return isinstance(value, str) and says_none(value) and none_allowed(deal, key)


def none_allowed(deal: Deal, key: str) -> bool:
    """Whether some stage of the deal's pipeline, or what it still owes, takes "none"."""
    rules = process_by_id(deal.pipeline_id).rules
    if any(item.key == key and item.none_allowed for rule in rules for item in rule.items):
        return True
    return deal.debts.filter(paid_at=None, item_key=key, none_allowed=True).exists()


def write_none(deal: Deal, key: str, *, by: Actor, at: datetime) -> None:
    if not none_allowed(deal, key):
        raise Refused("“None” is not an answer here.", code="none_not_allowed", item=key)
    kind = registry.item_kind(key)
    if kind and kind.field in EVIDENCE_FIELDS and getattr(deal, kind.field):
        change_facts(deal, {kind.field: ""}, by=by, at=at, fields=EVIDENCE_FIELDS)
    if key.startswith(CUSTOM) and deal.custom.get(key.removeprefix(CUSTOM)) is not None:
        change_facts(deal, {key: None}, by=by, at=at)
    if deal.declared_none.filter(item_key=key).exists():
        return
    DeclaredNone.objects.create(deal=deal, item_key=key, declared_at=at, declared_by=by.user)
    record("deal.none_declared", deal, by=by, at=at, after={"item": key})


def remove_none(deal: Deal, key: str, *, by: Actor, at: datetime) -> bool:
    removed, _ = deal.declared_none.filter(item_key=key).delete()
    if removed:
        record("deal.none_withdrawn", deal, by=by, at=at, before={"item": key})
    return bool(removed)


def confirm(deal: Deal, key: str, answer: Any, *, by: Actor, at: datetime) -> None:
    """Tick a criterion unless it stands ticked already; the answer may carry note and file."""
    rule, _ = criterion_meant(process_by_id(deal.pipeline_id), deal, key)
    if standing_tick(deal, rule, key):
        return
    said = answer if isinstance(answer, Mapping) else {}
    note, file = str(said.get("note") or ""), said.get("file")
    write_tick(deal, key, note=note, evidence=file, by=by, at=at)


def standing_tick(deal: Deal, rule: Rule, key: str) -> bool:
    standing = deal.ticks.filter(stage=rule.stage_id, criterion_key=key, withdrawn_at=None)
    return standing.exists()


def write_tick(
    deal: Deal, key: str, *, note: str, evidence: Any = None, by: Actor, at: datetime
) -> None:
    rule, criterion = criterion_meant(process_by_id(deal.pipeline_id), deal, key)
    if standing_tick(deal, rule, key):
        raise Refused("This is confirmed already.", code="already_ticked")
    if criterion.needs_note and not evidence and is_junk(note, junk_words()):
        sentence = "Say in a note how you know it, or attach what shows it."
        fault = Missing(f"{CRITERION}{key}", criterion.label, sentence)
        raise Refused(sentence, code="note_missing", missing=[fault])
    file = kept_evidence(deal, evidence, by=by, at=at)
    CriterionTick.objects.create(
        deal=deal,
        stage_id=rule.stage_id,
        criterion_key=key,
        note=note.strip(),
        evidence=file,
        ticked_at=at,
        ticked_by=by.user,
    )
    after: dict[str, Any] = {"criterion": key, "stage": rule.key}
    if file:
        after["evidence"] = file.pk
    record("deal.criterion_ticked", deal, by=by, at=at, after=after, why=note.strip())


def kept_evidence(deal: Deal, given: Any, *, by: Actor, at: datetime) -> Attachment | None:
    """The file that shows a criterion: one that is attached to the deal, or a new one."""
    if not given:
        return None
    if isinstance(given, File):
        return keep_file(file=given, about=deal, kind="evidence", by=by, at=at)
    number = number_in(getattr(given, "pk", given))
    found = Attachment.objects.about(deal).filter(pk=number or 0).first()
    if found is None:
        raise Refused("This is no file that is attached to the deal.", code="unknown_file")
    return found


def criterion_meant(process: Process, deal: Deal, key: str) -> tuple[Rule, Criterion]:
    """The criterion and its stage: the present one, one that is owed, or a later one.

    Where the present stage and an owed one both ask it, what is not yet confirmed is meant.
    """
    present = process.rule_of(deal.stage_id)
    debts = [debt for debt in unpaid_debts(deal) if debt.is_criterion and debt.item_key == key]
    now = [*criteria_called(key, present), *(owed_criterion(process, debt) for debt in debts)]
    for rule, criterion in now:
        if len(now) == 1 or not standing_tick(deal, rule, key):
            return rule, criterion
    later = (*process.after(present.key), *process.open_rules)
    for found in (*now, *criteria_called(key, *later)):
        return found
    raise Refused(f"No stage asks to confirm “{key}”.", code="unknown_criterion")


def criteria_called(key: str, *rules: Rule) -> list[tuple[Rule, Criterion]]:
    return [(rule, each) for rule in rules for each in rule.criteria if each.key == key]


def owed_criterion(process: Process, debt: GateDebt) -> tuple[Rule, Criterion]:
    """What a debt asks to confirm; its stage may be one that the rules in force have no more."""
    rule = process.by_stage.get(debt.stage_id)
    for found in criteria_called(debt.item_key, rule) if rule else ():
        return found
    gone = Rule(debt.stage_id, debt.stage.key, debt.stage.name, position=0)
    return gone, Criterion(debt.item_key, debt.label)


def set_first_close_date(deal: Deal, value: Any, *, by: Actor, at: datetime) -> None:
    """Give a deal its first close date. One that is there is pushed or pulled in instead."""
    day = read_day(value)
    if deal.close_date == day:
        return
    if deal.close_date is not None:
        raise Refused(
            "The deal has a close date. Move it with its own reason.", code="has_close_date"
        )
    if deal.is_open:
        check_expected(day, at=at)
    write_facts(
        deal,
        {"close_date": day, "close_date_waived": False},
        by=by,
        at=at,
        verb="deal.close_date_set",
    )


def check_expected(day: date, *, at: datetime) -> None:
    """Raise Refused for an expected close date that has gone by, or that nobody lives to see."""
    today, sentence = Company.get().local_day(at), ""
    if day < today:
        sentence = "An expected close date does not lie in the past."
    elif is_too_far(day, today):
        sentence = f"An expected close date lies {FURTHEST_YEARS} years ahead at most."
    if sentence:
        fault = Missing("close_date", "Close date", sentence)
        raise Refused(sentence, code="invalid", missing=[fault])


def is_too_far(day: date, today: date) -> bool:
    return day.year > today.year + FURTHEST_YEARS


def read_day(value: Any) -> date:
    """Return the day that was typed; Refused when it is none."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        sentence = f"“{value}” is no day such as 2026-11-30."
        fault = Missing("close_date", "Close date", sentence)
        raise Refused(sentence, code="invalid", missing=[fault]) from None
