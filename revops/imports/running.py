"""What a worker does with an uploaded file, and how bad rows are shown in their place."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any

from django.core.cache import cache

from revops.imports.drafts import Outcome, Progress, draft_file
from revops.imports.kinds import kind_of
from revops.imports.mapping import Mapping, parse_mapping
from revops.imports.models import ImportRun
from revops.imports.problems import BadRow
from revops.imports.reading import read_sheet
from revops.people.actor import Actor, Via

MOST_SHOWN = 200
CELL_LENGTH = 120
PAUSE = 0.5
FIELD = re.compile(r"^((?:custom\.)?[a-z_0-9-]+)( is blank|: )")


def key_of(run: ImportRun) -> str:
    return f"imports.progress:{run.pk}"


def watch(run: ImportRun) -> Progress:
    """Tell how far the work is: in the row while reading, beside it while a transaction is open."""
    last = 0.0

    def show(what: str, done: int, total: int) -> None:
        nonlocal last
        if done < total and time.monotonic() - last < PAUSE:
            return
        last = time.monotonic()
        cache.set(key_of(run), (what, done, total), 3600)
        if what == "reading":
            told = {"phase": what, "rows_done": done, "rows_total": total}
            ImportRun.objects.filter(pk=run.pk).update(**told)

    return show


def how_far(run: ImportRun) -> tuple[str, int, int]:
    """What a page shows of the work: phase, rows done, all rows."""
    phase, done, total = cache.get(key_of(run)) or (run.phase, run.rows_done, run.rows_total)
    if run.rows_total and run.rows_done >= run.rows_total and phase in ("", "reading"):
        phase = "writing" if run.state == ImportRun.State.IMPORTING else "checking"
        done = 0
    return phase, done, total


def carry_out(run: ImportRun, *, dry_run: bool, at: Any) -> Outcome:
    """Read the file by its mapping and do the import, or foretell it."""
    kind = kind_of(run.kind)
    mapping = parse_mapping(run.mapping_text, kind)
    with run.file.open("rb") as kept:
        drafts = draft_file(kept.read(), mapping, watch(run))
    return kind.run(
        drafts=drafts,
        dry_run=dry_run,
        skip_bad=run.skip_bad,
        progress=watch(run),
        by=Actor.of(run.started_by, Via.IMPORT) if run.started_by else Actor.system(Via.IMPORT),
        at=at,
    )


# Bad rows in their place


def bad_rows_in_place(run: ImportRun, outcome: Outcome) -> list[dict[str, Any]]:
    """The first bad rows with the cells that the mapping reads, the faulty ones marked."""
    if not outcome.bad:
        return []
    with run.file.open("rb") as kept:
        data = kept.read()
    mapping = parse_mapping(run.mapping_text, kind_of(run.kind))
    sheet = read_sheet(
        data,
        encoding=mapping.file.get("encoding", "utf-8"),
        fallback=mapping.file.get("fallback_encoding", ""),
        delimiter=mapping.file.get("delimiter", ","),
    )
    cells = {row.line: row.cells for row in sheet.rows}
    read = mapping.columns()
    columns = [name for name in sheet.columns if name in read]
    shown = outcome.bad[:MOST_SHOWN]
    return [shown_row(bad, cells.get(bad.line), columns, mapping) for bad in shown]


def shown_row(
    bad: BadRow, cells: dict[str, str] | None, columns: Iterable[str], mapping: Mapping
) -> dict[str, Any]:
    wrong = columns_blamed(bad.reason, mapping)
    return {
        "line": bad.line,
        "reason": bad.reason,
        "cells": [
            {"column": name, "text": cells[name][:CELL_LENGTH], "is_wrong": name in wrong}
            for name in columns
        ]
        if cells
        else [],
    }


def columns_blamed(reason: str, mapping: Mapping) -> set[str]:
    """The columns behind the field, or the column, that a reason begins with."""
    if mapping.stage_column and reason.startswith(f"{mapping.stage_column}: "):
        return {mapping.stage_column}
    if reason.startswith("The external id"):
        rules = [each.external_id for each in mapping.records if each.external_id]
        return {name for rule in rules for name in rule.columns()}
    found = FIELD.match(reason)
    if not found:
        return set()
    key = found[1]
    blamed = {
        name
        for record in mapping.records
        for rule in record.fields
        if rule.target.key == key
        for name in rule.columns()
    }
    placed = mapping.kind.stages and key in (*mapping.kind.stages.sets, "closed_on")
    return blamed or ({mapping.stage_column} - {""} if placed else set())
