"""The facts of a deal that findings ask of all deals at once, kept by every change.

`refresh` keeps them for one locked deal, at the end of an operation that may change what they
say. `recount` counts many anew, in batches: after a publication, a changed list of junk words,
an import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Min, QuerySet

from pipeline import registry
from pipeline.findings.batches import debts_due, facts_of_many, visits_of_many
from pipeline.gates import asks_of, load_facts, still_unmet
from pipeline.models import Deal, DealContact, GateDebt, Move, Pipeline, StageVisit
from pipeline.registry import DealFacts
from pipeline.stages import Process, process_by_id
from revops.manyrows import write_columns

AT_ONCE = 500
BEGINNING = datetime.min.replace(tzinfo=UTC)
OF_OTHERS = ("approval_ends_at", "approval_voided")
"""Kept here, and known by the app that approves."""
KEPT = ("missing_count", "decision_maker_known", "debt_due_on", "skipped_at", *OF_OTHERS)


@dataclass(frozen=True)
class Kept:
    """What the columns of one deal ought to say."""

    missing_count: int
    decision_maker_known: bool
    debt_due_on: date | None
    skipped_at: datetime | None
    approval_ends_at: datetime | None = None
    approval_voided: bool = False


def refresh(
    deal: Deal,
    at: datetime,
    *,
    facts: DealFacts | None = None,
    debts: Sequence[GateDebt] | None = None,
    moved: bool = False,
) -> None:
    """Let the kept facts of a locked deal say what its rows say now.

    `facts` and unpaid `debts` are those of this transaction, where the caller has read them since
    its last change; `moved` says that the deal is in another stage. Nothing is saved where nothing
    changed, and the deal's version stays: nobody typed these.
    """
    process = process_by_id(deal.pipeline_id)
    facts = facts or load_facts(deal, at)
    if debts is None:
        due = deal.debts.filter(paid_at=None).aggregate(due=Min("due_on"))["due"]
    else:
        due = min((debt.due_on for debt in debts if debt.due_on), default=None)
    jumped = deal.skipped_at
    if moved:
        jumped = jumped_at(process, deal, deal.visits.select_related("stage").order_by("pk"))
    others = registry.kept_of_many([deal.pk])[deal.pk]
    changed = differing(deal, kept_of(process, deal, facts, due, jumped, others))
    if changed:
        for name, value in changed.items():
            setattr(deal, name, value)
        Deal.objects.filter(pk=deal.pk).update(**changed)


def kept_of(
    process: Process,
    deal: Deal,
    facts: DealFacts,
    due: date | None,
    jumped: datetime | None,
    others: Mapping[str, Any],
) -> Kept:
    return Kept(
        missing_count=count_missing(process, deal, facts),
        decision_maker_known=DealContact.Role.DECISION_MAKER in facts.contact_roles,
        debt_due_on=due,
        skipped_at=jumped,
        **others,
    )


def refresh_approval(deal_id: int) -> None:
    """Let a deal say how its approval stands now; for the app that approves."""
    deal = Deal.objects.only(*OF_OTHERS).get(pk=deal_id)
    ought = {"approval_ends_at": None, "approval_voided": False}
    ought |= registry.kept_of_many([deal_id])[deal_id]
    changed = {name: value for name, value in ought.items() if getattr(deal, name) != value}
    if changed:
        Deal.objects.filter(pk=deal_id).update(**changed)


def differing(deal: Deal, kept: Kept) -> dict[str, Any]:
    """The kept columns that say something else, with what they ought to say."""
    ought = {name: getattr(kept, name) for name in KEPT}
    return {name: value for name, value in ought.items() if getattr(deal, name) != value}


def count_missing(process: Process, deal: Deal, facts: DealFacts) -> int:
    """How much the present stage asks that the deal lacks; a closed deal lacks nothing."""
    rule = process.by_stage.get(deal.stage_id)
    if rule is None or not rule.is_open:
        return 0
    return len(still_unmet(deal, asks_of(rule), facts))


def jumped_at(process: Process, deal: Deal, visits: Iterable[StageVisit]) -> datetime | None:
    """When the deal last jumped over stages before its present one that it was not in since."""
    jumped: dict[str, datetime | None] = {}
    # What an import tells of the past is written after what happened here.
    for visit in sorted(visits, key=lambda visit: (visit.entered_at or BEGINNING, visit.pk)):
        if visit.move == Move.TRANSFER:
            jumped.clear()
        jumped.update(dict.fromkeys(visit.skipped, visit.entered_at))
        jumped.pop(visit.stage.key, None)
    moments = (jumped[key] for key in jumped if lies_behind(process, deal, key))
    return max(filter(None, moments), default=None)


def lies_behind(process: Process, deal: Deal, key: str) -> bool:
    present, skipped = process.by_stage.get(deal.stage_id), process.by_key.get(key)
    return present is not None and skipped is not None and skipped.position < present.position


# Many at once


def recount(pipeline: Pipeline, at: datetime) -> int:
    """Count the open deals of a pipeline anew, within the caller's transaction."""
    return recount_deals(Deal.objects.open().filter(pipeline=pipeline), at)


def recount_deals(deals: QuerySet[Deal], at: datetime) -> int:
    """Count these deals anew; return how many said something else."""
    found = 0
    for batch in batches(deals):
        wrong = [(deal, changed) for deal, changed in judged(batch, at) if changed]
        for deal, changed in wrong:
            for name, value in changed.items():
                setattr(deal, name, value)
        rows = ((deal.pk, *(getattr(deal, name) for name in KEPT)) for deal, _ in wrong)
        write_columns(Deal, KEPT, rows)
        found += len(wrong)
    return found


def recount_numbered(pks: Sequence[int], at: datetime) -> int:
    """Count the open deals among those with these numbers anew."""
    return sum(
        recount_deals(Deal.objects.open().filter(pk__in=pks[start : start + AT_ONCE]), at)
        for start in range(0, len(pks), AT_ONCE)
    )


def batches(deals: QuerySet[Deal]) -> Iterator[list[Deal]]:
    """The deals in the order of their numbers, so many at a time."""
    after = 0
    rows = deals.order_by("pk").select_related("account")
    while batch := list(rows.filter(pk__gt=after)[:AT_ONCE]):
        yield batch
        after = batch[-1].pk


def judged(deals: Sequence[Deal], at: datetime) -> Iterator[tuple[Deal, dict[str, Any]]]:
    """Each deal with those of its kept columns that ought to say something else."""
    pks = [deal.pk for deal in deals]
    facts, due, visits = facts_of_many(deals, at), debts_due(pks), visits_of_many(pks)
    others = registry.kept_of_many(pks)
    processes = {number: process_by_id(number) for number in {deal.pipeline_id for deal in deals}}
    for deal in deals:
        process = processes[deal.pipeline_id]
        jumped = jumped_at(process, deal, visits.get(deal.pk, ()))
        told = others[deal.pk]
        kept = kept_of(process, deal, facts[deal.pk], due.get(deal.pk), jumped, told)
        yield deal, differing(deal, kept)
