"""Tasks and attachments: opened, closed, kept, removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePath
from uuid import uuid4

from django.core.files import File
from django.db import models, transaction
from django.db.models import F

from revops.ledger.operations import Draft, record, record_many
from revops.models import check_version, subject_of
from revops.people.actor import Actor
from revops.people.models import User
from revops.refusals import Conflict, Missing, NotAllowed, Refused
from revops.work.models import Attachment, Task
from revops.work.permissions import check_can_close
from revops.work.registry import files_changed

TITLE_LENGTH = 200
MOST_BYTES = 25 * 1024 * 1024
KINDS_OF_FILE = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".eml": "message/rfc822",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}


@transaction.atomic(durable=True)
def open_task(
    *,
    kind: str,
    about: models.Model,
    title: str,
    assignee: User,
    by: Actor,
    at: datetime,
    due_at: datetime | None = None,
    dedupe_key: str = "",
) -> Task:
    """Ask a person to do something about a record."""
    return add_task(
        kind=kind,
        about=about,
        title=title,
        assignee=assignee,
        by=by,
        at=at,
        due_at=due_at,
        dedupe_key=dedupe_key,
    )


def add_task(
    *,
    kind: str,
    about: models.Model,
    title: str,
    assignee: User,
    by: Actor,
    at: datetime,
    due_at: datetime | None = None,
    dedupe_key: str = "",
) -> Task:
    """Open a task within the caller's transaction; the open one of the same key, if there is."""
    if not assignee.is_active:
        raise Refused(f"{assignee.name} has left and cannot be given a task.")
    if not title.strip():
        raise Refused("A task needs a title.")
    if dedupe_key:
        same = Task.objects.open().about(about).filter(kind=kind, dedupe_key=dedupe_key).first()
        if same:
            return same
    about_type, about_id = subject_of(about)
    task = Task.objects.create(
        kind=kind,
        about_type=about_type,
        about_id=about_id,
        title=title.strip(),
        assignee=assignee,
        due_at=due_at,
        dedupe_key=dedupe_key,
        opened_at=at,
        opened_by=by.user,
    )
    after = {"kind": kind, "title": task.title, "assignee": assignee, "due_at": due_at}
    record("task.opened", task, by=by, at=at, after=after, related=[about])
    return task


@dataclass(frozen=True)
class TaskDraft:
    """A task to be opened, as `add_tasks` takes it."""

    about: models.Model
    title: str
    assignee: User
    due_at: datetime | None = None


def add_tasks(
    drafts: Sequence[TaskDraft], *, kind: str, dedupe_key: str, by: Actor, at: datetime
) -> list[Task]:
    """Open many tasks of one kind with few statements, within the caller's transaction.

    The caller has looked that none of the same key is open, and that nobody asked has left.
    """
    tasks = [
        Task(
            kind=kind,
            about_type=subject_of(draft.about)[0],
            about_id=draft.about.pk,
            title=draft.title[:TITLE_LENGTH],
            assignee=draft.assignee,
            due_at=draft.due_at,
            dedupe_key=dedupe_key,
            opened_at=at,
            opened_by=by.user,
        )
        for draft in drafts
    ]
    tasks = Task.objects.bulk_create(tasks)
    entries = [
        Draft(
            "task.opened",
            task,
            after={
                "kind": kind,
                "title": task.title,
                "assignee": task.assignee,
                "due_at": task.due_at,
            },
            related=[draft.about],
        )
        for task, draft in zip(tasks, drafts, strict=True)
    ]
    record_many(entries, by=by, at=at)
    return tasks


def cancel_tasks(tasks: Sequence[Task], *, result: str, by: Actor, at: datetime) -> None:
    """End open tasks that are no longer needed, within the caller's transaction."""
    open_ = Task.objects.open().filter(pk__in=[task.pk for task in tasks])
    ended = list(open_.select_for_update().order_by("pk"))
    open_.update(
        state=Task.State.CANCELLED,
        result=result,
        closed_at=at,
        closed_by=by.user,
        version=F("version") + 1,
    )
    entries = [
        Draft(
            "task.cancelled",
            task,
            after={"result": result},
            related=[(task.about_type, task.about_id)],
        )
        for task in ended
    ]
    record_many(entries, by=by, at=at)


