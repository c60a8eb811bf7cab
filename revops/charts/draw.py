"""Each chart as a pure function: rows in, one `<figure>` out, the same bytes every time."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from revops.charts.scale import Scale, bins, ticks
from revops.frame import formats

Number = int | float | Decimal
Row = tuple[Any, Number]
WIDTH, HEIGHT = 480, 220
TOP, BOTTOM, LEFT, RIGHT = 20, 28, 52, 8
# A mail or a PDF has no style sheet; there these are the colours.
PLAIN = {
    "1": "#3f62dc",
    "2": "#0f8a7e",
    "3": "#c77a11",
    "4": "#a4477f",
    "5": "#6f7683",
    "6": "#7350c4",
    "good": "#17683a",
    "bad": "#b0261f",
    "warn": "#82500a",
}


def el(name: str, text: Any = "", inner: str = "", **attrs: Any) -> SafeString:
    """One SVG element; text is escaped, inner is markup of ours."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attrs.items()
        if value is not None
    )
    return mark_safe(f"<{name}{given}>{escape(text)}{inner}</{name}>")


def bar(
    rows: Sequence[Row],
    *,
    title: str,
    unit: str = "",
    text: str = "",
    horizontal: bool = False,
    tone: str = "1",
) -> SafeString:
    """One bar for each row."""
    labels, values = [str(row[0]) for row in rows], [float(row[1]) for row in rows]
    if horizontal:
        body, height = _lying(labels, [[value] for value in values], unit, tone)
    else:
        body, height = _standing(labels, [[value] for value in values], unit, tone), HEIGHT
    return _figure(title, text, body, height, ["Value"], labels, [[v] for v in values], unit)


def stacked_bar(
    rows: Sequence[tuple[Any, Sequence[Number]]],
    *,
    series: Sequence[str],
    title: str,
    unit: str = "",
    text: str = "",
    horizontal: bool = False,
) -> SafeString:
    """Bars made of one part for each series."""
    labels = [str(row[0]) for row in rows]
    stacks = [[float(value) for value in row[1]] for row in rows]
    if horizontal:
        body, height = _lying(labels, stacks, unit, "", series)
    else:
        body, height = _standing(labels, stacks, unit, "", series), HEIGHT
    return _figure(title, text, body, height, series, labels, stacks, unit, legend=True)


def line(
    rows: Sequence[tuple[Any, Sequence[Number | None]]],
    *,
    series: Sequence[str],
    title: str,
    unit: str = "",
    text: str = "",
) -> SafeString:
    """One line for each series; a missing value leaves a gap."""
    labels = [str(row[0]) for row in rows]
    columns = [[None if v is None else float(v) for v in row[1]] for row in rows]
    known = [value for column in columns for value in column if value is not None]
    up, marks = _value_axis([0.0, *known], unit)
    across = _positions(len(labels))
    parts = [marks, _labels_below(labels, across)]
    for at, name in enumerate(series):
        tone = str(at % 6 + 1)
        path, pen = "", "M"
        for x, column in zip(across, columns, strict=True):
            value = column[at]
            if value is None:
                pen = "M"
                continue
            path += f"{pen}{_short(x)} {_short(up(value))}"
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
                parts.append(_dot(x, up(value), tone, said))
    table = [list(column) for column in columns]
    return _figure(
        title, text, "".join(parts), HEIGHT, series, labels, table, unit, legend=len(series) > 1
    )


