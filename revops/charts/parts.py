"""What charts are made of: SVG by attributes alone, axes, figures, the table of the data."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from math import ceil
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from revops.charts.scale import Scale, ticks
from revops.frame import formats

Number = int | float | Decimal
Row = tuple[Any, Number]
WIDTH, HEIGHT = 480, 220
TOP, BOTTOM, LEFT, RIGHT = 20, 28, 52, 8
LETTER, LARGE_LETTER = 6.6, 9.2
"""How wide a letter is, and on a phone."""
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
        f' {key.rstrip("_").replace("_", "-")}="{escape(short(value))}"'
        for key, value in attrs.items()
        if value is not None
    )
    return mark_safe(f"<{name}{given}>{escape(text)}{inner}</{name}>")


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


def value_axis(values: Sequence[float], unit: str) -> tuple[Scale, str]:
    counted = not unit and all(value == int(value) for value in values)
    marks = ticks(min(values), max(values), whole=counted)
    up = Scale(marks[0], marks[-1], HEIGHT - BOTTOM, TOP)
    parts = []
    for mark in marks:
        name = "chart-axis" if mark == 0 else "chart-grid"
        parts.append(rule(LEFT, up(mark), WIDTH - RIGHT, up(mark), name))
        parts.append(text_at(LEFT - 8, up(mark) + 4, figure(mark, unit, short=True), "end"))
    return up, "".join(parts)


def positions(many: int) -> list[float]:
    room = (WIDTH - LEFT - RIGHT) / max(1, many)
    return [LEFT + room * (at + 0.5) for at in range(many)]


def bar_width(many: int) -> float:
    return min(56.0, (WIDTH - LEFT - RIGHT) / max(1, many) * 0.62)


def label_width(labels: Sequence[str]) -> float:
    longest = max((len(label) for label in labels), default=0)
    return min(200.0, 20 + 8.2 * longest)


def labels_below(labels: Sequence[str], across: Sequence[float]) -> str:
    """Every label that fits; of too many, every second, third and so on.

    A phone shows larger letters, so what fits only where there is room says so.
    """
    if not labels:
        return ""
    room = (WIDTH - LEFT - RIGHT) / len(labels)
    longest = max(len(label) for label in labels)
    every = min(len(labels), ceil(longest * LETTER / room))
    seldom = every * ceil(min(len(labels), ceil(longest * LARGE_LETTER / room)) / every)
    cut = int(room * every / LETTER)
    return "".join(
        text_at(
            x,
            HEIGHT - 8,
            label if len(label) <= cut else label[: max(1, cut - 1)] + "…",
            "middle",
            "chart-text" if at % seldom == 0 else "chart-text chart-roomy",
        )
        for at, label, x in zip(count(), labels, across)
        if at % every == 0
    )


def labels_in_turn(labels: Sequence[str], across: Sequence[float]) -> str:
    """Every label: in one row where they fit, else in two rows by turns."""
    if not labels:
        return ""
    room = (WIDTH - LEFT - RIGHT) / len(labels)
    if max(len(label) for label in labels) * LETTER <= room:
        return labels_below(labels, across)
    cut = int(room * 2 / LETTER)
    return "".join(
        text_at(
            x,
            HEIGHT - (15 if at % 2 == 0 else 2),
            label if len(label) <= cut else label[: max(1, cut - 1)] + "…",
            "middle",
        )
        for at, label, x in zip(count(), labels, across)
    )


def rect(x: float, y: float, width: float, height: float, tone: str, said: str) -> SafeString:
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


def linked(mark: SafeString, href: str) -> SafeString:
    """A mark that opens what it stands for."""
    return el("a", inner=mark, href=href) if href else mark


def dot(x: float, y: float, tone: str, said: str) -> SafeString:
    return el(
        "circle",
        inner=el("title", said),
        cx=x,
        cy=y,
        r=3.5,
        class_=f"chart-mark chart-{tone}",
        fill=PLAIN[tone],
    )


def text_at(x: float, y: float, text: str, anchor: str, name: str = "chart-text") -> SafeString:
    return el("text", text, x=x, y=y, text_anchor=anchor, class_=name, fill="#4c505a", font_size=12)


def rule(x1: float, y1: float, x2: float, y2: float, name: str = "chart-axis") -> SafeString:
    stroke = "#c3c6ce" if name == "chart-axis" else "#e5e6ea"
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=name, stroke=stroke)


def frame(
    title: str,
    text: str,
    body: str,
    height: float,
    series: Sequence[str],
    labels: Sequence[str],
    table: Sequence[Sequence[float | None]],
    unit: str,
    *,
    legend: bool | Sequence[str] = False,
    data: bool = True,
    links: bool = False,
) -> SafeString:
    """The figure: title, drawing, legend, and the table of the data where none stands beside it."""
    if not labels:
        return format_html(
            '<figure class="chart"><figcaption>{}</figcaption>'
            '<p class="muted">Nothing to show yet.</p></figure>',
            title,
        )
    said = text or described(labels, table, unit)
    svg = el(
        "svg",
        inner=el("title", title) + el("desc", said) + body,
        viewBox=f"0 0 {WIDTH} {short(height)}",
        width=WIDTH,
        height=height,
        # What is an image holds no links for whoever does not see it.
        role="group" if links else "img",
        aria_label=f"{title}. {said}",
    )
    return format_html(
        '<figure class="chart"><figcaption>{}</figcaption>'
        '<div class="chart-plot">{}</div>{}{}</figure>',
        title,
        svg,
        legend_of(series, legend if isinstance(legend, Sequence) else ()) if legend else "",
        data_of(title, series, labels, table, unit) if data else "",
    )


def described(labels: Sequence[str], table: Sequence[Sequence[float | None]], unit: str) -> str:
    sums = [sum(value or 0 for value in row) for row in table]
    most = max(range(len(sums)), key=sums.__getitem__)
    return f"{len(labels)} rows; the largest is {labels[most]} with {figure(sums[most], unit)}."


def legend_of(series: Sequence[str], tones: Sequence[str] = ()) -> SafeString:
    tones = tones or [str(at % 6 + 1) for at in range(len(series))]
    dots = (
        (
            el(
                "svg",
                inner=el(
                    "rect",
                    width=10,
                    height=10,
                    rx=2,
                    class_=f"chart-{tone}",
                    fill=PLAIN[tone],
                ),
                viewBox="0 0 10 10",
                width=10,
                height=10,
                aria_hidden="true",
            ),
            name,
        )
        for name, tone in zip(series, tones, strict=True)
    )
    return format_html(
        '<ul class="chart-legend">{}</ul>', format_html_join("", "<li>{}{}</li>", dots)
    )


def data_of(
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


def short(value: Any) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
