"""The limits by which deals are judged: what holds at a moment, known before any deal is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Context:
    """The moment of judging and every limit that holds at it."""

    at: datetime
    today: date
    zone: ZoneInfo
    limits: Mapping[int, float] = field(default_factory=dict)
    """Days after which a deal is stale, by the number of its stage."""
    silence: Mapping[int, int] = field(default_factory=dict)
    """Days without anything from the buyer, by the number of the pipeline."""
    decided_in: frozenset[int] = frozenset()
    """Numbers of the stages in which a deal is expected to have a decision maker."""
    last_stages: frozenset[int] = frozenset()
    """Numbers of the stages after which a deal can only be won or lost."""

    def day(self, moment: datetime) -> date:
        """The company's day of a moment."""
        return moment.astimezone(self.zone).date()

    def stale_before(self, stage_id: int) -> datetime | None:
        """Deals in this stage that entered it before are stale; None where no limit is known."""
        limit = self.limits.get(stage_id)
        return None if limit is None else self.at - timedelta(days=limit)

    def silent_before(self, pipeline_id: int) -> datetime | None:
        """Deals of this pipeline whose buyer was last heard before are silent."""
        days = self.silence.get(pipeline_id)
        return None if days is None else self.at - timedelta(days=days)
