"""What a person who goes leaves to do, and giving it to a successor."""

from __future__ import annotations

from datetime import datetime

from revops.ledger.operations import record
from revops.people.actor import Actor
from revops.people.models import User
from revops.work.models import Task


def describe(user: User) -> list[str]:
    number = Task.objects.open().filter(assignee=user).count()
    return [f"{number} open task{'' if number == 1 else 's'}."] if number else []


def hand_over(user: User, successor: User, by: Actor, at: datetime) -> None:
    """Ask the successor for every open task of `user`, within the caller's transaction."""
    tasks = Task.objects.open().filter(assignee=user).select_for_update(no_key=True)
    for task in tasks.order_by("pk"):
        task.assignee = successor
        task.save_version(update_fields=["assignee"])
        record(
            "task.reassigned",
            task,
            by=by,
            at=at,
            before={"assignee": user},
            after={"assignee": successor},
            related=[(task.about_type, task.about_id)],
        )
