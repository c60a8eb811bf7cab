"""Charts of rates with their intervals, of durations, and of several counts side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from revops.charts.parts import (
    BOTTOM,
    HEIGHT,
    PLAIN,
    TOP,
    WIDTH,
    Number,
    bar_width,
    dot,
    el,
    figure,
    frame,
    labels_below,
    linked,
    positions,
    rect,
    rule,
    short,
    text_at,
    value_axis,
)
from revops.charts.scale import Scale, ticks

NBSP = "\N{NO-BREAK SPACE}"
ROW, THICK, BASE = 40, 10, 22


@dataclass(frozen=True)
class RateMark:
    """One rate in hundredths, the ends of its interval, and what stands beside it."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    href: str = ""


def rates(
    rows: Sequence[RateMark],
    *,
    title: str,
    text: str = "",
    tone: str = "1",
    reference: float | None = None,
    data: bool = True,
) -> SafeString:
    """A bar for each rate with a whisker over its interval; a thin line marks the reference."""
    ends = [end for row in rows for end in (row.value, row.high) if end is not None]
    most = min(100.0, max([10.0, *ends]))
    marks = ticks(0, most, 5)
    along = Scale(0, marks[-1], 0, WIDTH - 24)
    if not ends:
        marks, reference = [], None
    height = max(1, len(rows)) * ROW + (20 if marks else 0)
    parts = [
        part
        for mark in marks
        for part in (
            rule(
                along(mark), 4, along(mark), height - 18, "chart-axis" if not mark else "chart-grid"
            ),
            text_at(along(mark), height - 4, figure(mark, "%"), "middle" if mark else "start"),
        )
    ]
    for at, row in enumerate(rows):
        parts += rate_row(row, at * ROW, along, tone)
        if reference is not None:
            # Beside the bar alone: the words above it stay readable.
            x, y = along(min(reference, marks[-1])), at * ROW + BASE
            said_all = f"All together: {figure(reference, '%')}"
            parts.append(dashed(x, y - 4, x, y + THICK + 4, said_all))
    table: list[list[float | None]] = [[row.value, row.low, row.high] for row in rows]
    labels, links = [row.label for row in rows], any(row.href for row in rows)
    series = ["Rate", "From", "To"]
    said = text or rates_described(rows)
    body = "".join(parts)
    return frame(title, said, body, height, series, labels, table, "%", data=data, links=links)


def rate_row(row: RateMark, top: float, along: Scale, tone: str) -> list[SafeString]:
    y = top + BASE
    said = f"{row.label}: {row.note}"
    parts = [
        text_at(2, y - 6, row.label, "start", "chart-value"),
        text_at(WIDTH - 2, y - 6, row.note, "end"),
    ]
    if row.value is None:
        return parts
    bar = rect(along(0), y, along(row.value) - along(0), THICK, tone, said)
    parts.append(linked(bar, row.href))
    if row.low is not None and row.high is not None:
        low, high, middle = along(row.low), along(row.high), y + THICK / 2
        parts.append(whisker(low, high, middle, f"{said}; likely between the ends of the line"))
    return parts


def rates_described(rows: Sequence[RateMark]) -> str:
    known = [row for row in rows if row.value is not None]
    if not known:
        return "No rate is known yet."
    best = max(known, key=lambda row: row.value or 0)
    return f"{len(rows)} rates; the highest is {best.label} with {figure(best.value, '%')}."


def whisker(low: float, high: float, y: float, said: str) -> SafeString:
    path = (
        f"M{short(low)} {short(y - 4)}V{short(y + 4)}M{short(low)} {short(y)}H{short(high)}"
        f"M{short(high)} {short(y - 4)}V{short(y + 4)}"
    )
    inner = el("title", said)
    return el("path", inner=inner, d=path, class_="chart-whisker", fill="none", stroke="#191b20")


def dashed(x1: float, y1: float, x2: float, y2: float, said: str, tone: str = "") -> SafeString:
    return el(
        "line",
        inner=el("title", said),
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        class_=f"chart-limit{f' chart-limit-{tone}' if tone else ''}",
        stroke=PLAIN[tone] if tone else "#4c505a",
        stroke_dasharray="3 3",
        stroke_width=1.5,
    )


@dataclass(frozen=True)
class SpanMark:
    """How long something takes: the middle case, the mean, nine in ten, and the limit."""

    label: str
    median: float | None
    mean: float | None
    p90: float | None
    limit: float | None = None
    note: str = ""


