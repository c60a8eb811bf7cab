"""Why deals are lost, and against whom."""

from __future__ import annotations

from pipeline.behind import NONE
from pipeline.reports import results
from pipeline.views.reports.asking import Question
from pipeline.views.reports.drill import Drill
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
    basis_text,
    count_text,
    money_text,
    rate_mark,
    rate_text,
)
from revops.charts import draw, rates


def losses_page(question: Question) -> Answer:
    found, drill = results.losses(question.scope), Drill.of(question)
    if not found.total:
        return Answer(empty=nothing_closed(question, "lost"))
    first = found.rows[0]
    tiles = [
        Tile("Lost", count_text(found.total), IN_PERIOD, href=drill.closed(found.total, "lost")),
        Tile("Lost value", money_text(found.value), IN_PERIOD),
        Tile(
            "Most frequent reason",
            first.reason.name,
            IN_PERIOD,
            f"{rate_text(first.share)} · {basis_text(first.share)}",
            drill.closed(first.count, "lost", of_reason=first.reason.key or NONE),
        ),
    ]
    sections = [reasons_section(question, found, drill)]
    if found.competitors:
        sections.append(rivals_section(found, drill))
    return Answer(tiles, sections, moneys=[found.value])


def reasons_section(question: Question, found, drill: Drill) -> Section:
    shown = found.rows[:MOST_BARS]
    urls = [drill.closed(row.count, "lost", of_reason=row.reason.key or NONE) for row in found.rows]
    chart = draw.bar(
        [(row.reason.name, row.count) for row in shown],
        title="Lost deals by reason",
        horizontal=True,
        hrefs=urls[: len(shown)],
        data=False,
    )
    currency = question.scope.company.currency
    columns = [
        Column("Reason"),
        Column("Lost", "count"),
        Column("Share of losses", "rate", IN_PERIOD),
        Column(f"Lost value, {currency}", "money"),
    ]
    lines = [
        [Cell(row.reason.name), Cell(row.count, url), Cell(row.share), Cell(row.value)]
        for row, url in zip(found.rows, urls, strict=True)
    ]
    return Section(
        "Why deals are lost",
        IN_PERIOD,
        [chart],
        Table("reasons", "Losses by reason", columns, lines),
        ["losses"],
    )


def rivals_section(found, drill: Drill) -> Section:
    rows = found.competitors
    marks = [
        rate_mark(
            row.competitor.name,
            row.rate,
            drill.closed(row.rate.n, "closed", of_competitor=row.competitor.key),
        )
        for row in rows[:MOST_BARS]
    ]
    chart = rates.rates(marks, title="Win rate against each competitor", data=False)
    columns = [
        Column("Competitor"),
        Column("Won", "count"),
        Column("Lost", "count"),
        Column("Win rate", "rate", IN_PERIOD),
    ]
    lines = [
        [
            Cell(row.competitor.name),
            Cell(row.won, drill.closed(row.won, "won", of_competitor=row.competitor.key)),
            Cell(row.lost, drill.closed(row.lost, "lost", of_competitor=row.competitor.key)),
            Cell(row.rate),
        ]
        for row in rows
    ]
    return Section(
        "Against whom",
        IN_PERIOD,
        [chart],
        Table("competitors", "Deals by competitor", columns, lines),
        ["win_rate"],
    )
