"""How long deals take from opening to winning."""

from __future__ import annotations

from pipeline.metrics import Rate
from pipeline.reports import results
from pipeline.reports.courses import bands, cycle_by_month
from pipeline.views.reports.asking import BY, Question
from pipeline.views.reports.drill import Drill, part
from pipeline.views.reports.empties import nothing_closed
from pipeline.views.reports.parts import (
    IN_PERIOD,
    MOST_BARS,
    Answer,
    Cell,
    Column,
    Section,
    Table,
    Tile,
    count_text,
    days_text,
    month_text,
    rounded,
)
from revops.charts import draw, rates


def cycle_page(question: Question) -> Answer:
    found, drill = results.cycle_length(question.scope, question.by), Drill.of(question)
    days, unknown = found.total.days, found.total.unknown
    if not days.n:
        return Answer(empty=nothing_closed(question, "won"))
    n = f"n {count_text(days.n)}" + ("" if days.enough else ", not many")
    won = drill.closed(days.n, "won")
    tiles = [
        Tile("Mean", f"{days_text(days.mean)} days", IN_PERIOD, n, won),
        Tile("Median", f"{days_text(days.median)} days", IN_PERIOD, "half took no longer"),
        Tile(
            "90th percentile",
            f"{days_text(days.p90)} days",
            IN_PERIOD,
            "nine in ten took no longer",
        ),
    ]
    notes = []
    if unknown:
        notes.append(
            f"{count_text(unknown)} won deals do not say when they were opened and are left out."
        )
    return Answer(
        tiles,
        [cycle_spread(days), cycle_course(question), cycle_by(question, found, drill)],
        notes=notes,
    )


def cycle_spread(days) -> Section:
    found = bands(days)
    chart = rates.columns(
        [(f"{low}–{high}" if high > low else str(low), n) for low, high, n in found],
        title="Won deals by days from opening to winning",
        data=False,
    )
    lines = [[Cell(f"{low}–{high} days"), Cell(n), Cell(Rate(n, days.n))] for low, high, n in found]
    columns = [Column("Cycle"), Column("Won", "count"), Column("Share", "share")]
    table = Table("spread", "Won deals by length of cycle", columns, lines)
    return Section("How long deals take", IN_PERIOD, [chart], table, ["cycle_days"])


def cycle_course(question: Question) -> Section:
    rows = cycle_by_month(question.scope)
    years = len({month.year for month, _ in rows}) > 1
    chart = draw.line(
        [
            (month_text(month, year=years), [rounded(days.mean), rounded(days.median)])
            for month, days in rows
        ],
        series=["Mean", "Median"],
        title="Days to win, by month of winning",
        data=False,
    )
    columns = [
        Column("Month"),
        Column("Won", "count"),
        Column("Mean", "days"),
        Column("Median", "days"),
        Column("90 %", "days"),
    ]
    lines = [
        [Cell(f"{month:%B %Y}"), Cell(days.n), Cell(days.mean), Cell(days.median), Cell(days.p90)]
        for month, days in rows
    ]
    return Section(
        "By month", IN_PERIOD, [chart], Table("months", "Days to win by month", columns, lines)
    )


def cycle_by(question: Question, found, drill: Drill) -> Section:
    by = question.by
    marks = [
        rates.SpanMark(
            row.of.name,
            rounded(row.days.median),
            rounded(row.days.mean),
            rounded(row.days.p90),
            note=f"n {row.days.n}",
        )
        for row in found.rows[:MOST_BARS]
        if row.days.n
    ]
    chart = rates.spans(marks, title=f"Days to win by {BY[by].lower()}", data=False)
    columns = [
        Column(BY[by]),
        Column("Won", "count"),
        Column("Mean", "days"),
        Column("Median", "days"),
        Column("90 %", "days"),
    ]
    lines = [cycle_line(row, drill, by) for row in found.rows]
    table = Table(
        "cycle",
        f"Days to win by {BY[by].lower()}",
        columns,
        lines,
        cycle_line(found.total, drill, ""),
    )
    note = "The bar ends at the median, the dot is the mean, the line ends where nine in ten lie."
    return Section(f"By {BY[by].lower()}", IN_PERIOD, [chart], table, notes=[note])


def cycle_line(row, drill: Drill, by: str) -> list[Cell]:
    days = row.days
    few = "" if days.enough or not days.n else "few deals"
    return [
        Cell(row.of.name),
        Cell(days.n, drill.closed(days.n, "won", **part(by, row.of.key)), few),
        Cell(days.mean),
        Cell(days.median),
        Cell(days.p90),
    ]