def funnel(rows: Sequence[Row], *, title: str, unit: str = "", text: str = "") -> SafeString:
    """What is left after each step, with the share that came through."""
    labels, values = [str(row[0]) for row in rows], [float(row[1]) for row in rows]
    most = max([*values, 1e-9])
    left, high, gap = _label_width(labels), 30, 8
    width = WIDTH - left - 96
    parts = []
    for at, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = at * (high + gap) + gap / 2
        long = max(1.0, width * value / most)
        before = values[at - 1] if at else 0
        through = f"{value / before:.0%}" if before else ""
        said = f"{label}: {figure(value, unit)}" + (f", {through} of the step before" if at else "")
        parts += [
            _text(left - 10, y + high / 2 + 4, label, "end"),
            _rect(left + (width - long) / 2, y, long, high, "1", said),
            _text(WIDTH - 92, y + high / 2 + 4, figure(value, unit), "start", "chart-value"),
            _text(WIDTH - 4, y + high / 2 + 4, through, "end"),
        ]
    height = len(rows) * (high + gap)
    table: list[list[float | None]] = [[value] for value in values]
    return _figure(title, text, "".join(parts), height, ["Value"], labels, table, unit)


def waterfall(
    rows: Sequence[tuple[Any, ...]], *, title: str, unit: str = "", text: str = ""
) -> SafeString:
    """How changes lead from one amount to another; a row (label, value, True) is a total."""
    spans, level = [], 0.0
    for row in rows:
        is_total, value = len(row) > 2 and bool(row[2]), float(row[1])
        start = 0.0 if is_total else level
        level = value if is_total else level + value
        tone = "5" if is_total else "good" if value >= 0 else "bad"
        spans.append((str(row[0]), start, level, value, tone))
    up, marks = _value_axis([0.0, *(edge for span in spans for edge in span[1:3])], unit)
    across = _positions(len(spans))
    wide = _bar_width(len(spans))
    parts = [marks, _labels_below([span[0] for span in spans], across)]
    for at, (x, (label, start, end, value, tone)) in enumerate(zip(across, spans, strict=True)):
        top = min(up(start), up(end))
        sign = "+" if tone == "good" else ""
        said = f"{label}: {sign}{figure(value, unit)}"
        parts.append(_rect(x - wide / 2, top, wide, abs(up(start) - up(end)), tone, said))
        parts.append(
            _text(x, top - 5, sign + figure(value, unit, short=True), "middle", "chart-value")
        )
        if at + 1 < len(spans):
            parts.append(_rule(x + wide / 2, up(end), across[at + 1] - wide / 2, up(end)))
    table: list[list[float | None]] = [[span[3]] for span in spans]
    labels = [span[0] for span in spans]
    return _figure(title, text, "".join(parts), HEIGHT, ["Value"], labels, table, unit)


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
    up, marks = _value_axis([0.0, *(float(many) for _, _, many in found)], "")
    edges = Scale(0, max(1, len(found)), LEFT, WIDTH - RIGHT)
    parts = [marks]
    for at, (low, high, many) in enumerate(found):
        x, end = edges(at), edges(at + 1)
        said = f"{labels[at]}: {many}"
        parts.append(_rect(x + 1, up(many), end - x - 2, up(0) - up(many), "1", said))
        if many:
            parts.append(_text((x + end) / 2, up(many) - 5, str(many), "middle", "chart-value"))
        parts.append(_text(x, HEIGHT - 10, figure(low, unit, short=True), "middle"))
        if at + 1 == len(found):
            parts.append(_text(end, HEIGHT - 10, figure(high, unit, short=True), "end"))
    table: list[list[float | None]] = [[float(many)] for _, _, many in found]
    return _figure(title, text, "".join(parts), HEIGHT, ["Count"], labels, table, "")


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
    path = "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in points)
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


# Parts.


def figure(value: Number | None, unit: str, *, short: bool = False) -> str:
    """A number in its unit, as everywhere else on the page."""
    if value is None:
        return "–"
    number = Decimal(str(value))
    if unit == "%":
        return formats.percent_text(number)
    if short and abs(number) >= 1000:
        return formats.compact_money_text(number, unit)
    if unit and number == number.to_integral_value():
        return formats.money_text(number, unit).removesuffix(_empty_cents())
    if unit:
        return formats.money_text(number, unit)
    places = 0 if number == number.to_integral_value() else 1 if abs(number) >= 10 else 2
    return formats.number_text(number, places)


