"""One deal of the file: what of it is news, and what else its row says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.models import Deal
from pipeline.stages import Process, Rule
from pipeline.standings import Standing
from revops.imports.drafts import Record
from revops.imports.writing import Plan

PLACED = frozenset({"pipeline", "stage", "status", "closed_on", "entered_stage_on"})
"""Fields that say where a deal stands; they become visits and stamps, not plain columns."""


@dataclass
class Place:
    """Where a row says its deal stands."""

    process: Process
    rule: Rule
    status: str
    closed_on: date | None
    entered_at: datetime | None


@dataclass
class DealPlan(Plan[Deal]):
    """One deal of the file: what of it is news, and what else the row says (its quote)."""

    place: Place | None = None
    stood: Standing | None = None
    moved: bool = False
    attached: dict[str, Record] = field(default_factory=dict)
    attached_news: frozenset[str] = frozenset()
    was_due: date | None = None

    @property
    def status(self) -> str:
        """What the deal will be: open, won or lost."""
        if self.place and (self.is_new or self.moves):
            return self.place.status
        return self.row.status

    @property
    def moves(self) -> bool:
        """Whether the source says something new of where the deal stands."""
        return bool(PLACED & set(self.news))
