"""Who may finish what a person was asked to do."""

from __future__ import annotations

from revops.people.actor import Actor, Via
from revops.people.models import ReportingLink, Role, User
from revops.refusals import NotAllowed
from revops.work.models import Task
from revops.work.registry import may_see

BY_ITSELF = frozenset({Via.SYSTEM, Via.COMMAND, Via.IMPORT})


def check_can_close(task: Task, *, by: Actor) -> None:
    """Raise NotAllowed unless `by` may finish this task.

    Whom it was asked of, those above them in the reporting line, and RevOps.
    """
    user = by.user
    if user is None and by.via in BY_ITSELF:
        return
    if user is None or not user.is_active:
        raise NotAllowed("Sign in first.")
    if task.assignee_id == user.pk or user.has_role(Role.REVOPS_ADMIN):
        return
    above = ReportingLink.objects.filter(ancestor=user, descendant=task.assignee_id, depth__gt=0)
    if not above.exists():
        raise NotAllowed(
            f"Only {task.assignee.name}, the people above them and RevOps may finish this."
        )


def can_close(task: Task, user: User) -> bool:
    """Whether `user` may finish this task."""
    try:
        check_can_close(task, by=Actor.of(user))
    except NotAllowed:
        return False
    return True


def may_see_task(task: Task, user: User) -> bool:
    """Whether `user` may read this task: who may finish it, who sees its subject, auditors."""
    reads = can_close(task, user) or user.has_role(Role.AUDITOR)
    return reads or may_see(user, task.about_type, task.about_id)
