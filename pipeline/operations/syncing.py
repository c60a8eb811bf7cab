"""What another system says of a deal that is known here, in one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from pipeline.models import Deal, Pipeline
from pipeline.operations.bulk import move_to
from pipeline.operations.close_dates import pull_in, push
from pipeline.operations.deals import change, give_to
from pipeline.operations.evidence import Evidence
from pipeline.operations.shared import check_open, lock_deal
from pipeline.operations.transfers import place_in, transfer
from pipeline.permissions import check_can_change, check_can_reassign
from pipeline.stages import process_of
from revops.imports.writing import without_ours
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Missing, Refused


@dataclass(frozen=True)
class Placing:
    """Where another system has a deal, and why; what is None it does not say."""

    pipeline: Pipeline | None = None
    stage: str | None = None
    owner: User | None = None
    close_date: date | None = None
    reason: str = ""
    push_reason: str = ""
    push_note: str = ""
    evidence: Evidence | None = None


@transaction.atomic(durable=True)
def sync_deal(
    *,
    deal: Deal,
    changes: Mapping[str, Any],
    placing: Placing | None = None,
    source: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Make a known deal say what another system says of it: everything, or nothing.

    Facts, close date, stage and owner change by the rules of their own verbs: a later date asks
    its reason code, a stage its gate. What is filled in here stays where the company says that
    ours wins over `source`. Raises Refused with what is wanting.
    """
    deal = lock_deal(deal, version=version)
    check_can_change(deal, by=by)
    changes = without_ours(deal, source, "deal", changes)
    placed = without_ours(deal, source, "deal", vars(placing or Placing()))
    placing = Placing(**placed)
    change(deal, changes, by=by, at=at)
    deal = sync_close_date(deal, placing, by=by, at=at)
    deal = sync_stage(deal, placing, by=by, at=at)
    if placing.owner is not None and placing.owner.pk != deal.owner_id:
        check_can_reassign(deal, by=by)
        give_to(deal, placing.owner, reason=placing.reason, by=by, at=at)
    return deal


def sync_close_date(deal: Deal, placing: Placing, *, by: Actor, at: datetime) -> Deal:
    day = placing.close_date
    if day is None or day == deal.close_date:
        return deal
    if deal.close_date is None or day < deal.close_date:
        return pull_in(deal, day, by=by, at=at)
    try:
        return push(deal, day, placing.push_reason, placing.push_note, by=by, at=at)
    except Refused as refused:
        raise in_words_of_a_sync(refused) from None


NAMES = {"reason_key": "push_reason", "note": "push_note"}


def in_words_of_a_sync(refused: Refused) -> Refused:
    """The same refusal, with what is missing called as a sync calls it."""
    missing = [
        Missing(NAMES.get(each.key, each.key), each.label, each.sentence, each.stage)
        for each in refused.missing
    ]
    return type(refused)(refused.message, code=refused.code, missing=missing, **refused.facts)


def sync_stage(deal: Deal, placing: Placing, *, by: Actor, at: datetime) -> Deal:
    """Take the deal to the pipeline and stage that are said, where they are others."""
    pipeline = placing.pipeline or deal.pipeline
    stage = None
    if placing.stage is not None:
        number = process_of(pipeline).rule(placing.stage).stage_id
        stage = pipeline.stages.get(pk=number)
    if pipeline.pk != deal.pipeline_id:
        check_open(deal)
        if not placing.reason.strip():
            fault = Missing("reason", "Reason", "Give a reason for moving it to another pipeline.")
            raise Refused(fault.sentence, code="reason_missing", missing=[fault])
        process, rule = place_in(deal, pipeline, stage, by=by)
        transfer(deal, process, rule, placing.reason.strip(), by=by, at=at)
    elif stage is not None and stage.pk != deal.stage_id:
        deal, _ = move_to(deal, stage, placing.reason, placing.evidence, by=by, at=at)
    return deal