def spans(
    rows: Sequence[SpanMark],
    *,
    title: str,
    unit: str = "days",
    text: str = "",
    data: bool = True,
) -> SafeString:
    """A bar to the median, a dot at the mean, a line on to the 90th percentile, and the limit."""
    known = [
        each
        for row in rows
        for each in (row.median, row.mean, row.p90, row.limit)
        if each is not None
    ]
    marks = ticks(0, max([1.0, *known]), 5)
    along = Scale(0, marks[-1], 0, WIDTH - 24)
    height = max(1, len(rows)) * ROW + 20
    parts = [
        part
        for mark in marks
        for part in (
            rule(
                along(mark), 4, along(mark), height - 18, "chart-axis" if not mark else "chart-grid"
            ),
            text_at(along(mark), height - 4, figure(mark, ""), "middle" if mark else "start"),
        )
    ]
    for at, row in enumerate(rows):
        parts += span_row(row, at * ROW, along, unit)
    table = [[row.median, row.mean, row.p90, row.limit] for row in rows]
    labels = [row.label for row in rows]
    series = ["Median", "Mean", "90th percentile", "Stale after"]
    said = text or f"{len(rows)} rows, in {unit}."
    return frame(title, said, "".join(parts), height, series, labels, table, "", data=data)


def span_row(row: SpanMark, top: float, along: Scale, unit: str) -> list[SafeString]:
    y = top + BASE
    middle = y + THICK / 2
    parts = [
        text_at(2, y - 6, row.label, "start", "chart-value"),
        text_at(WIDTH - 2, y - 6, row.note, "end"),
    ]
    if row.median is not None:
        said = f"{row.label}: median {figure(row.median, '')} {unit}"
        parts.append(rect(along(0), y, along(row.median) - along(0), THICK, "1", said))
    if row.median is not None and row.p90 is not None:
        said = f"{row.label}: nine in ten within {figure(row.p90, '')} {unit}"
        parts.append(whisker(along(row.median), along(row.p90), middle, said))
    if row.mean is not None:
        parts.append(
            dot(
                along(row.mean),
                middle,
                "3",
                f"{row.label}: mean {figure(round(row.mean, 1), '')} {unit}",
            )
        )
    if row.limit is not None:
        said = f"{row.label}: stale after {figure(round(row.limit, 1), '')} {unit}"
        parts.append(dashed(along(row.limit), y - 4, along(row.limit), y + THICK + 4, said, "bad"))
    return parts


def grouped_bar(
    rows: Sequence[tuple[Any, Sequence[Number]]],
    *,
    series: Sequence[str],
    title: str,
    unit: str = "",
    text: str = "",
    tones: Sequence[str] = (),
    data: bool = True,
) -> SafeString:
    """One bar for each series beside the others, for each row."""
    labels = [str(row[0]) for row in rows]
    groups = [[float(value) for value in row[1]] for row in rows]
    up, marks = value_axis([0.0, *(value for group in groups for value in group)], unit)
    across, room = positions(len(labels)), bar_width(len(labels)) * 1.25
    wide = room / max(1, len(series))
    tones = tones or [str(at % 6 + 1) for at in range(len(series))]
    parts = [marks, labels_below(labels, across)]
    for x, label, group in zip(across, labels, groups, strict=True):
        for at, value in enumerate(group):
            left = x - room / 2 + at * wide
            said = f"{label}, {series[at]}: {figure(value, unit)}"
            high = abs(up(0) - up(value))
            parts.append(rect(left + 0.5, min(up(0), up(value)), wide - 1, high, tones[at], said))
            if wide >= 16 and value:
                text_y = up(value) - 4
                shown = figure(value, unit, short=True)
                parts.append(text_at(left + wide / 2, text_y, shown, "middle", "chart-value"))
    table: list[list[float | None]] = [list(group) for group in groups]
    body = "".join(parts)
    return frame(title, text, body, HEIGHT, series, labels, table, unit, legend=tones, data=data)


def columns(
    rows: Sequence[tuple[str, Number]],
    *,
    title: str,
    text: str = "",
    tones: Sequence[str] = (),
    hrefs: Sequence[str] = (),
    data: bool = True,
) -> SafeString:
    """Counts in bands of their own widths, as a histogram of prepared bands."""
    labels, values = [row[0] for row in rows], [float(row[1]) for row in rows]
    up, marks = value_axis([0.0, *values], "")
    across = positions(len(labels))
    wide = (across[1] - across[0] - 4) if len(across) > 1 else 56
    parts = [marks, labels_below(labels, across)]
    for at, (x, label, value) in enumerate(zip(across, labels, values, strict=True)):
        tone, said = tones[at] if tones else "1", f"{label}: {figure(value, '')}"
        mark = rect(x - wide / 2, up(value), wide, HEIGHT - BOTTOM - up(value), tone, said)
        parts.append(linked(mark, hrefs[at] if hrefs else ""))
        if value:
            parts.append(
                text_at(x, max(TOP - 6, up(value) - 5), figure(value, ""), "middle", "chart-value")
            )
    table: list[list[float | None]] = [[value] for value in values]
    body, links = "".join(parts), any(hrefs)
    return frame(title, text, body, HEIGHT, ["Count"], labels, table, "", data=data, links=links)