def _empty_cents() -> str:
    return formats.number_text(Decimal(0), 2)[1:]


def _standing(
    labels: Sequence[str],
    stacks: Sequence[Sequence[float]],
    unit: str,
    tone: str,
    series: Sequence[str] = (),
) -> str:
    totals = [sum(stack) for stack in stacks]
    up, marks = _value_axis([0.0, *totals], unit)
    across, wide = _positions(len(labels)), _bar_width(len(labels))
    parts = [marks, _labels_below(labels, across)]
    for x, label, stack, total in zip(across, labels, stacks, totals, strict=True):
        level = 0.0
        for at, value in enumerate(stack):
            name = f", {series[at]}" if series else ""
            said = f"{label}{name}: {figure(value, unit)}"
            end = level + value
            top = min(up(level), up(end))
            part = tone or str(at % 6 + 1)
            parts.append(_rect(x - wide / 2, top, wide, abs(up(end) - up(level)), part, said))
            level = end
        if wide >= 18:
            top = min(up(total), up(0)) - 5
            parts.append(_text(x, top, figure(total, unit, short=True), "middle", "chart-value"))
    return "".join(parts)


def _lying(
    labels: Sequence[str],
    stacks: Sequence[Sequence[float]],
    unit: str,
    tone: str,
    series: Sequence[str] = (),
) -> tuple[str, int]:
    # The label stands above its bar, where even a long one has room on a phone.
    high, row = 10, 38
    most = max([*(sum(stack) for stack in stacks), 1e-9])
    along = Scale(0, most, 0, WIDTH - 72)
    parts = []
    for at, (label, stack) in enumerate(zip(labels, stacks, strict=True)):
        y, level = at * row + 20, 0.0
        parts.append(_text(0, y - 6, label, "start"))
        for part, value in enumerate(stack):
            name = f", {series[part]}" if series else ""
            said = f"{label}{name}: {figure(value, unit)}"
            start, end = along(level), along(level + value)
            parts.append(_rect(start, y, end - start, high, tone or str(part % 6 + 1), said))
            level += value
        total = figure(level, unit, short=True)
        parts.append(_text(along(level) + 8, y + 9, total, "start", "chart-value"))
    return "".join(parts), max(1, len(labels)) * row


def _value_axis(values: Sequence[float], unit: str) -> tuple[Scale, str]:
    marks = ticks(min(values), max(values))
    up = Scale(marks[0], marks[-1], HEIGHT - BOTTOM, TOP)
    parts = []
    for mark in marks:
        name = "chart-axis" if mark == 0 else "chart-grid"
        parts.append(_rule(LEFT, up(mark), WIDTH - RIGHT, up(mark), name))
        parts.append(_text(LEFT - 8, up(mark) + 4, figure(mark, unit, short=True), "end"))
    return up, "".join(parts)


def _positions(many: int) -> list[float]:
    room = (WIDTH - LEFT - RIGHT) / max(1, many)
    return [LEFT + room * (at + 0.5) for at in range(many)]


def _bar_width(many: int) -> float:
    return min(56.0, (WIDTH - LEFT - RIGHT) / max(1, many) * 0.62)


def _label_width(labels: Sequence[str]) -> float:
    longest = max((len(label) for label in labels), default=0)
    return min(200.0, 20 + 8.2 * longest)


