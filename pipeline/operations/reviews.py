"""The forecast review that a second push asks for: what the manager makes of the deal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import models, transaction

from pipeline.junk import is_junk
from pipeline.models import Deal, StageRule
from pipeline.operations.close_dates import FORECAST_REVIEW, pull_in, push
from pipeline.operations.closing import lose
from pipeline.operations.evidence import Evidence, read_day
from pipeline.operations.shared import check_open, lock_deal, tell, write_facts
from pipeline.permissions import check_can_review
from pipeline.stages import process_by_id
from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.refusals import Missing, Refused
from revops.work.models import Task
from revops.work.operations import add_task, end_task

Category = StageRule.ForecastCategory
WEAKER = {
    Category.COMMIT: Category.BEST_CASE,
    Category.BEST_CASE: Category.PIPELINE,
    Category.PIPELINE: Category.OMITTED,
}
"""Where a downgrade leads to; what is omitted cannot be forecast lower."""


class Outcome(models.TextChoices):
    """What a review comes to."""

    KEEP = "keep", "Keep it as it is"
    DOWNGRADE = "downgrade", "Forecast it lower"
    NEW_DATE = "new_date", "Give it another close date"
    CLOSE = "close", "Close it as lost"


@dataclass(frozen=True)
class Asked:
    """What an outcome needs beside the note."""

    close_date: date | str | None = None
    reason_key: str = ""
    evidence: Evidence = field(default_factory=dict)
    """For a loss: its reason, and the competitor."""


@transaction.atomic(durable=True)
def review_forecast(
    *,
    deal: Deal,
    outcome: str,
    note: str,
    asked: Asked | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Deal:
    """Say what becomes of a deal that was pushed again; the task is done and the owner is told.

    Managers above the owner and RevOps may. Raises Refused without a note, and whatever moving
    the date or losing the deal refuses.
    """
    deal = lock_deal(deal, version=version)
    check_can_review(deal, by=by)
    check_open(deal)
    chosen = read_outcome(outcome, note)
    carry_out(deal, chosen, note, asked or Asked(), by=by, at=at)
    deal.reviewed_pushes = deal.push_count
    Deal.objects.filter(pk=deal.pk).update(reviewed_pushes=deal.reviewed_pushes)
    after = {"outcome": chosen.value, "pushes": deal.push_count}
    entry = record("deal.forecast_reviewed", deal, by=by, at=at, after=after, why=note.strip())
    end_reviews(deal, f"{chosen.label}. {note.strip()}", by=by, at=at)
    tell(
        [deal.owner],
        "deal.forecast_reviewed",
        deal,
        key=entry.pk,
        by=by,
        at=at,
        outcome=chosen.label.lower(),
        note=note.strip(),
    )
    return deal


def read_outcome(outcome: str, note: str) -> Outcome:
    """The outcome that was chosen; Refused, naming every fault, without it or without a note."""
    faults = []
    if outcome not in Outcome.values:
        faults.append(Missing("outcome", "Outcome", "Choose what becomes of the deal."))
    if is_junk(note):
        faults.append(Missing("note", "Note", "Say in a sentence why."))
    if faults:
        text = " ".join(fault.sentence for fault in faults)
        raise Refused(text, code="invalid", missing=faults)
    return Outcome(outcome)


def carry_out(
    deal: Deal, outcome: Outcome, note: str, asked: Asked, *, by: Actor, at: datetime
) -> None:
    if outcome == Outcome.DOWNGRADE:
        downgrade(deal, note, by=by, at=at)
    elif outcome == Outcome.NEW_DATE:
        move_date(deal, note, asked, by=by, at=at)
    elif outcome == Outcome.CLOSE:
        lose(deal, asked.evidence, note, by=by, at=at)


def downgrade(deal: Deal, note: str, *, by: Actor, at: datetime) -> None:
    present = category_of(deal)
    weaker = WEAKER.get(present)
    if weaker is None:
        raise Refused("This deal is left out of the forecast already.", code="lowest_category")
    changed = {"forecast_category": weaker.value}
    write_facts(deal, changed, by=by, at=at, verb="deal.changed", why=note.strip())


def category_of(deal: Deal) -> Category:
    """How the deal is forecast: its own category, or that of its stage."""
    rule = process_by_id(deal.pipeline_id).rule_of(deal.stage_id)
    return Category(deal.forecast_category or rule.forecast_category)


def move_date(deal: Deal, note: str, asked: Asked, *, by: Actor, at: datetime) -> None:
    if not asked.close_date:
        sentence = "Set the new close date."
        raise Refused(
            sentence, code="invalid", missing=[Missing("close_date", "Close date", sentence)]
        )
    day = read_day(asked.close_date)
    if deal.close_date is not None and day > deal.close_date:
        push(deal, day, asked.reason_key, note, by=by, at=at, asks_review=False)
    else:
        pull_in(deal, day, by=by, at=at)


def end_reviews(deal: Deal, result: str, *, by: Actor, at: datetime) -> None:
    """Finish the open review with what came of it; one that nobody had asked is kept as well."""
    tasks = list(Task.objects.open().about(deal).filter(kind=FORECAST_REVIEW).order_by("pk"))
    if not tasks and by.user is not None:
        title = f"Review the forecast of {deal.name}"
        tasks = [
            add_task(kind=FORECAST_REVIEW, about=deal, title=title, assignee=by.user, by=by, at=at)
        ]
    for task in tasks:
        end_task(task, result=result, by=by, at=at)
