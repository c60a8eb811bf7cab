"""Importing which stages deals went through before they came here."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from pipeline.models import Deal, StageVisit
from pipeline.operations.stagehistory import after_history, steps_of, write_history
from revops.imports.drafts import Drafts, Outcome, Progress, Record
from revops.imports.fieldtypes import Day, FieldType, Formats, Reference, Text
from revops.imports.kinds import Entity, Field, Kind
from revops.imports.problems import BadValue
from revops.imports.writing import Found, Plan, finder, resolve, settle
from revops.people.actor import Actor
from revops.refusals import Refused

DEAL = Reference("deal", ("external_id",))
find_deal = finder(Deal.objects.all())


class Moment(FieldType):
    """A moment as 2026-03-01T14:05 with or without a zone, or a day of the file's own form."""

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> Any:
        try:
            return Day().read(text, formats)
        except BadValue as problem:
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                raise problem from None


def history_kind() -> Kind:
    fields = (
        Field("deal", DEAL, required=True),
        Field("stage", Text(50), required=True),
        Field("entered_at", Moment(), required=True),
    )
    return Kind("stage-history", "visit", (Entity("visit", fields),), import_stage_history)


@transaction.atomic(durable=True)
def import_stage_history(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Add the stages that deals went through before they came; all of a deal's rows or none.

    Raises BadRows when rows contradict what is known here and are not to be skipped.
    """
    resolve(drafts, "visit", "deal", find_deal)
    rows = rows_by_deal(drafts)
    deals = {deal.pk: deal for deal in locked(sorted(rows))}
    plans: list[Plan[StageVisit]] = []
    changed = []
    # Each history is judged by writing it; what a bad file wrote is rolled back as a whole.
    with transaction.atomic():
        for number, (pk, records) in enumerate(sorted(rows.items()), start=1):
            written = write_one(drafts, deals[pk], records, by=by, at=at)
            if written is None:
                continue
            plans += written
            if any(each.is_new for each in written):
                changed.append(deals[pk])
            if progress and number % 100 == 0:
                progress("writing", number, len(rows))
        outcome = settle(drafts, {"visit": plans}, dry_run=dry_run, skip_bad=skip_bad)
        if dry_run:
            transaction.set_rollback(True)
        else:
            after_history(changed, by=by, at=at)
            outcome.written = True
    return outcome


def rows_by_deal(drafts: Drafts) -> dict[int, list[Record]]:
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for record in drafts.standing("visit"):
        deal = record.values.get("deal")
        if isinstance(deal, Found):
            found[deal.number].append(record)
    return found


def locked(pks: list[int]) -> list[Deal]:
    """The deals, held in one order by everybody."""
    deals: list[Deal] = []
    for start in range(0, len(pks), 500):
        batch = Deal.objects.select_for_update(no_key=True).filter(pk__in=pks[start : start + 500])
        deals += batch.order_by("pk")
    return deals


def write_one(
    drafts: Drafts, deal: Deal, records: list[Record], *, by: Actor, at: datetime
) -> list[Plan[StageVisit]] | None:
    """Add one deal's history; where it is refused, all its rows are bad."""
    steps = steps_of((each.values["stage"], each.values["entered_at"]) for each in records)
    try:
        new = write_history(deal, steps, by=by, at=at)
    except Refused as refused:
        for record in records:
            drafts.reject_record(record, refused.message.rstrip("."))
        return None
    moments = {(visit.stage.key, visit.entered_at) for visit in new}
    plans = []
    for record in records:
        [step] = steps_of([(record.values["stage"], record.values["entered_at"])])
        is_new = (step.stage, step.entered_at) in moments
        plans.append(Plan(record, None if is_new else StageVisit(deal=deal), {}))
    return plans
