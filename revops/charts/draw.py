"""Each chart as a pure function: rows in, one `<figure>` out, the same bytes every time."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from revops.charts.parts import (
    HEIGHT,
    LEFT,
    PLAIN,
    RIGHT,
    WIDTH,
    Number,
    Row,
    bar_width,
    dot,
    el,
    figure,
    frame,
    label_width,
    labels_below,
    labels_in_turn,
    linked,
    positions,
    rect,
    rule,
    short,
    text_at,
    value_axis,
)
from revops.charts.scale import Scale, bins


def bar(
    rows: Sequence[Row],
    *,
    title: str,
    unit: str = "",
    text: str = "",
    horizontal: bool = False,
    tone: str = "1",
    hrefs: Sequence[str] = (),
    data: bool = True,
) -> SafeString:
    """One bar for each row; with addresses each bar opens what it counts."""
    labels, values = [str(row[0]) for row in rows], [float(row[1]) for row in rows]
    stacks, links = [[value] for value in values], [[href] for href in hrefs]
    if horizontal:
        body, height = _lying(labels, stacks, unit, tone, hrefs=links)
    else:
        body, height = _standing(labels, stacks, unit, tone, hrefs=links), HEIGHT
    table: list[list[float | None]] = [[value] for value in values]
    return frame(
        title, text, body, height, ["Value"], labels, table, unit, data=data, links=any(hrefs)
    )


def stacked_bar(
    rows: Sequence[tuple[Any, Sequence[Number]]],
    *,
    series: Sequence[str],
    title: str,
    unit: str = "",
    text: str = "",
    horizontal: bool = False,
    data: bool = True,
) -> SafeString:
    """Bars made of one part for each series."""
    labels = [str(row[0]) for row in rows]
    stacks = [[float(value) for value in row[1]] for row in rows]
    if horizontal:
        body, height = _lying(labels, stacks, unit, "", series)
    else:
        body, height = _standing(labels, stacks, unit, "", series), HEIGHT
    return frame(title, text, body, height, series, labels, stacks, unit, legend=True, data=data)


def line(
    rows: Sequence[tuple[Any, Sequence[Number | None]]],
    *,
    series: Sequence[str],
    title: str,
    unit: str = "",
    text: str = "",
    data: bool = True,
) -> SafeString:
    """One line for each series; a missing value leaves a gap."""
    labels = [str(row[0]) for row in rows]
    columns = [[None if v is None else float(v) for v in row[1]] for row in rows]
    known = [value for column in columns for value in column if value is not None]
    up, marks = value_axis([0.0, *known], unit)
    across = positions(len(labels))
    parts = [marks, labels_below(labels, across)]
    for at, name in enumerate(series):
        tone = str(at % 6 + 1)
        path, pen = "", "M"
        for x, column in zip(across, columns, strict=True):
            value = column[at]
            if value is None:
                pen = "M"
                continue
            path += f"{pen}{short(x)} {short(up(value))}"
            pen = "L"
        parts.append(
            el(
                "path",
                d=path,
                class_=f"chart-line chart-line-{tone}",
                fill="none",
                stroke=PLAIN[tone],
                stroke_width=2,
            )
        )
        for x, label, column in zip(across, labels, columns, strict=True):
            value = column[at]
            if value is not None:
                said = f"{label}, {name}: {figure(value, unit)}"
                parts.append(dot(x, up(value), tone, said))
    table = [list(column) for column in columns]
    return frame(
        title,
        text,
        "".join(parts),
        HEIGHT,
        series,
        labels,
        table,
        unit,
        legend=len(series) > 1,
        data=data,
    )


def funnel(
    rows: Sequence[Row],
    *,
    title: str,
    unit: str = "",
    text: str = "",
    shares: Sequence[str] = (),
    tone: str = "1",
    data: bool = True,
) -> SafeString:
    """What is left after each step; beside it the share that came through, or what is said."""
    labels, values = [str(row[0]) for row in rows], [float(row[1]) for row in rows]
    shares = shares or _shares_of(values)
    most = max([*values, 1e-9])
    left, high, gap = label_width(labels), 30, 8
    width = WIDTH - left - 140
    parts = []
    for at, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = at * (high + gap) + gap / 2
        long = max(1.0, width * value / most)
        said = f"{label}: {figure(value, unit)}" + (f", {shares[at]}" if shares[at] else "")
        parts += [
            text_at(left - 10, y + high / 2 + 4, label, "end"),
            rect(left + (width - long) / 2, y, long, high, tone, said),
            text_at(WIDTH - 130, y + high / 2 + 4, figure(value, unit), "start", "chart-value"),
            text_at(WIDTH - 2, y + high / 2 + 4, shares[at], "end"),
        ]
    height = len(rows) * (high + gap)
    table: list[list[float | None]] = [[value] for value in values]
    return frame(title, text, "".join(parts), height, ["Value"], labels, table, unit, data=data)


def _shares_of(values: Sequence[float]) -> list[str]:
    return ["", *(f"{after / before:.0%}" if before else "" for before, after in pairwise(values))]


def waterfall(
    rows: Sequence[tuple[Any, ...]],
    *,
    title: str,
    unit: str = "",
    text: str = "",
    hrefs: Sequence[str] = (),
    data: bool = True,
) -> SafeString:
    """How changes lead from one amount to another; a row (label, value, True) is a total.

    With addresses each bar opens what it adds up.
    """
    spans, level = [], 0.0
    for row in rows:
        is_total, value = len(row) > 2 and bool(row[2]), float(row[1])
        start = 0.0 if is_total else level
        level = value if is_total else level + value
        tone = "5" if is_total else "good" if value >= 0 else "bad"
        spans.append((str(row[0]), start, level, value, tone))
    up, marks = value_axis([0.0, *(edge for span in spans for edge in span[1:3])], unit)
    across = positions(len(spans))
    wide = bar_width(len(spans))
    parts = [marks, labels_in_turn([span[0] for span in spans], across)]
    for at, (x, (label, start, end, value, tone)) in enumerate(zip(across, spans, strict=True)):
        top = min(up(start), up(end))
        sign = "+" if tone == "good" else ""
        said = f"{label}: {sign}{figure(value, unit)}"
        mark = rect(x - wide / 2, top, wide, abs(up(start) - up(end)), tone, said)
        parts.append(linked(mark, hrefs[at] if hrefs else ""))
        parts.append(
            text_at(x, top - 5, sign + figure(value, unit, short=True), "middle", "chart-value")
        )
        if at + 1 < len(spans):
            parts.append(rule(x + wide / 2, up(end), across[at + 1] - wide / 2, up(end)))
    table: list[list[float | None]] = [[span[3]] for span in spans]
    labels, links = [span[0] for span in spans], any(hrefs)
    body = "".join(parts)
    return frame(title, text, body, HEIGHT, ["Value"], labels, table, unit, data=data, links=links)


def histogram(
    values: Iterable[Number],
    *,
    title: str,
    count: int = 10,
    unit: str = "",
    text: str = "",
) -> SafeString:
    """How many values fall into each bin of one width."""
    found = bins([float(value) for value in values], count)
    labels = [f"{figure(low, unit)} to {figure(high, unit)}" for low, high, _ in found]
    up, marks = value_axis([0.0, *(float(many) for _, _, many in found)], "")
    edges = Scale(0, max(1, len(found)), LEFT, WIDTH - RIGHT)
    parts = [marks]
    for at, (low, high, many) in enumerate(found):
        x, end = edges(at), edges(at + 1)
        said = f"{labels[at]}: {many}"
        parts.append(rect(x + 1, up(many), end - x - 2, up(0) - up(many), "1", said))
        if many:
            parts.append(text_at((x + end) / 2, up(many) - 5, str(many), "middle", "chart-value"))
        parts.append(text_at(x, HEIGHT - 10, figure(low, unit, short=True), "middle"))
        if at + 1 == len(found):
            parts.append(text_at(end, HEIGHT - 10, figure(high, unit, short=True), "end"))
    table: list[list[float | None]] = [[float(many)] for _, _, many in found]
    return frame(title, text, "".join(parts), HEIGHT, ["Count"], labels, table, "")


def sparkline(values: Sequence[Number], title: str, *, tone: str = "1") -> SafeString:
    """A line the height of a word, its last point marked."""
    numbers = [float(value) for value in values]
    if not numbers:
        return mark_safe("")
    wide, high = 96, 24
    low, top = min(numbers), max(numbers)
    up = Scale(low, top if top > low else low + 1, high - 3, 3)
    step = (wide - 6) / max(1, len(numbers) - 1)
    points = [(3 + at * step, up(value)) for at, value in enumerate(numbers)]
    path = "M" + "L".join(f"{short(x)} {short(y)}" for x, y in points)
    said = f"{title}: {', '.join(figure(value, '') for value in numbers)}"
    return el(
        "svg",
        inner=el("title", said)
        + el(
            "path", d=path, class_=f"chart-line chart-line-{tone}", fill="none", stroke=PLAIN[tone]
        )
        + el(
            "circle",
            cx=points[-1][0],
            cy=points[-1][1],
            r=2.5,
            class_=f"chart-{tone}",
            fill=PLAIN[tone],
        ),
        class_="sparkline",
        viewBox=f"0 0 {wide} {high}",
        width=wide,
        height=high,
        role="img",
        aria_label=said,
    )


# What bars of both kinds are made of.


def _standing(
    labels: Sequence[str],
    stacks: Sequence[Sequence[float]],
    unit: str,
    tone: str,
    series: Sequence[str] = (),
    hrefs: Sequence[Sequence[str]] = (),
) -> str:
    totals = [sum(stack) for stack in stacks]
    up, marks = value_axis([0.0, *totals], unit)
    across, wide = positions(len(labels)), bar_width(len(labels))
    room = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    parts = [marks, labels_below(labels, across)]
    for row, (x, label, stack, total) in enumerate(
        zip(across, labels, stacks, totals, strict=True)
    ):
        level = 0.0
        for at, value in enumerate(stack):
            name = f", {series[at]}" if series else ""
            said = f"{label}{name}: {figure(value, unit)}"
            end = level + value
            top = min(up(level), up(end))
            part = tone or str(at % 6 + 1)
            mark = rect(x - wide / 2, top, wide, abs(up(end) - up(level)), part, said)
            parts.append(linked(mark, hrefs[row][at] if hrefs else ""))
            level = end
        above = figure(total, unit, short=True)
        if len(above) * 8 <= room:
            top = min(up(total), up(0)) - 5
            parts.append(text_at(x, top, above, "middle", "chart-value"))
    return "".join(parts)


def _lying(
    labels: Sequence[str],
    stacks: Sequence[Sequence[float]],
    unit: str,
    tone: str,
    series: Sequence[str] = (),
    hrefs: Sequence[Sequence[str]] = (),
) -> tuple[str, int]:
    # The label stands above its bar, where even a long one has room on a phone.
    high, row = 10, 38
    most = max([*(sum(stack) for stack in stacks), 1e-9])
    along = Scale(0, most, 0, WIDTH - 72)
    parts = []
    for at, (label, stack) in enumerate(zip(labels, stacks, strict=True)):
        y, level = at * row + 20, 0.0
        parts.append(text_at(0, y - 6, label, "start"))
        for part, value in enumerate(stack):
            name = f", {series[part]}" if series else ""
            said = f"{label}{name}: {figure(value, unit)}"
            start, end = along(level), along(level + value)
            mark = rect(start, y, end - start, high, tone or str(part % 6 + 1), said)
            parts.append(linked(mark, hrefs[at][part] if hrefs else ""))
            level += value
        total = figure(level, unit, short=True)
        parts.append(text_at(along(level) + 8, y + 9, total, "start", "chart-value"))
    return "".join(parts), max(1, len(labels)) * row
