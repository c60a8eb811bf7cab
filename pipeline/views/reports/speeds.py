"""What the pipeline yields a day, and how far it covers the quota."""

from __future__ import annotations

from decimal import Decimal

from pipeline.behind import Span
from pipeline.reports import flow
from pipeline.reports.shapes import Money
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
    basis_text,
    count_text,
    days_text,
    decimal,
    money_text,
    rate_text,
    share_text,
    times_text,
)
from revops.charts import draw


def velocity_page(question: Question) -> Answer:
    found, drill = flow.velocity(question.scope), Drill.of(question)
    if not (found.open_deals or found.rate.n):
        return Answer(empty=nothing_open(question))
    return Answer(
        (),
        [factors(question, found, drill), coverage_section(question, found, drill)],
        moneys=[found.open_value, found.expected_value, found.won_value],
    )


def nothing_open(question: Question) -> str:
    return (
        f"No deal is open in {question.pipeline.name}, and none closed in these days. "
        "Enter or import deals, or try a longer period."
    )


def factors(question: Question, found, drill: Drill) -> Section:
    currency = question.scope.company.currency
    size = money_of(found.average_size, currency)
    speed = money_of(found.per_day, currency)
    cycle = found.cycle
    tiles = [
        Tile(
            "Open deals",
            count_text(found.open_deals),
            NOW,
            href=drill.url(found.open_deals, ended="open"),
        ),
        Tile("Average size", money_text(size), NOW, f"{money_text(found.open_value)} in all"),
        Tile(
            "Win rate",
            rate_text(found.rate),
            IN_PERIOD,
            basis_text(found.rate),
            drill.closed(found.rate.n, "closed"),
        ),
        Tile(
            "Cycle",
            f"{days_text(cycle.mean)} days",
            IN_PERIOD,
            f"n {count_text(cycle.n)}",
            drill.closed(cycle.n, "won"),
        ),
        Tile("A day", money_text(speed), "", "what the pipeline yields"),
    ]
    columns = [Column("Factor"), Column("Basis"), Column("Value", "any")]
    lines = [
        [Cell("Open deals"), Cell(NOW), Cell(found.open_deals)],
        [Cell(f"Average size, {currency}"), Cell(NOW), Cell(found.average_size)],
        [Cell("Win rate"), Cell(IN_PERIOD), Cell(found.rate.value)],
        [Cell("Cycle, mean days"), Cell(IN_PERIOD), Cell(cycle.mean)],
        [Cell(f"Velocity, {currency} a day"), Cell(""), Cell(found.per_day)],
    ]
    notes = []
    if not found.rate.enough:
        notes.append(
            f"Only {count_text(found.rate.n)} deals closed in these days: the win rate, and so the "
            "velocity, says little."
        )
    table = Table("velocity", "The factors of velocity", columns, lines)
    return Section(
        "Velocity",
        table=table,
        metrics=["velocity", "average_size", "win_rate", "cycle_days"],
        notes=notes,
        tiles=tiles,
        signs=("", "×", "×", "÷", "="),
        hides_table=True,
    )


def coverage_section(question: Question, found, drill: Drill) -> Section:
    scope, currency = question.scope, question.scope.company.currency
    due = Span(scope.since, scope.until)
    expected = drill.url(found.expected, ended="open", due=due)
    bars = [
        ("Won", found.won_value.amount),
        ("Open, due in the period", found.expected_value.amount),
    ]
    hrefs = [drill.closed(1, "won"), expected or drill.url(due=due)]
    if found.quota:
        bars.append(("Quota", found.quota.amount))
        hrefs.append("")
    chart = draw.bar(
        bars,
        title="Won and due beside the quota",
        unit=currency,
        horizontal=True,
        hrefs=hrefs,
        data=False,
    )
    tiles = [
        Tile("Coverage", times_text(found.coverage), IN_PERIOD, "of the quota; 3 to 4 is usual"),
        Tile(
            "Of what remains",
            times_text(found.remaining_coverage),
            IN_PERIOD,
            "of the quota not yet won",
        ),
        Tile("Attainment", share_text(found.attainment), IN_PERIOD, "won of the quota"),
    ]
    columns = [
        Column("Coverage"),
        Column("Deals", "count"),
        Column(f"Value, {currency}", "money"),
        Column("Of the quota", "times"),
    ]
    lines = [
        [
            Cell("Won in the period"),
            Cell(found.rate.hits, drill.closed(found.rate.hits, "won")),
            Cell(found.won_value),
            Cell(found.attainment),
        ],
        [
            Cell("Open, due in the period"),
            Cell(found.expected, expected),
            Cell(found.expected_value),
            Cell(found.coverage),
        ],
        [
            Cell("Quota", note=people_text(found.quota_people)),
            Cell(None),
            Cell(found.quota),
            Cell(None),
        ],
    ]
    notes = (
        []
        if found.quota
        else [
            "Nobody has a quota in these days, so there is nothing to cover. Quotas are entered or "
            "imported under Quotas."
        ]
    )
    return Section(
        "Coverage",
        IN_PERIOD,
        [chart],
        Table("coverage", "Coverage of the quota", columns, lines),
        ["coverage", "remaining_coverage", "attainment"],
        notes,
        tiles=tiles,
    )


def people_text(many: int) -> str:
    return f"of {count_text(many)} {'person' if many == 1 else 'people'}" if many else ""


def money_of(value, currency: str) -> Money | None:
    return None if value is None else Money(decimal(value).quantize(Decimal("0.01")), currency, {})
