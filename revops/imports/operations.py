"""A file on its way in: uploaded, mapped, checked, imported, dropped; and which system wins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.db import transaction

from revops.company.permissions import check_can_administer
from revops.imports.drafts import Outcome
from revops.imports.kinds import kind_keys, kind_of
from revops.imports.mapping import parse_mapping
from revops.imports.models import FieldWinner, ImportRun, SavedMapping
from revops.imports.profile import MOST_BYTES, check_is_text, look_at
from revops.ledger.operations import record
from revops.locks import Lock, lock_exclusively
from revops.models import check_version
from revops.people.actor import Actor
from revops.refusals import Conflict, Missing, Refused

State = ImportRun.State
GIVEN_UP_AFTER = timedelta(hours=1)
"""No import takes longer; one that was not heard of since has died with its process."""
KEPT_FOR = timedelta(days=7)


@transaction.atomic(durable=True)
def upload_file(*, kind: str, file: File[bytes], by: Actor, at: datetime) -> ImportRun:
    """Keep a file until it is imported or dropped, with what its first rows look like.

    Raises Refused for what is no CSV file, or too large. Nothing is imported by it.
    """
    check_can_administer(by)
    if kind not in kind_keys():
        raise Refused("Say what the file holds.", code="invalid", field="kind")
    if (file.size or 0) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise Refused(f"The file is larger than {most} MB. Cut it in two.", code="file_too_large")
    data = file.read()
    check_is_text(data)
    run = ImportRun(
        kind=kind,
        name=clean_name(file.name or ""),
        size=len(data),
        sha256=sha256(data).hexdigest(),
        profile=look_at(data),
        uploaded_at=at,
        uploaded_by=by.user,
    )
    run.file.save(f"{uuid4().hex}.csv", ContentFile(data), save=False)
    run.save()
    facts = {"kind": kind, "sha256": run.sha256, "size": run.size}
    record("import.uploaded", run, by=by, at=at, after=facts)
    return run


def clean_name(name: str) -> str:
    """The last part of a file's name, without what could mislead a reader."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable())[-200:].strip() or "file.csv"


@transaction.atomic(durable=True)
def look_again(
    *, run: ImportRun, encoding: str, delimiter: str, by: Actor, at: datetime
) -> ImportRun:
    """Read the file's first rows another way. Raises Refused where it cannot be read so."""
    check_can_administer(by)
    run = lock_run(run)
    check_at_rest(run)
    with run.file.open("rb") as kept:
        run.profile = look_at(kept.read(), encoding=encoding, delimiter=delimiter)
    run.save_version(update_fields=["profile"])
    return run


@transaction.atomic(durable=True)
def take_mapping(*, run: ImportRun, text: str, by: Actor, at: datetime) -> ImportRun:
    """Begin with a mapping that is there. Raises BadMapping where it does not fit the file."""
    check_can_administer(by)
    run = lock_run(run)
    check_at_rest(run)
    check_fits(run, text)
    run.mapping_text, run.state = text, State.MAPPING
    run.save_version(update_fields=["mapping_text", "state"])
    return run


def check_fits(run: ImportRun, text: str) -> None:
    mapping = parse_mapping(text, kind_of(run.kind))
    mapping.check_columns([each["name"] for each in run.profile["columns"]])


@transaction.atomic(durable=True)
def check_file(
    *, run: ImportRun, mapping_text: str, version: int | None = None, by: Actor, at: datetime
) -> ImportRun:
    """Take a mapping and begin a dry run. Raises BadMapping naming all that is wrong with it."""
    check_can_administer(by)
    run = lock_run(run, version=version)
    check_at_rest(run)
    check_fits(run, mapping_text)
    run.mapping_text = mapping_text
    begin(run, State.CHECKING, by=by, at=at)
    return run


