"""How deals come through the stages: cohort and period side by side."""

from __future__ import annotations

from datetime import timedelta

from pipeline.behind import Span
from pipeline.reports import flow
from pipeline.views.reports.asking import Question
from pipeline.views.reports.drill import Drill
from pipeline.views.reports.parts import (
    COHORT,
    IN_PERIOD,
    NOW,
    Answer,
    Cell,
    Column,
    Section,
    Table,
    count_text,
    rate_text,
    rate_tile,
)
from revops.charts import draw


def funnel_page(question: Question) -> Answer:
    scope, drill = question.scope, Drill.of(question)
    rows, conversion = flow.funnel(scope).rows, flow.stage_conversion(scope)
    if not any(row.entered or row.here for row in rows):
        return Answer(empty=nothing_moved(question))
    young = young_stages(question)
    first, last = conversion.rows[0], conversion.rows[-1]
    tiles = [
        rate_tile(
            f"{first.stage.name} to next",
            first.cohort_rate,
            COHORT,
            hint="immature" if first.stage.key in young else "",
        ),
        rate_tile(
            f"{last.stage.name} to won",
            last.cohort_rate,
            COHORT,
            hint="immature" if last.stage.key in young else "",
        ),
        rate_tile(f"{first.stage.name} to next", first.period_rate, IN_PERIOD),
        rate_tile(f"{last.stage.name} to won", last.period_rate, IN_PERIOD),
    ]
    notes = []
    if conversion.unknown_entered:
        notes.append(
            f"{count_text(conversion.unknown_entered)} stays do not say when they began; "
            "no cohort holds them."
        )
    return Answer(
        tiles,
        [
            both_funnels(rows, conversion.rows, young),
            conversion_section(question, rows, conversion.rows, young, drill),
        ],
        notes=notes,
        moneys=[row.value for row in rows],
    )


def nothing_moved(question: Question) -> str:
    return (
        f"No deal came into a stage of {question.pipeline.name} in these days, and none is there "
        "now. Enter or import deals, or try a longer period."
    )


def young_stages(question: Question) -> set[str]:
    """Stages whose cohort may still go on.

    A cohort is mature once its last day lies further back than nine in ten stays last, or than
    the days after which a deal there is stale where too few have left.
    """
    found = set()
    for row in flow.time_in_stage(question.scope).rows:
        days = row.days.p90 if row.days.enough else row.default_stale_days
        if days and question.period.until + timedelta(days=days) > question.scope.today:
            found.add(row.stage.key)
    return found


def both_funnels(rows, conversion, young) -> Section:
    by_stage = {row.stage.key: row for row in conversion}
    cohort = draw.funnel(
        [(row.stage.name + (" *" if row.stage.key in young else ""), row.entered) for row in rows],
        shares=[
            ""
            if row.stage.key not in by_stage
            else f"{rate_text(row.rate)}"
            if row.rate.enough
            else ""
            for row in rows
        ],
        title="Deals that entered each stage, and the share that went on",
        data=False,
    )
    left = draw.funnel(
        [(row.stage.name, row.left) for row in conversion],
        shares=[
            f"{rate_text(row.period_rate)}" if row.period_rate.enough else "" for row in conversion
        ],
        title="Stays that ended, and the share that ended onward",
        tone="2",
        data=False,
    )
    notes = []
    if young:
        notes.append(
            "* Immature: the period ended less than nine in ten stays in the stage last, so deals "
            "that entered late may still go on."
        )
    return Section(
        "Cohort beside period",
        "",
        [cohort, left],
        metrics=["funnel", "conversion", "period_conversion"],
        notes=notes,
        layout="wide",
    )


def conversion_section(question: Question, rows, conversion, young, drill: Drill) -> Section:
    here = {row.stage.key: row for row in rows}
    currency = question.scope.company.currency
    columns = [
        Column("Stage"),
        Column("Entered", "count", COHORT),
        Column("Went on", "count", COHORT),
        Column("Conversion", "rate", COHORT),
        Column("Left", "count", IN_PERIOD),
        Column("Onward", "count", IN_PERIOD),
        Column("Conversion", "rate", IN_PERIOD),
        Column("Here", "count", NOW),
        Column(f"Value, {currency}", "money", NOW),
    ]
    lines = [conversion_line(row, here[row.stage.key], young, drill) for row in conversion]
    table = Table("conversion", "Conversion by stage", columns, lines)
    return Section("Stage by stage", "", (), table, layout="wide")


def conversion_line(row, here, young, drill: Drill) -> list[Cell]:
    key, period = row.stage.key, drill.period
    entered = drill.url(row.entered and not row.skipped, stage=key, entered=period)
    skipped = f"{count_text(row.skipped)} skipped it" if row.skipped else ""
    leapt = f"{count_text(row.skipped_in_period)} skipped it" if row.skipped_in_period else ""
    left = drill.url(
        row.left and not row.skipped_in_period, stage=key, left=Span(period.since, period.until)
    )
    return [
        Cell(row.stage.name),
        Cell(row.entered, entered, skipped),
        Cell(row.passed),
        Cell(row.cohort_rate, note="immature" if key in young else ""),
        Cell(row.left, left, leapt),
        Cell(row.onward),
        Cell(row.period_rate),
        Cell(here.here, drill.stage(here.here, key)),
        Cell(here.value),
    ]
