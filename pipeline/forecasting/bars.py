"""The bars of the change waterfall, and which of them a deal's day belongs to. Pure.

The unit is a deal and a day: how the deal stood in the evening beside how it had stood the
evening before. A deal counts while it is open, in the pipeline, with one of the owners asked
for, and expected to close in the window. What it then adds to or takes from the bars is exactly
the difference of the two evenings, so starting + changes = ending whatever happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from pipeline.forecasting.periods import month_of

NOTHING = Decimal(0)
NOBODY = 0
"""The owner of many deals taken together."""


class Bar(StrEnum):
    """One bar between starting and ending, in the order in which they stand."""

    NEW = "new"
    PULLED_IN = "pulled_in"
    SLIPPED_IN = "slipped_in"
    DATED = "dated"
    REOPENED = "reopened"
    TRANSFERRED_IN = "transferred_in"
    REASSIGNED_IN = "reassigned_in"
    INCREASED = "increased"
    DECREASED = "decreased"
    CURRENCY = "currency"
    PUSHED_OUT = "pushed_out"
    MOVED_EARLIER = "moved_earlier"
    UNDATED = "undated"
    TRANSFERRED_OUT = "transferred_out"
    REASSIGNED_OUT = "reassigned_out"
    WON = "won"
    LOST = "lost"


LABELS = {
    Bar.NEW: "New",
    Bar.PULLED_IN: "Pulled in",
    Bar.SLIPPED_IN: "From earlier",
    Bar.DATED: "Dated",
    Bar.REOPENED: "Reopened",
    Bar.TRANSFERRED_IN: "Transferred in",
    Bar.REASSIGNED_IN: "Taken over",
    Bar.INCREASED: "Increased",
    Bar.DECREASED: "Decreased",
    Bar.CURRENCY: "Currency",
    Bar.PUSHED_OUT: "Pushed out",
    Bar.MOVED_EARLIER: "To earlier",
    Bar.UNDATED: "Undated",
    Bar.TRANSFERRED_OUT: "Transferred out",
    Bar.REASSIGNED_OUT: "Given away",
    Bar.WON: "Won",
    Bar.LOST: "Lost",
}

MEANINGS = {
    Bar.NEW: "Deals created, at what they were worth that evening",
    Bar.PULLED_IN: "Expected after the window before, and in it now",
    Bar.SLIPPED_IN: "Expected before the window, and pushed into it",
    Bar.DATED: "Had no close date, and has one in the window now",
    Bar.REOPENED: "Closed deals taken up again",
    Bar.TRANSFERRED_IN: "Came from another pipeline",
    Bar.REASSIGNED_IN: "Came from an owner outside this selection",
    Bar.INCREASED: "The amount rose",
    Bar.DECREASED: "The amount fell",
    Bar.CURRENCY: "The amount is in another currency now",
    Bar.PUSHED_OUT: "Expected after the window now",
    Bar.MOVED_EARLIER: "Expected before the window now",
    Bar.UNDATED: "Has no close date any more",
    Bar.TRANSFERRED_OUT: "Went to another pipeline",
    Bar.REASSIGNED_OUT: "Went to an owner outside this selection",
    Bar.WON: "Closed as won, at what was won",
    Bar.LOST: "Closed as lost",
}


class Place(StrEnum):
    """Where a deal stands in the eyes of one waterfall."""

    ABSENT = "absent"
    ELSEWHERE = "elsewhere"
    OTHERS = "others"
    WON = "won"
    LOST = "lost"
    LATER = "later"
    EARLIER = "earlier"
    UNDATED = "undated"
    HERE = "here"


COMES_BY = {
    Place.ABSENT: Bar.NEW,
    Place.ELSEWHERE: Bar.TRANSFERRED_IN,
    Place.OTHERS: Bar.REASSIGNED_IN,
    Place.WON: Bar.REOPENED,
    Place.LOST: Bar.REOPENED,
    Place.LATER: Bar.PULLED_IN,
    Place.EARLIER: Bar.SLIPPED_IN,
    Place.UNDATED: Bar.DATED,
}
GOES_BY = {
    Place.ELSEWHERE: Bar.TRANSFERRED_OUT,
    Place.OTHERS: Bar.REASSIGNED_OUT,
    Place.WON: Bar.WON,
    Place.LOST: Bar.LOST,
    Place.LATER: Bar.PUSHED_OUT,
    Place.EARLIER: Bar.MOVED_EARLIER,
    Place.UNDATED: Bar.UNDATED,
}
CLOSED = (Place.WON, Place.LOST)


@dataclass(frozen=True)
class Evening:
    """How a deal stood at the end of a day."""

    status: str
    owner_id: int
    amount: Decimal
    currency: str
    close_date: date | None
    is_here: bool = True
    """Whether it was in the pipeline that is looked at."""


@dataclass(frozen=True)
class Window:
    """The close dates that count; without an end it is open on that side."""

    first: date | None = None
    last: date | None = None

    @property
    def is_all(self) -> bool:
        return self.first is None and self.last is None

    def holds(self, day: date) -> bool:
        return not (self.first and day < self.first) and not (self.last and day > self.last)


@dataclass(frozen=True)
class View:
    """Whose deals and which close dates a waterfall is about; owners None are all."""

    window: Window = Window()
    owners: frozenset[int] | None = None


@dataclass(frozen=True)
class Piece:
    """What one deal's day adds to one bar; the amount has its sign."""

    bar: Bar
    currency: str
    amount: Decimal


