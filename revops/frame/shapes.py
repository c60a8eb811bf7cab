"""What the larger components are given; dictionaries of the same names serve as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class StageMark:
    """One stage on the path. state: done, current, next, skipped, won, lost."""

    label: str
    state: str
    note: str = ""  # "12 days", "since Tuesday"
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class CheckItem:
    """One required item or exit criterion."""

    key: str
    label: str
    done: bool
    value: str = ""  # what is there
    sentence: str = ""  # how to meet it
    by: Any = None
    at: datetime | None = None
    url: str = ""  # where it is filled in
    is_debt: bool = False
    due: date | None = None


@dataclass(frozen=True)
class RoutePerson:
    """One asked person. state: planned, waiting, approved, rejected, returned, skipped, closed."""

    person: Any
    state: str = "planned"
    at: datetime | None = None
    reason: str = ""
    because: str = ""  # why this person: "stands in for Leo Park, who is away"


@dataclass(frozen=True)
class RouteStep:
    """One step of a route.

    state: planned, waiting, approved, rejected, returned, bypassed, skipped, carried.
    """

    label: str
    state: str = "planned"
    people: Sequence[RoutePerson] = ()
    mode: str = ""  # "first response", "both"
    reasons: Sequence[str] = ()  # why the step is there
    due: datetime | None = None
    expected: str = ""  # "1 working day"


@dataclass(frozen=True)
class TraceRow:
    """One rule that was tried, with its operands."""

    rule: str
    sentence: str
    hit: bool
    outcome: str = ""  # "asks VP sales"
    operands: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class TermChange:
    """One term on its way: was (the standard, or the last approved), asked. worse: for us."""

    label: str
    was: Any
    asked: Any
    change: str = ""
    tone: str = ""  # bad, good or nothing


@dataclass(frozen=True)
class Happening:
    """One entry of a timeline."""

    sentence: str
    at: datetime
    by: Any = None
    icon: str = "circle-dot"
    tone: str = ""
    via: str = ""
    body: str = ""
    changes: Sequence[tuple[str, str, str]] = ()  # label, before, after
    url: str = ""


@dataclass(frozen=True)
class BoardCard:
    """One deal on the board."""

    key: Any
    title: str
    url: str
    account: str = ""
    amount: Decimal | None = None
    currency: str = ""
    close_date: date | None = None
    owner: Any = None
    age: str = ""
    finding: str = ""
    finding_tone: str = "warn"
    waiting: str = ""
    owed: str = ""
    owed_is_late: bool = False
    move_url: str = ""  # where its "Move to" leads; empty where it may not be moved
    version: int | str | None = None
