"""What entering a stage sets in motion: the tasks that come with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from pipeline.models import Move, Stage, StageAction
from pipeline.registry import PlannedMove
from pipeline.stages import process_by_id
from revops.company.permissions import check_can_administer
from revops.ledger.operations import record
from revops.models import check_version, subject_of
from revops.people.actor import Actor
from revops.refusals import Conflict, Missing, Refused
from revops.work.models import Task
from revops.work.operations import add_task
from revops.worktime.arithmetic import add_business_time
from revops.worktime.calendars import calendar_of

STAGE_TASK = "stage_action"
ONWARD = frozenset({Move.ADVANCE, Move.SKIP, Move.TRANSFER})
"""The moves that begin a stage's work; going back or reopening finds it done already."""


@transaction.atomic(durable=True)
def add_stage_action(
    *, stage: Stage, title: str, due_hours: int, by: Actor, at: datetime
) -> StageAction:
    """Let deals that enter `stage` from now on bring their owner a task."""
    check_can_administer(by)
    title = read_title(stage, title)
    action = StageAction.objects.create(stage=stage, title=title, due_hours=read_hours(due_hours))
    after = {"stage": stage.key, "title": title, "due_hours": action.due_hours}
    record("stage_action.added", action, by=by, at=at, after=after)
    return action


@transaction.atomic(durable=True)
def retire_stage_action(
    *, action: StageAction, version: int | None = None, by: Actor, at: datetime
) -> StageAction:
    """Ask this of no more deals; tasks that were given stay."""
    check_can_administer(by)
    action = StageAction.objects.select_for_update().get(pk=action.pk)
    check_version(action, version)
    if action.retired_at:
        raise Conflict("This task comes with the stage no more already.")
    action.retired_at = at
    action.save_version(update_fields=["retired_at"])
    record("stage_action.retired", action, by=by, at=at)
    return action


def read_title(stage: Stage, title: str) -> str:
    """Return the title as it is kept; raises Refused where there is none, or it is there twice."""
    title = " ".join(title.split())
    longest = StageAction._meta.get_field("title").max_length or 0
    if not title or len(title) > longest:
        sentence = f"Say what is to be done, in at most {longest} letters."
        raise Refused(sentence, code="invalid", missing=[Missing("title", "Task", sentence)])
    if stage.actions.filter(title__iexact=title, retired_at=None).exists():
        raise Refused(f"{stage.name} brings this task already.", code="invalid", field="title")
    return title


def read_hours(hours: int) -> int:
    if not 0 < hours <= 1000:
        sentence = "A task is due after 1 to 1,000 working hours."
        raise Refused(sentence, code="invalid", missing=[Missing("due_hours", "Due", sentence)])
    return hours


def begin_stage_work(move: PlannedMove, *, by: Actor, at: datetime) -> None:
    """Give the owner the tasks of the stage just entered: an effect of the move.

    A deal is asked for each once, however often it comes through the stage.
    """
    if move.kind not in ONWARD:
        return
    actions = list(standing_actions(move))
    if not actions or not move.deal.owner.is_active:
        return
    given = set(tasks_given(move).values_list("dedupe_key", flat=True))
    calendar = calendar_of(move.deal.owner)
    for action in actions:
        if str(action.pk) in given:
            continue
        add_task(
            kind=STAGE_TASK,
            about=move.deal,
            title=f"{action.title}: {move.deal.name}"[:200],
            assignee=move.deal.owner,
            due_at=add_business_time(calendar, at, timedelta(hours=action.due_hours)),
            dedupe_key=str(action.pk),
            by=by,
            at=at,
        )


def standing_actions(move: PlannedMove) -> QuerySet[StageAction]:
    stage = process_by_id(move.deal.pipeline_id).rule(move.to_stage).stage_id
    return StageAction.objects.filter(stage=stage, retired_at=None).order_by("pk")


def tasks_given(move: PlannedMove) -> QuerySet[Task]:
    kind, number = subject_of(move.deal)
    return Task.objects.filter(kind=STAGE_TASK, about_type=kind, about_id=number)
