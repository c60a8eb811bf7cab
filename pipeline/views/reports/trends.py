"""How deals came and ended, month by month."""

from __future__ import annotations

from pipeline.behind import Span
from pipeline.metrics import Rate
from pipeline.reports import results
from pipeline.reports.periods import month_of
from pipeline.views.reports.asking import Question
from pipeline.views.reports.drill import Drill
from pipeline.views.reports.empties import nothing_opened
from pipeline.views.reports.parts import (
    IN_PERIOD,
    Answer,
    Cell,
    Column,
    Section,
    Table,
    Tile,
    count_text,
    hundredths,
    month_text,
    rate_tile,
)
from revops.charts import draw, rates


def trend_page(question: Question) -> Answer:
    found, drill = results.trend(question.scope), Drill.of(question)
    rows = found.rows
    if not any(row.created or row.won or row.lost for row in rows):
        return Answer(empty=nothing_opened(question))
    won, lost = sum(row.won for row in rows), sum(row.lost for row in rows)
    created = sum(row.created for row in rows)
    tiles = [
        Tile("Opened", count_text(created), IN_PERIOD, href=drill.opened(created)),
        Tile("Won", count_text(won), IN_PERIOD, href=drill.closed(won, "won")),
        Tile("Lost", count_text(lost), IN_PERIOD, href=drill.closed(lost, "lost")),
        rate_tile("Win rate", Rate(won, won + lost), IN_PERIOD),
    ]
    return Answer(
        tiles,
        [trend_counts(question, rows, drill), *trend_rates(question, rows)],
        moneys=[row.won_value for row in rows],
    )


def trend_counts(question: Question, rows, drill: Drill) -> Section:
    years = len({row.month.year for row in rows}) > 1
    chart = rates.grouped_bar(
        [(month_text(row.month, year=years), [row.created, row.won, row.lost]) for row in rows],
        series=["Opened", "Won", "Lost"],
        tones=["5", "good", "bad"],
        title="Deals opened, won and lost by month",
        data=False,
    )
    currency = question.scope.company.currency
    money = draw.bar(
        [(month_text(row.month, year=years), row.won_value.amount) for row in rows],
        title="Won value by month",
        unit=currency,
        tone="good",
        data=False,
    )
    columns = [
        Column("Month"),
        Column("Opened", "count"),
        Column("Won", "count"),
        Column("Lost", "count"),
        Column("Win rate", "rate", IN_PERIOD),
        Column(f"Won value, {currency}", "money"),
    ]
    lines = [trend_line(question, row, drill) for row in rows]
    table = Table("months", "Deals by month", columns, lines)
    metrics = ["trend", "win_rate", "won_value"]
    return Section("By month", IN_PERIOD, [chart, money], table, metrics, layout="wide")


def trend_line(question: Question, row, drill: Drill) -> list[Cell]:
    month = month_of(row.month)
    days = Span(max(month.since, question.period.since), min(month.until, question.period.until))
    return [
        Cell(f"{row.month:%B %Y}", note="" if row.is_whole else "part of the month"),
        Cell(row.created, drill.url(row.created, opened=days)),
        Cell(row.won, drill.url(row.won, ended="won", closed=days)),
        Cell(row.lost, drill.url(row.lost, ended="lost", closed=days)),
        Cell(row.rate),
        Cell(row.won_value),
    ]


def trend_rates(question: Question, rows) -> list[Section]:
    """The line of the win rates; none where no month closed deals enough to tell."""
    if not any(row.rate.enough for row in rows):
        return []
    years = len({row.month.year for row in rows}) > 1
    known = [
        (
            month_text(row.month, year=years),
            [hundredths(row.rate.value) if row.rate.enough else None],
        )
        for row in rows
    ]
    chart = draw.line(known, series=["Win rate"], title="Win rate by month", unit="%", data=False)
    note = "A month with fewer than 20 closed deals has no point on the line."
    return [Section("Win rate", IN_PERIOD, [chart], notes=[note], layout="wide")]
