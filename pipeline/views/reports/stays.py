"""How long deals stay in each stage, and when that is too long."""

from __future__ import annotations

from pipeline.reports import flow
from pipeline.reports.courses import stale_by_stage, stale_limits
from pipeline.stages import process_of
from pipeline.views.reports.asking import Question
from pipeline.views.reports.drill import Drill
from pipeline.views.reports.parts import (
    IN_PERIOD,
    NOW,
    Answer,
    Cell,
    Column,
    Section,
    Table,
    Tile,
    count_text,
    days_text,
    rounded,
)
from revops.charts import rates


def time_page(question: Question) -> Answer:
    found, drill = flow.time_in_stage(question.scope), Drill.of(question)
    known = [row for row in found.rows if row.days.n]
    if not known:
        return Answer(empty=nothing_left(question))
    ids = {rule.key: rule.stage_id for rule in process_of(question.pipeline).rules}
    limits = stale_limits(question.scope)
    limit_of = {row.stage.key: limits.get(ids[row.stage.key]) for row in found.rows}
    slowest = max(known, key=lambda row: row.days.median or 0)
    longest = max(known, key=lambda row: row.days.p90 or 0)
    ended = sum(row.days.n for row in known)
    tiles = [
        Tile("Stays that ended", count_text(ended), IN_PERIOD),
        Tile(
            "Slowest stage",
            slowest.stage.name,
            IN_PERIOD,
            f"median {days_text(slowest.days.median)} days",
        ),
        Tile(
            "Longest tail",
            longest.stage.name,
            IN_PERIOD,
            f"one in ten over {days_text(longest.days.p90)} days",
        ),
    ]
    notes = []
    if found.unknown_entered:
        notes.append(
            f"{count_text(found.unknown_entered)} stays do not say when they began and "
            "are left out."
        )
    section = time_section(question, found.rows, limit_of, ids, drill)
    return Answer(tiles, [section], notes=notes)


def nothing_left(question: Question) -> str:
    return (
        f"No deal left a stage of {question.pipeline.name} in these days. "
        "A stay is measured when it ends; try a longer period."
    )


def time_section(question: Question, rows, limit_of, ids, drill: Drill) -> Section:
    stale = stale_by_stage(question.scope)
    chart = rates.spans(
        [
            rates.SpanMark(
                row.stage.name,
                rounded(row.days.median),
                rounded(row.days.mean),
                rounded(row.days.p90),
                limit_of[row.stage.key],
                note=f"n {count_text(row.days.n)}",
            )
            for row in rows
        ],
        title="Days in each stage",
        data=False,
    )
    columns = [
        Column("Stage"),
        Column("Stays", "count", IN_PERIOD),
        Column("Mean", "days", IN_PERIOD),
        Column("Median", "days", IN_PERIOD),
        Column("90 %", "days", IN_PERIOD),
        Column("Stale after", "days", NOW),
        Column("Stale", "count", NOW),
    ]
    lines = [
        [
            Cell(row.stage.name),
            Cell(row.days.n, note="" if row.days.enough or not row.days.n else "few stays"),
            Cell(row.days.mean),
            Cell(row.days.median),
            Cell(row.days.p90),
            Cell(limit_of[row.stage.key]),
            Cell(
                stale.get(ids[row.stage.key], 0),
                drill.stale(stale.get(ids[row.stage.key], 0), row.stage.key),
                tone="warn" if stale.get(ids[row.stage.key]) else "",
            ),
        ]
        for row in rows
    ]
    table = Table("time-in-stage", "Days in each stage", columns, lines)
    notes = [
        "The bar ends at the median, the dot is the mean, the line ends where nine in ten lie; "
        "the dashed mark is when a deal there counts as stale: twice the average of twelve months, "
        "or the stage's own limit where fewer than ten deals have left it."
    ]
    return Section("Stage by stage", "", [chart], table, ["time_in_stage"], notes, layout="table")
