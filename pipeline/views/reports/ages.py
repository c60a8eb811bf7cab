"""How old the open deals are, and how many of them have stood still too long."""

from __future__ import annotations

from datetime import timedelta

from pipeline.behind import Span
from pipeline.metrics import Rate
from pipeline.reports import flow
from pipeline.reports.courses import stale_by_stage
from pipeline.stages import process_of
from pipeline.views.reports.asking import Question
from pipeline.views.reports.drill import Drill
from pipeline.views.reports.parts import (
    NOW,
    Answer,
    Cell,
    Column,
    Section,
    Table,
    Tile,
    count_text,
    hundredths,
    share_text,
)
from revops.charts import draw, rates

OLD_DAYS = 180


def aging_page(question: Question) -> Answer:
    found, drill = flow.aging(question.scope), Drill.of(question)
    count = sum(row.count for row in found.rows)
    if not count and not found.unknown_opened:
        return Answer(empty=f"No deal is open in {question.pipeline.name}. Enter or import deals.")
    stale = stale_by_stage(question.scope)
    old = sum(row.count for row in found.rows if row.low > OLD_DAYS)
    standing = sum(stale.values())
    known = count + found.unknown_opened
    tiles = [
        Tile("Open deals", count_text(known), NOW, href=drill.url(known, ended="open")),
        Tile(
            "Stale",
            count_text(standing),
            NOW,
            f"{share_text(Rate(min(standing, known), known).value)} of the open deals",
            drill.stale(standing, ""),
            "warn" if standing else "",
        ),
        Tile(
            f"Older than {OLD_DAYS} days",
            count_text(old),
            NOW,
            f"{share_text(Rate(old, count).value)} of those whose age is known",
            drill.url(
                old,
                ended="open",
                opened=Span(None, question.scope.today - timedelta(days=OLD_DAYS + 1)),
            ),
        ),
    ]
    notes = []
    if found.unknown_opened:
        notes.append(
            f"{count_text(found.unknown_opened)} open deals do not say when they were opened; "
            "no band holds them."
        )
    sections = [bands_section(question, found, drill), stale_section(question, found, stale, drill)]
    return Answer(tiles, sections, notes=notes, moneys=[row.value for row in found.rows])


def bands_section(question: Question, found, drill: Drill) -> Section:
    chart = draw.stacked_bar(
        [(row.label, [count for _, count in row.stages]) for row in found.rows],
        series=[stage.name for stage in found.stages],
        title="Open deals by age in days and stage",
        data=False,
    )
    currency = question.scope.company.currency
    columns = [
        Column("Age in days"),
        *(Column(stage.name, "count") for stage in found.stages),
        Column("All", "count"),
        Column(f"Value, {currency}", "money"),
    ]
    lines = [band_line(question, row, drill) for row in found.rows]
    table = Table("ages", "Open deals by age and stage", columns, lines)
    return Section("Age since opening", NOW, [chart], table, ["aging"], layout="wide")


def band_line(question: Question, row, drill: Drill) -> list[Cell]:
    today = question.scope.today
    first = None if row.high is None else today - timedelta(days=row.high)
    opened = Span(first, today - timedelta(days=row.low))
    return [
        Cell(row.label),
        *(Cell(count, drill.stage(count, stage.key, opened=opened)) for stage, count in row.stages),
        Cell(row.count, drill.url(row.count, ended="open", opened=opened)),
        Cell(row.value),
    ]


def stale_section(question: Question, found, stale, drill: Drill) -> Section:
    ids = {rule.key: rule.stage_id for rule in process_of(question.pipeline).rules}
    shares = []
    here = {row.stage.key: row.here for row in flow.funnel(question.scope).rows}
    for stage in found.stages:
        many, standing = here.get(stage.key, 0), stale.get(ids[stage.key], 0)
        shares.append((stage, standing, Rate(min(standing, many), many)))
    chart = rates.rates(
        [
            rates.RateMark(
                stage.name,
                hundredths(share.value),
                note=f"{count_text(standing)} of {count_text(share.n)}",
                href=drill.stale(standing, stage.key),
            )
            for stage, standing, share in shares
        ],
        title="Share of open deals that are stale",
        tone="warn",
        data=False,
    )
    columns = [
        Column("Stage"),
        Column("Open", "count"),
        Column("Stale", "count"),
        Column("Share", "share"),
    ]
    lines = [
        [
            Cell(stage.name),
            Cell(share.n, drill.stage(share.n, stage.key)),
            Cell(standing, drill.stale(standing, stage.key), tone="warn" if standing else ""),
            Cell(share),
        ]
        for stage, standing, share in shares
    ]
    note = (
        "Stale is judged as everywhere: longer in the stage than twice its average, or its limit."
    )
    return Section(
        "Standing still",
        NOW,
        [chart],
        Table("stale", "Stale deals by stage", columns, lines),
        notes=[note],
    )