def place_of(evening: Evening | None, view: View) -> Place:
    if evening is None:
        return Place.ABSENT
    if not evening.is_here:
        return Place.ELSEWHERE
    if view.owners is not None and evening.owner_id not in view.owners:
        return Place.OTHERS
    if evening.status != "open":
        return Place(evening.status)
    return place_by_date(evening.close_date, view.window)


def place_by_date(day: date | None, window: Window) -> Place:
    if window.is_all:
        return Place.HERE
    if day is None:
        return Place.UNDATED
    if window.holds(day):
        return Place.HERE
    return Place.EARLIER if window.first and day < window.first else Place.LATER


def pieces(before: Evening | None, after: Evening | None, day: date, view: View) -> Iterator[Piece]:
    """What a deal's day adds to the bars.

    What leaves does so at what it is worth now, so the won bar is what was won; the change of
    its amount stands in increased or decreased. What was won or lost on a day in the window
    counts even where it was not expected there: it comes in and goes out.
    """
    was, now = place_of(before, view), place_of(after, view)
    if after is None or is_over(before, after):
        return
    if was is Place.HERE:
        assert before is not None
        yield from change_of_amount(before, after)
        if now is not Place.HERE:
            yield Piece(GOES_BY[now], after.currency, -after.amount)
    elif now is Place.HERE:
        yield Piece(COMES_BY[was], after.currency, after.amount)
    elif now in CLOSED and view.window.holds(day):
        yield Piece(COMES_BY[was], after.currency, after.amount)
        yield Piece(GOES_BY[now], after.currency, -after.amount)


def is_over(before: Evening | None, after: Evening) -> bool:
    """Whether the deal was closed already, and nothing of this is about being open."""
    return before is not None and before.status != "open" and before.status == after.status


def change_of_amount(before: Evening, after: Evening) -> Iterator[Piece]:
    if before.currency != after.currency:
        yield Piece(Bar.CURRENCY, before.currency, -before.amount)
        yield Piece(Bar.CURRENCY, after.currency, after.amount)
        return
    change = after.amount - before.amount
    if change:
        yield Piece(Bar.INCREASED if change > 0 else Bar.DECREASED, after.currency, change)


# A tally knows of a day only what all its deals share: their months and the way it went.


def shape_of(evening: Evening | None) -> str:
    """An evening without its deal: absent, elsewhere, won, lost, or open with a month."""
    if evening is None:
        return "absent"
    if not evening.is_here:
        return "elsewhere"
    if evening.status != "open":
        return evening.status
    return f"{evening.close_date:%Y-%m}" if evening.close_date else "undated"


def evening_of(shape: str, amount: Decimal, currency: str, owner: int = NOBODY) -> Evening | None:
    """An evening of that shape, for a window of whole months."""
    if shape == "absent":
        return None
    if shape in ("won", "lost", "elsewhere"):
        status = "open" if shape == "elsewhere" else shape
        return Evening(status, owner, amount, currency, None, is_here=shape != "elsewhere")
    day = None if shape == "undated" else month_of(date.fromisoformat(f"{shape}-01")).starts_on
    return Evening("open", owner, amount, currency, day)
