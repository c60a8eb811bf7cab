"""How close dates hold: what slipped, and how far and why dates were pushed."""

from __future__ import annotations

from pipeline.behind import Span
from pipeline.reports import flow, results
from pipeline.reports.periods import month_of
from pipeline.views.reports.asking import Question
from pipeline.views.reports.drill import Drill
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
    rate_mark,
    rate_tile,
)
from revops.charts import draw, rates


def slippage_page(question: Question) -> Answer:
    slipped, pushed = results.slippage(question.scope), flow.pushes(question.scope)
    drill = Drill.of(question)
    if not (slipped.total.due or pushed.count or pushed.pull_ins):
        return Answer(empty=nothing_pushed(question))
    period = drill.period
    tiles = [
        rate_tile(
            "Slippage",
            slipped.total.rate,
            IN_PERIOD,
            hint=f"{count_text(slipped.total.slipped)} slipped",
        ),
        Tile(
            "Pushes",
            count_text(pushed.count),
            IN_PERIOD,
            f"{count_text(pushed.total_days)} days in all",
            drill.url(pushed.count, pushed=period),
        ),
        Tile(
            "Into another month",
            count_text(pushed.months_crossed),
            IN_PERIOD,
            f"{count_text(pushed.quarters_crossed)} into another quarter",
        ),
        Tile(
            "Pulled in",
            count_text(pushed.pull_ins),
            IN_PERIOD,
            f"{count_text(pushed.pulled_days)} days in all",
            drill.url(pushed.pull_ins, pulled=period),
        ),
    ]
    sections = [slipped_section(question, slipped)]
    if pushed.count:
        sections += [lengths_section(pushed), reasons_section(pushed, drill)]
    return Answer(tiles, sections, moneys=[slipped.total.slipped_value])


def nothing_pushed(question: Question) -> str:
    return (
        f"No deal of {question.pipeline.name} was due in these days, and no close date moved. "
        "Every push with its reason appears here; try a longer period."
    )


def slipped_section(question: Question, found) -> Section:
    years = len({row.start.year for row in found.rows}) > 1
    chart = rates.rates(
        [rate_mark(month_text(row.start, year=years), row.rate) for row in found.rows],
        title="Share of deals due that did not close in time",
        tone="warn",
        data=False,
    )
    currency = question.scope.company.currency
    columns = [
        Column("Due in"),
        Column("Due", "count"),
        Column("Won", "count"),
        Column("Lost", "count"),
        Column("Slipped", "count"),
        Column("Slippage", "rate", IN_PERIOD),
        Column(f"Slipped, {currency}", "money"),
    ]
    lines = [slipped_line(f"{row.start:%B %Y}", row) for row in found.rows]
    total = slipped_line("Whole period", found.total)
    table = Table("slippage", "Slippage by month", columns, lines, total)
    notes = ["Each month, and the whole period, is judged as it began, so months need not add up."]
    if question.is_running:
        notes.append("The last month still runs: what is due in it may yet close in time.")
    return Section("What slipped", IN_PERIOD, [chart], table, ["slippage"], notes, layout="table")


def slipped_line(name: str, row) -> list[Cell]:
    month = month_of(row.start)
    is_part = (row.start, row.until) != (month.since, month.until) and name != "Whole period"
    return [
        Cell(name, note="part of the month" if is_part else ""),
        Cell(row.due),
        Cell(row.won),
        Cell(row.lost),
        Cell(row.slipped),
        Cell(row.rate),
        Cell(row.slipped_value),
    ]


def lengths_section(found) -> Section:
    chart = rates.columns(
        [(row.label, row.count) for row in found.rows],
        title="Pushes by the days the close date moved",
        data=False,
    )
    columns = [Column("Days later"), Column("Pushes", "count")]
    lines = [[Cell(row.label), Cell(row.count)] for row in found.rows]
    days = found.days
    note = (
        f"A push moves the date by {days_text(days.mean)} days on average; "
        f"half move it by {days_text(days.median)} or less, "
        f"one in ten by more than {days_text(days.p90)}."
    )
    return Section(
        "How far dates were pushed",
        IN_PERIOD,
        [chart],
        Table("pushes", "Pushes by length", columns, lines),
        ["pushes"],
        [note],
    )


def reasons_section(found, drill: Drill) -> Section:
    period = Span(drill.period.since, drill.period.until)
    urls = [drill.url(row.count, pushed=period, why=row.reason.key) for row in found.reasons]
    shown = found.reasons[:MOST_BARS]
    chart = draw.bar(
        [(row.reason.name, row.count) for row in shown],
        title="Pushes by reason",
        horizontal=True,
        tone="3",
        hrefs=urls[: len(shown)],
        data=False,
    )
    columns = [
        Column("Reason"),
        Column("Pushes", "count"),
        Column("Mean days", "days"),
        Column("Median", "days"),
    ]
    lines = [
        [Cell(row.reason.name), Cell(row.count, url), Cell(row.days.mean), Cell(row.days.median)]
        for row, url in zip(found.reasons, urls, strict=True)
    ]
    return Section(
        "Why", IN_PERIOD, [chart], Table("push-reasons", "Pushes by reason", columns, lines)
    )