def _labels_below(labels: Sequence[str], across: Sequence[float]) -> str:
    """Every label that fits; of too many, every second, third and so on."""
    if not labels:
        return ""
    room = (WIDTH - LEFT - RIGHT) / len(labels)
    longest = max(len(label) for label in labels) * 6.6
    every = 1 if longest <= room else min(len(labels), -int(-longest // room))
    cut = int(room * every / 6.6)
    return "".join(
        _text(
            x, HEIGHT - 8, label if len(label) <= cut else label[: max(1, cut - 1)] + "…", "middle"
        )
        for at, label, x in zip(count(), labels, across)
        if at % every == 0
    )


def _rect(x: float, y: float, width: float, height: float, tone: str, said: str) -> SafeString:
    return el(
        "rect",
        inner=el("title", said),
        x=x,
        y=y,
        width=max(0, width),
        height=max(0, height),
        rx=min(2.0, max(0, height) / 2),
        class_=f"chart-mark chart-{tone}",
        fill=PLAIN[tone],
    )


def _dot(x: float, y: float, tone: str, said: str) -> SafeString:
    return el(
        "circle",
        inner=el("title", said),
        cx=x,
        cy=y,
        r=3.5,
        class_=f"chart-mark chart-{tone}",
        fill=PLAIN[tone],
    )


def _text(x: float, y: float, text: str, anchor: str, name: str = "chart-text") -> SafeString:
    return el("text", text, x=x, y=y, text_anchor=anchor, class_=name, fill="#4c505a", font_size=12)


def _rule(x1: float, y1: float, x2: float, y2: float, name: str = "chart-axis") -> SafeString:
    stroke = "#c3c6ce" if name == "chart-axis" else "#e5e6ea"
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=name, stroke=stroke)


def _figure(
    title: str,
    text: str,
    body: str,
    height: float,
    series: Sequence[str],
    labels: Sequence[str],
    table: Sequence[Sequence[float | None]],
    unit: str,
    *,
    legend: bool = False,
) -> SafeString:
    if not labels:
        return format_html(
            '<figure class="chart"><figcaption>{}</figcaption>'
            '<p class="muted">Nothing to show yet.</p></figure>',
            title,
        )
    described = text or _described(labels, table, unit)
    svg = el(
        "svg",
        inner=el("title", title) + el("desc", described) + body,
        viewBox=f"0 0 {WIDTH} {_short(height)}",
        width=WIDTH,
        height=height,
        role="img",
        aria_label=f"{title}. {described}",
    )
    return format_html(
        '<figure class="chart"><figcaption>{}</figcaption>'
        '<div class="chart-plot">{}</div>{}{}</figure>',
        title,
        svg,
        _legend(series) if legend else "",
        _data(title, series, labels, table, unit),
    )


def _described(labels: Sequence[str], table: Sequence[Sequence[float | None]], unit: str) -> str:
    sums = [sum(value or 0 for value in row) for row in table]
    most = max(range(len(sums)), key=sums.__getitem__)
    return f"{len(labels)} rows; the largest is {labels[most]} with {figure(sums[most], unit)}."


def _legend(series: Sequence[str]) -> SafeString:
    dots = (
        (
            el(
                "svg",
                inner=el(
                    "rect",
                    width=10,
                    height=10,
                    rx=2,
                    class_=f"chart-{at % 6 + 1}",
                    fill=PLAIN[str(at % 6 + 1)],
                ),
                viewBox="0 0 10 10",
                width=10,
                height=10,
                aria_hidden="true",
            ),
            name,
        )
        for at, name in enumerate(series)
    )
    return format_html(
        '<ul class="chart-legend">{}</ul>', format_html_join("", "<li>{}{}</li>", dots)
    )


def _data(
    title: str,
    series: Sequence[str],
    labels: Sequence[str],
    table: Sequence[Sequence[float | None]],
    unit: str,
) -> SafeString:
    head = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in series))
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (label, format_html_join("", "<td>{}</td>", ((figure(value, unit),) for value in row)))
            for label, row in zip(labels, table, strict=True)
        ),
    )
    return format_html(
        '<details class="chart-data"><summary>Data</summary><table><caption class="sr-only">{}'
        '</caption><thead><tr><th scope="col"><span class="sr-only">Row</span></th>{}</tr></thead>'
        "<tbody>{}</tbody></table></details>",
        title,
        head,
        rows,
    )


def _short(value: Any) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