@transaction.atomic(durable=True)
def import_file(
    *,
    run: ImportRun,
    skip_bad: bool = False,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> ImportRun:
    """Begin to import a file that was checked. Only one import is at work at a time.

    Raises Conflict naming the other one, and Refused where bad rows stand and none may be left out.
    """
    check_can_administer(by)
    lock_exclusively(Lock.IMPORTS)
    run = lock_run(run, version=version)
    if run.state != State.CHECKED:
        raise Conflict("Check the file first; nothing is imported unseen.")
    if run.outcome.get("bad_count") and not skip_bad:
        raise Refused("Some rows are bad. Mend them, or import without them.", code="bad_rows")
    give_up_dead_runs(at)
    if other := ImportRun.objects.filter(state=State.IMPORTING).first():
        who = other.started_by.name if other.started_by else "The system"
        raise Conflict(f"{who} is importing {other.name} right now. Wait until that is done.")
    run.skip_bad = skip_bad
    begin(run, State.IMPORTING, by=by, at=at)
    record("import.begun", run, by=by, at=at, after={"kind": run.kind, "skip_bad": skip_bad})
    return run


def begin(run: ImportRun, state: str, *, by: Actor, at: datetime) -> None:
    """Hand the file to a worker, which is asked after the commit."""
    run.state, run.phase = state, ""
    run.rows_done = run.rows_total = 0
    run.outcome = {}
    run.started_at, run.started_by, run.finished_at = at, by.user, None
    run.save_version(
        update_fields=[
            "state",
            "phase",
            "rows_done",
            "rows_total",
            "outcome",
            "started_at",
            "started_by",
            "finished_at",
            "mapping_text",
            "skip_bad",
        ]
    )
    from revops.imports.tasks import work_on

    transaction.on_commit(lambda: work_on.delay(run.pk), robust=True)


def lock_run(run: ImportRun, *, version: int | None = None) -> ImportRun:
    found = ImportRun.objects.select_for_update().get(pk=run.pk)
    check_version(found, version)
    return found


def check_at_rest(run: ImportRun) -> None:
    if run.is_at_work:
        raise Conflict("This file is at work right now. Wait until that is done.")
    if not run.file:
        raise Conflict("This file is kept no longer. Upload it again.")


def give_up_dead_runs(at: datetime) -> int:
    """Free what a worker took and never brought back."""
    dead = ImportRun.objects.filter(
        state__in=[State.CHECKING, State.IMPORTING], started_at__lte=at - GIVEN_UP_AFTER
    )
    reason = "The worker did not come back. What it had written stays; import the file again."
    return dead.update(state=State.FAILED, outcome={"error": reason}, finished_at=at)


@transaction.atomic(durable=True)
def finish_check(
    *, run: ImportRun, outcome: Outcome, bad_rows: list[dict[str, Any]], by: Actor, at: datetime
) -> ImportRun:
    """Keep what a dry run said, with the bad rows as the file has them."""
    run = lock_run(run)
    if run.state != State.CHECKING:
        return run
    run.state, run.finished_at = State.CHECKED, at
    run.outcome = {**told(outcome), "bad_rows": bad_rows}
    run.save_version(update_fields=["state", "finished_at", "outcome"])
    return run


@transaction.atomic(durable=True)
def finish_import(*, run: ImportRun, outcome: Outcome, by: Actor, at: datetime) -> ImportRun:
    """Keep what an import did, and no longer the file."""
    run = lock_run(run)
    run.state, run.finished_at, run.outcome = State.DONE, at, told(outcome)
    let_go(run)
    run.save_version(update_fields=["state", "finished_at", "outcome", "file"])
    record("import.done", run, by=by, at=at, after={"records": outcome.counts})
    return run


@transaction.atomic(durable=True)
def finish_badly(*, run: ImportRun, reason: str, by: Actor, at: datetime) -> ImportRun:
    """Say why a file could not be used; it stays, so that the mapping can be mended."""
    run = lock_run(run)
    if run.is_at_work:
        run.state, run.finished_at, run.outcome = State.FAILED, at, {"error": reason}
        run.save_version(update_fields=["state", "finished_at", "outcome"])
    return run


def told(outcome: Outcome) -> dict[str, Any]:
    """What is kept of an outcome: counts and notes, and of bad rows their number."""
    body = outcome.as_json()
    return {**body, "bad": body["bad"][:1000], "bad_count": len(outcome.bad)}


@transaction.atomic(durable=True)
def drop_run(*, run: ImportRun, by: Actor, at: datetime) -> ImportRun:
    """Forget an uploaded file; what it imported stays."""
    check_can_administer(by)
    run = lock_run(run)
    check_at_rest(run)
    put_away(run, by=by, at=at)
    return run


@transaction.atomic(durable=True)
def forget_old_files(*, by: Actor, at: datetime) -> int:
    """Drop files that nobody went on with for a week."""
    give_up_dead_runs(at)
    old = ImportRun.objects.select_for_update().exclude(file="")
    waiting = old.exclude(state__in=[State.CHECKING, State.IMPORTING])
    runs = list(waiting.filter(uploaded_at__lte=at - KEPT_FOR))
    for run in runs:
        put_away(run, by=by, at=at)
    return len(runs)


def put_away(run: ImportRun, *, by: Actor, at: datetime) -> None:
    run.state = State.DROPPED
    let_go(run)
    run.save_version(update_fields=["state", "file"])
    record("import.dropped", run, by=by, at=at)


def let_go(run: ImportRun) -> None:
    """Delete the file once this is committed, and the examples taken from it."""
    name, storage = run.file.name, run.file.storage
    run.file = ""
    ImportRun.objects.filter(pk=run.pk).update(profile={})
    run.profile = {}
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)