@transaction.atomic(durable=True)
def close_task(
    *,
    task: Task,
    result: str = "",
    cancelled: bool = False,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Task:
    """Close a task as done, with what came of it, or as no longer needed.

    Raises NotAllowed for whom it does not concern, Conflict when it is closed already,
    and Refused when a person says nothing about what came of it.
    """
    check_can_close(task, by=by)
    if task.state == Task.State.OPEN and by.user and not result.strip():
        sentence = "Say what came of it, in a sentence."
        raise Refused(sentence, code="invalid", missing=[Missing("result", "Result", sentence)])
    return end_task(task, result=result, cancelled=cancelled, by=by, at=at, version=version)


def end_task(
    task: Task,
    *,
    result: str = "",
    cancelled: bool = False,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Task:
    """Close a task within the caller's transaction."""
    task = Task.objects.select_for_update().get(pk=task.pk)
    check_version(task, version)
    if task.state != Task.State.OPEN:
        raise Conflict("This task is closed already.")
    task.state = Task.State.CANCELLED if cancelled else Task.State.DONE
    task.result, task.closed_at, task.closed_by = result.strip(), at, by.user
    task.save_version(update_fields=["state", "result", "closed_at", "closed_by"])
    record(
        "task.cancelled" if cancelled else "task.done",
        task,
        by=by,
        at=at,
        after={"result": task.result},
        related=[(task.about_type, task.about_id)],
    )
    return task


@transaction.atomic(durable=True)
def attach_file(
    *, file: File, about: models.Model, by: Actor, at: datetime, kind: str = "", name: str = ""
) -> Attachment:
    """Keep a file with a record. The caller has asked whether `by` may change the record."""
    attachment = keep_file(file=file, about=about, by=by, at=at, kind=kind, name=name)
    files_changed(attachment.about_type, attachment.about_id, by=by, at=at)
    return attachment


def keep_file(
    *, file: File, about: models.Model, by: Actor, at: datetime, kind: str = "", name: str = ""
) -> Attachment:
    """Keep a file within the caller's transaction."""
    name = clean_file_name(name or file.name or "")
    suffix = PurePath(name).suffix.lower()
    if suffix not in KINDS_OF_FILE:
        raise Refused(
            f"{name} is not kept. Attach one of {', '.join(sorted(KINDS_OF_FILE))}.",
            code="file_kind",
        )
    if file.size > MOST_BYTES:
        raise Refused(
            f"{name} is larger than {MOST_BYTES // 1024 // 1024} MB.", code="file_too_large"
        )
    if not file.size:
        raise Refused(f"{name} is empty.", code="file_empty")
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    about_type, about_id = subject_of(about)
    attachment = Attachment(
        name=name,
        sha256=digest.hexdigest(),
        size=file.size,
        content_type=KINDS_OF_FILE[suffix],
        kind=kind,
        about_type=about_type,
        about_id=about_id,
        uploaded_at=at,
        uploaded_by=by.user,
    )
    file.seek(0)
    # The stored name says nothing and cannot collide; what the person called it is a column.
    attachment.file.save(f"{uuid4().hex}{suffix}", file, save=False)
    attachment.save()
    after = {"sha256": attachment.sha256, "size": attachment.size, "kind": kind}
    record(
        "attachment.added",
        attachment,
        by=by,
        at=at,
        after=after,
        personal={"name": name},
        related=[about],
    )
    return attachment


def clean_file_name(name: str) -> str:
    """Return the last part of a name, without what could mislead a reader or a header."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable())[-200:].strip() or "file"


@transaction.atomic(durable=True)
def remove_attachment(*, attachment: Attachment, by: Actor, at: datetime) -> Attachment:
    """Show a file no longer; only who attached it, or an administrator, may."""
    attachment = drop_file(attachment, by=by, at=at)
    files_changed(attachment.about_type, attachment.about_id, by=by, at=at)
    return attachment


def drop_file(attachment: Attachment, *, by: Actor, at: datetime) -> Attachment:
    """Show a file no longer, within the caller's transaction."""
    attachment = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if attachment.removed_at:
        raise Conflict("This file was removed already.")
    if by.user and by.user.pk != attachment.uploaded_by_id and not by.user.is_staff:
        raise NotAllowed("Only who attached a file can remove it.")
    attachment.removed_at, attachment.removed_by = at, by.user
    attachment.save(update_fields=["removed_at", "removed_by"])
    record(
        "attachment.removed",
        attachment,
        by=by,
        at=at,
        related=[(attachment.about_type, attachment.about_id)],
    )
    return attachment
