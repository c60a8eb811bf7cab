"""What share of deals is won, told apart as the reader asks."""

from __future__ import annotations

from pipeline.metrics import Rate
from pipeline.reports import results
from pipeline.views.reports.asking import BY, Question
from pipeline.views.reports.drill import Drill, part
from pipeline.views.reports.empties import nothing_closed
from pipeline.views.reports.parts import (
    COHORT,
    IN_PERIOD,
    MOST_BARS,
    Answer,
    Cell,
    Column,
    Section,
    Table,
    Tile,
    count_text,
    hundredths,
    money_text,
    rate_mark,
    rate_tile,
)
from pipeline.views.rows import first_of
from revops.charts import draw, rates


def win_rates_page(question: Question) -> Answer:
    found, drill = results.win_rates(question.scope, question.by, cycles=False), Drill.of(question)
    total = found.total
    if not (total.won or total.lost or total.created):
        return Answer(empty=nothing_closed(question))
    tiles = [
        rate_tile("Win rate", total.rate, IN_PERIOD, drill.closed(total.rate.n, "closed")),
        rate_tile(
            "Won of all opened",
            total.cohort_rate or Rate(0, 0),
            COHORT,
            drill.opened(total.created),
            still_open(total),
        ),
        Tile(
            "Won value",
            money_text(total.won_value),
            IN_PERIOD,
            f"{count_text(total.won)} deal{'' if total.won == 1 else 's'}",
            drill.closed(total.won, "won"),
        ),
        Tile(
            "Lost value",
            money_text(total.lost_value),
            IN_PERIOD,
            f"{count_text(total.lost)} lost",
            drill.closed(total.lost, "lost"),
        ),
    ]
    notes = []
    if found.unknown_opened:
        notes.append(
            f"{count_text(found.unknown_opened)} deals do not say when they were opened; "
            "no cohort holds them."
        )
    return Answer(
        tiles,
        [win_rates_section(question, found, drill)],
        moneys=[row.won_value for row in [*found.rows, total]],
        notes=notes,
    )


def still_open(row) -> str:
    """How far a cohort is from being judged."""
    waiting = (row.created or 0) - (row.created_won or 0) - (row.created_lost or 0)
    return f"immature, {count_text(waiting)} still open" if waiting else ""


def win_rates_section(question: Question, found, drill: Drill) -> Section:
    by = question.by
    met = [row for row in found.rows if row.rate.n]
    marks = [
        rate_mark(row.of.name, row.rate, drill.closed(row.rate.n, "closed", **part(by, row.of.key)))
        for row in met[:MOST_BARS]
    ]
    overall = found.total.rate
    chart = rates.rates(
        marks,
        title=f"Win rate by {BY[by].lower()}",
        reference=hundredths(overall.value) if overall.enough else None,
        data=False,
    )
    currency = question.scope.company.currency
    earned = [row for row in met if row.won][:MOST_BARS]
    money = draw.bar(
        [(row.of.name, row.won_value.amount) for row in earned],
        title=f"Won value by {BY[by].lower()}",
        unit=currency,
        horizontal=True,
        tone="good",
        hrefs=[drill.closed(row.won, "won", **part(by, row.of.key)) for row in earned],
        data=False,
    )
    columns = [
        Column(BY[by]),
        Column("Won", "count"),
        Column("Lost", "count"),
        Column("Win rate", "rate", IN_PERIOD),
        Column(f"Won value, {currency}", "money"),
        Column("Opened", "count"),
        Column("Won of opened", "rate", COHORT),
    ]
    listed = first_of(found.rows, question.shows_all)
    lines = [win_rate_line(row, drill, by) for row in listed]
    table = Table(
        "win-rates",
        f"Win rates by {BY[by].lower()}",
        columns,
        lines,
        win_rate_line(found.total, drill, ""),
        size=len(found.rows),
    )
    notes = ["The line over a bar spans where the rate likely lies, the dashed line is all deals."]
    if len(met) > MOST_BARS:
        notes.append(f"The chart shows the {MOST_BARS} with the most closed deals.")
    if found.total.created is not None and found.rows and found.rows[0].created is None:
        notes.append(
            "A deal's segment is known once it is closed, so there is no cohort by segment."
        )
    return Section(
        f"By {BY[by].lower()}",
        "",
        [chart, money] if marks else [],
        table,
        ["win_rate", "cohort_win_rate", "won_value"],
        notes,
        layout="wide",
    )


def win_rate_line(row, drill: Drill, by: str) -> list[Cell]:
    of = part(by, row.of.key)
    return [
        Cell(row.of.name),
        Cell(row.won, drill.closed(row.won, "won", **of)),
        Cell(row.lost, drill.closed(row.lost, "lost", **of)),
        Cell(row.rate),
        Cell(row.won_value),
        Cell(row.created, drill.opened(row.created, **of)),
        Cell(row.cohort_rate, note=still_open(row)),
    ]
