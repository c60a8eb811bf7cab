"""Another system's export on which a policy is tried: uploaded, mapped, judged, kept or dropped.

Only the figures of a page are ever stored. The rows stand in the uploaded file, which goes when
it is dropped, when the result is kept, and by itself after a day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.db import transaction

from dealdesk.models import ReplayFile
from dealdesk.permissions import check_can_govern
from dealdesk.policy import Policy, policy_digest, policy_from_json, policy_json
from dealdesk.replayexport import ExportReplay
from dealdesk.replayfile import check_says_enough, file_kind
from revops.company.models import Company
from revops.imports.mapping import parse_mapping
from revops.imports.operations import clean_name
from revops.imports.profile import MOST_BYTES, check_is_text, look_at
from revops.ledger.operations import record
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused

State = ReplayFile.State
FILE_KEPT_FOR = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(hours=1)
DIED = "The worker did not come back. Try it again."


@transaction.atomic(durable=True)
def upload_replay_file(
    *, policy: Policy, policy_name: str, file: File[bytes], by: Actor, at: datetime
) -> ReplayFile:
    """Take a file for a day, with what its first rows look like. Nothing of it is imported.

    Raises Refused for what is no CSV file, or too large.
    """
    check_can_govern(by=by)
    if (file.size or 0) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise Refused(f"The file is larger than {most} MB. Cut it in two.", code="file_too_large")
    data = file.read()
    check_is_text(data)
    upload = ReplayFile(
        name=clean_name(file.name or ""),
        size=len(data),
        sha256=sha256(data).hexdigest(),
        profile=look_at(data),
        policy_name=policy_name,
        policy_body=policy_json(policy),
        policy_digest=policy_digest(policy),
        state=State.MAPPING,
        started_at=at,
        started_by=by.user,
    )
    upload.file.save(f"{uuid4().hex}.csv", ContentFile(data), save=False)
    upload.save()
    facts = {"sha256": upload.sha256, "size": upload.size, "policy_digest": upload.policy_digest}
    record("replay_file.uploaded", upload, by=by, at=at, after=facts)
    return upload


def lock_file(upload: ReplayFile, *, version: int | None = None) -> ReplayFile:
    found = ReplayFile.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    check_version(found, version)
    return found


def check_has_rows(upload: ReplayFile) -> None:
    if upload.is_at_work:
        raise Conflict("This file is being judged right now. Wait until that is done.")
    if not upload.file:
        raise Conflict("The rows of this file are kept no longer. Upload it again.")


@transaction.atomic(durable=True)
def read_file_again(
    *, upload: ReplayFile, encoding: str, delimiter: str, by: Actor, at: datetime
) -> ReplayFile:
    """Read the first rows another way. Raises Refused where they cannot be read so."""
    check_can_govern(by=by)
    upload = lock_file(upload)
    check_has_rows(upload)
    with upload.file.open("rb") as kept:
        upload.profile = look_at(kept.read(), encoding=encoding, delimiter=delimiter)
    upload.save_version(update_fields=["profile"])
    return upload


@transaction.atomic(durable=True)
def judge_file(
    *, upload: ReplayFile, mapping_text: str, version: int | None = None, by: Actor, at: datetime
) -> ReplayFile:
    """Take a mapping and begin to judge the rows; `work_on_file` does the work.

    Raises BadMapping naming all that is wrong with the mapping.
    """
    check_can_govern(by=by)
    upload = lock_file(upload, version=version)
    check_has_rows(upload)
    mapping = parse_mapping(mapping_text, file_kind(policy_from_json(upload.policy_body)))
    mapping.check_columns([each["name"] for each in upload.profile["columns"]])
    check_says_enough(mapping)
    upload.mapping_text = mapping_text
    upload.state, upload.finished_at, upload.outcome = State.WORKING, None, {}
    upload.phase, upload.rows_done, upload.rows_total = "", 0, 0
    upload.save_version(
        update_fields=[
            "mapping_text",
            "state",
            "finished_at",
            "outcome",
            "phase",
            "rows_done",
            "rows_total",
        ]
    )
    return upload


def work_on_file(*, upload: ReplayFile, by: Actor, at: Callable[[], datetime]) -> ReplayFile:
    """Read the file and judge its rows, telling how far it is, and keep the figures."""
    with upload.file.open("rb") as kept:
        data = kept.read()
    replay = ExportReplay(
        policy=policy_from_json(upload.policy_body),
        data=data,
        mapping_text=upload.mapping_text,
        today=Company.get().local_day(at()),
    )

    def tell(phase: str, done: int, total: int) -> None:
        how_far = {"phase": phase, "rows_done": done, "rows_total": total}
        ReplayFile.objects.filter(pk=upload.pk).update(**how_far)

    return finish_file(upload=upload, outcome=replay.run(tell), by=by, at=at())


@transaction.atomic(durable=True)
def finish_file(
    *, upload: ReplayFile, outcome: dict[str, Any], by: Actor, at: datetime
) -> ReplayFile:
    """Keep the figures of a file that was judged."""
    upload = lock_file(upload)
    if upload.is_at_work:
        upload.state, upload.finished_at, upload.outcome = State.DONE, at, outcome
        upload.save_version(update_fields=["state", "finished_at", "outcome"])
        facts = {"deals": outcome["deals"], "policy_digest": upload.policy_digest}
        record("replay_file.judged", upload, by=by, at=at, after=facts)
    return upload


@transaction.atomic(durable=True)
def fail_file(*, upload: ReplayFile, reason: str, by: Actor, at: datetime) -> ReplayFile:
    """Say why a file could not be judged; it stays for its day, so that the mapping can change."""
    upload = lock_file(upload)
    if upload.is_at_work:
        upload.state, upload.finished_at, upload.outcome = State.FAILED, at, {"error": reason}
        upload.save_version(update_fields=["state", "finished_at", "outcome"])
    return upload


@transaction.atomic(durable=True)
def keep_file_result(*, upload: ReplayFile, by: Actor, at: datetime) -> ReplayFile:
    """Keep the figures for good and let the rows go, the examples and the bad ones as well."""
    check_can_govern(by=by)
    upload = lock_file(upload)
    if upload.state != State.DONE:
        raise Conflict("There is no result to keep yet.")
    if upload.kept_at is not None:
        return upload
    let_rows_go(upload)
    upload.outcome = {**upload.outcome, "bad": []}
    upload.kept_at, upload.kept_by = at, by.user
    upload.save_version(
        update_fields=["file", "profile", "mapping_text", "outcome", "kept_at", "kept_by"]
    )
    record("replay_file.kept", upload, by=by, at=at, after={"sha256": upload.sha256})
    return upload


@transaction.atomic(durable=True)
def drop_file(*, upload: ReplayFile, by: Actor, at: datetime) -> None:
    """Forget a file, its rows and what was found on them."""
    check_can_govern(by=by)
    upload = lock_file(upload)
    if upload.is_at_work and upload.started_at > at - GIVEN_UP_AFTER:
        raise Conflict("This file is being judged right now. Wait until that is done.")
    forget(upload, by=by, at=at)


@transaction.atomic(durable=True)
def forget_old_files(*, by: Actor, at: datetime) -> int:
    """Forget files that were uploaded a day ago and whose result nobody kept."""
    dead = ReplayFile.objects.filter(state=State.WORKING, started_at__lte=at - FILE_KEPT_FOR)
    dead.update(state=State.FAILED, finished_at=at, outcome={"error": DIED})
    old = ReplayFile.objects.select_for_update(of=("self",)).filter(
        kept_at=None, started_at__lte=at - FILE_KEPT_FOR
    )
    uploads = list(old)
    for upload in uploads:
        forget(upload, by=by, at=at)
    return len(uploads)


def forget(upload: ReplayFile, *, by: Actor, at: datetime) -> None:
    let_rows_go(upload)
    record("replay_file.dropped", upload, by=by, at=at, before={"sha256": upload.sha256})
    upload.delete()


def let_rows_go(upload: ReplayFile) -> None:
    """Delete the file once this is committed, and the examples taken from it."""
    name, storage = upload.file.name, upload.file.storage
    upload.file, upload.profile, upload.mapping_text = "", {}, ""
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)