# Mappings and winners


@transaction.atomic(durable=True)
def save_mapping(*, kind: str, name: str, text: str, by: Actor, at: datetime) -> SavedMapping:
    """Keep a mapping under a name, over an older one of the same name."""
    check_can_administer(by)
    name = " ".join(name.split())[:100]
    if not name:
        sentence = "Give the mapping a name."
        raise Refused(sentence, code="invalid", missing=[Missing("name", "Name", sentence)])
    parse_mapping(text, kind_of(kind))
    saved, is_new = SavedMapping.objects.select_for_update().get_or_create(
        kind=kind, name=name, defaults={"text": text, "saved_at": at, "saved_by": by.user}
    )
    if not is_new:
        saved.text, saved.saved_at, saved.saved_by = text, at, by.user
        saved.save_version(update_fields=["text", "saved_at", "saved_by"])
    record("import_mapping.saved", saved, by=by, at=at, after={"kind": kind, "name": name})
    return saved


@transaction.atomic(durable=True)
def choose_winners(
    *, source: str, winners: Mapping[tuple[str, str], str], by: Actor, at: datetime
) -> int:
    """Say for fields of one source which system wins; returns how many were changed."""
    check_can_administer(by)
    source = source.strip()
    if not source or len(source) > 60:
        raise Refused("Name the source system.", code="invalid", field="source")
    before = {
        (row.entity, row.field): row.winner for row in FieldWinner.objects.filter(source=source)
    }
    changed = {
        key: FieldWinner.Winner(winner)
        for key, winner in winners.items()
        if before.get(key, FieldWinner.Winner.SOURCE) != winner
    }
    for (entity, field), winner in changed.items():
        row, _ = FieldWinner.objects.update_or_create(
            source=source,
            entity=entity,
            field=field,
            defaults={"winner": winner, "chosen_at": at, "chosen_by": by.user},
        )
        was = before.get((entity, field), FieldWinner.Winner.SOURCE)
        facts = {"source": source, "entity": entity, "field": field}
        record(
            "field_winner.chosen",
            row,
            by=by,
            at=at,
            before={"winner": was},
            after={**facts, "winner": winner},
        )
    return len(changed)
