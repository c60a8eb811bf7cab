"""What every page of reports is made of: figures, charts and tables that also become files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.safestring import SafeString

from pipeline.metrics import METRICS, Metric, Rate
from pipeline.reports.shapes import Money
from pipeline.views.rows import is_long
from revops.charts.rates import RateMark
from revops.exports import Sheet
from revops.frame import formats

NBSP = "\N{NO-BREAK SPACE}"
IN_PERIOD, COHORT, NOW = "In period", "Cohort", "Now"
MOST_BARS = 12
"""Rows of a chart; the table beside it has them all."""
TOO_FEW, NO_BASE = "not enough data", "n/a"


# Words for numbers


def share_text(value: Fraction | float | None, places: int = 0) -> str:
    """A fraction in hundredths: 27 %."""
    if value is None:
        return NO_BASE
    text = formats.number_text(decimal(value) * 100, places)
    return (
        (text.removesuffix(formats.number_text(Decimal(0), 1)[1:]) if places else text) + NBSP + "%"
    )


def rate_text(rate: Rate | None) -> str:
    """A rate as it may be shown: not under twenty cases, and never of nothing."""
    if rate is None or rate.value is None:
        return NO_BASE
    if not rate.enough:
        return TOO_FEW
    return share_text(rate.value, 1 if rate.is_certain else 0)


def interval_text(rate: Rate | None) -> str:
    """Where the rate likely lies: 24–31 %; empty where it is certain, or too little is known."""
    if rate is None or not rate.enough or rate.low is None or rate.high is None:
        return ""
    low = formats.number_text(decimal(rate.low) * 100, 0)
    return f"{low}–{share_text(rate.high)}"


def n_text(rate: Rate | None) -> str:
    return f"n{NBSP}{formats.number_text(Decimal(rate.n), 0)}" if rate is not None else ""


def basis_text(rate: Rate | None) -> str:
    return " · ".join(filter(None, [interval_text(rate), n_text(rate)]))


def days_text(days: Fraction | float | int | None) -> str:
    if days is None:
        return NO_BASE
    value = decimal(days)
    places = 0 if value == value.to_integral_value() or value >= 100 else 1
    return formats.number_text(value, places)


def times_text(value: Fraction | None) -> str:
    return NO_BASE if value is None else formats.number_text(decimal(value), 1) + "×"


def count_text(value: int) -> str:
    return formats.number_text(Decimal(value), 0)


def money_text(value: Money | None) -> str:
    if value is None:
        return NO_BASE
    return formats.compact_money_text(value.amount, value.currency)


def decimal(value: Fraction | float | int | Decimal) -> Decimal:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return value if isinstance(value, Decimal) else Decimal(str(value))


def hundredths(value: Fraction | float | None) -> float | None:
    """A fraction as charts take it."""
    return None if value is None else round(float(value) * 100, 2)


def month_text(month: date, *, year: bool) -> str:
    """A month as an axis names it."""
    return f"{month:%b %Y}" if year else f"{month:%b}"


def rounded(value: Fraction | float | int | None) -> float | None:
    """Days as charts take them."""
    return None if value is None else round(float(value), 1)


# What stands on a page


@dataclass(frozen=True)
class Tile:
    """One figure: what it is, on what it is based, and the deals behind it."""

    label: str
    value: str
    basis: str = ""
    hint: str = ""
    href: str = ""
    tone: str = ""


def rate_tile(label: str, rate: Rate, basis: str, href: str = "", hint: str = "") -> Tile:
    said = " · ".join(filter(None, [basis_text(rate), hint]))
    return Tile(label, rate_text(rate), basis, said, href)


def rate_mark(label: str, rate: Rate, href: str = "") -> RateMark:
    """A rate as charts draw it: no bar where too little is known."""
    said = f"{rate_text(rate)} · {n_text(rate)}"
    if not rate.enough:
        return RateMark(label, None, note=said, href=href)
    ends = hundredths(rate.low), hundredths(rate.high)
    return RateMark(label, hundredths(rate.value), *ends, note=said, href=href)


@dataclass(frozen=True)
class Column:
    """One column: how its values are shown, and how they go into a file."""

    label: str
    kind: str = "text"
    basis: str = ""

    @property
    def is_number(self) -> bool:
        return self.kind != "text"

    @property
    def heads(self) -> list[str]:
        """What it is called in a file; a rate takes four columns, so that nothing is lost."""
        name = f"{self.label} ({self.basis.lower()})" if self.basis else self.label
        if self.kind == "rate":
            return [name, f"{name}, from", f"{name}, to", f"{name}, n"]
        return [name]

    def values(self, value: Any) -> list[Any]:
        """What a file says of one cell, unrounded but for money."""
        if self.kind == "rate":
            rate = value if isinstance(value, Rate) else Rate(0, 0)
            return [rate.value, rate.low, rate.high, rate.n]
        if isinstance(value, Rate):
            return [value.value]
        if isinstance(value, Money):
            return [formats.rounded(value.amount, value.currency)]
        return [value]


@dataclass(frozen=True)
class Cell:
    """One value, with the deals behind it and what is said below it."""

    value: Any = None
    href: str = ""
    note: str = ""
    tone: str = ""


Row = Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """Rows under columns, the first of which names the row."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: Row | None = None
    size: int = 0
    """How many rows there are, where the page may show only the first of them."""

    @property
    def is_cut(self) -> bool:
        return self.size > len(self.rows)

    @property
    def is_long(self) -> bool:
        return is_long(self.size)

    @property
    def all_rows(self) -> list[Row]:
        return [*self.rows, self.total] if self.total else list(self.rows)

    @property
    def total_rows(self) -> list[Row]:
        return [self.total] if self.total else []

    def sheet(self) -> Sheet:
        header = [head for column in self.columns for head in column.heads]
        rows = [
            [
                value
                for column, cell in zip(self.columns, row, strict=True)
                for value in column.values(cell.value)
            ]
            for row in self.all_rows
        ]
        return Sheet(self.title, header, rows)


@dataclass(frozen=True)
class Section:
    """One look at the numbers: charts, their table, how it is counted, what is left out."""

    title: str
    basis: str = ""
    charts: Sequence[SafeString] = ()
    table: Table | None = None
    metrics: Sequence[str] = ()
    notes: Sequence[str] = ()
    layout: str = ""
    """How charts and table share the width: beside each other, "table" first, or all "wide"."""
    tiles: Sequence[Tile] = ()
    signs: Sequence[str] = ()
    """What stands before each figure where they make a sum."""
    hides_table: bool = False
    """Whether the figures say all that the table would; it goes into files alone."""

    @property
    def signed_tiles(self) -> list[tuple[str, Tile]]:
        return list(zip(self.signs or [""] * len(self.tiles), self.tiles, strict=True))

    @property
    def definitions(self) -> list[Metric]:
        return [METRICS[key] for key in self.metrics if key in METRICS]


@dataclass(frozen=True)
class Answer:
    """Everything a page of one report shows; without cases, what would fill it."""

    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = ()
    empty: str = ""
    notes: Sequence[str] = ()
    moneys: Sequence[Money] = field(default=())

    @property
    def signed_tiles(self) -> list[tuple[str, Tile]]:
        return [("", tile) for tile in self.tiles]

    @property
    def tables(self) -> list[Table]:
        return [section.table for section in self.sections if section.table]

    @property
    def unconverted(self) -> dict[str, Decimal]:
        """Amounts without a rate, which no sum on the page holds."""
        return {
            currency: amount
            for money in self.moneys
            for currency, amount in money.unconverted.items()
        }
