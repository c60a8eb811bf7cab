"""Between which limits and moments kept counts of findings hold.

Time alone lets a finding begin and never lets it end, and so does a limit that becomes tighter.
A deal that has the same findings at the earliest and at the latest end of a frame therefore has
them anywhere between. Averages that move a little from hour to hour stay within a frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.findings.judging import kinds, problem_keys
from pipeline.limits import Context
from pipeline.models import FindingFrame

BEFORE = timedelta(minutes=5)
"""So far may the clock of whoever reads be behind."""
AHEAD = timedelta(hours=6)
RENEWED = AHEAD / 2
"""A frame is made anew after so long, well before anybody is without one."""
MARGIN = 0.25
"""Days by which the limit of a stage may move within a frame."""


@dataclass(frozen=True)
class Frame:
    """Two ends, each a set of limits at a moment."""

    number: int
    made_at: datetime
    early: Context
    late: Context
    told: list[Any]

    def holds(self, context: Context) -> bool:
        """Whether deals judged by these limits are judged between the two ends."""
        return (
            self.told == kinds_told()
            and self.early.decided_in == context.decided_in
            and self.early.at <= context.at <= self.late.at
            and self.early.today <= context.today <= self.late.today
            and between(*(stale_since(each) for each in (self.early, context, self.late)))
            and between(*(silent_since(each) for each in (self.early, context, self.late)))
        )

    def is_due(self, at: datetime) -> bool:
        """Whether it is time for the next one."""
        return at >= self.made_at + RENEWED


Moments = Mapping[int, datetime | None]


def stale_since(context: Context) -> Moments:
    return {stage_id: context.stale_before(stage_id) for stage_id in context.limits}


def silent_since(context: Context) -> Moments:
    return {pipeline_id: context.silent_before(pipeline_id) for pipeline_id in context.silence}


def between(first: Moments, moments: Moments, last: Moments) -> bool:
    return first.keys() == moments.keys() and all(
        early <= moment <= late
        for key, moment in moments.items()
        if moment and (early := first[key]) and (late := last[key])
    )


def kinds_told() -> list[Any]:
    """The kinds in the order in which they are counted, and which of them are problems."""
    return [[kind.key for kind in kinds()], problem_keys()]


# Keeping it


def frame_around(context: Context) -> FindingFrame:
    """A frame for the limits in force, not yet written."""
    limits = {
        "zone": str(context.zone),
        "stale": {str(key): days for key, days in sorted(context.limits.items())},
        "silence": {str(key): days for key, days in sorted(context.silence.items())},
        "decided_in": sorted(context.decided_in),
        "kinds": kinds_told(),
    }
    return FindingFrame(made_at=context.at, limits=limits)


def frame_of(row: FindingFrame) -> Frame:
    kept, zone = row.limits, ZoneInfo(row.limits["zone"])
    context = Context(
        row.made_at,
        day_of(row.made_at, zone),
        zone,
        {int(key): days for key, days in kept["stale"].items()},
        {int(key): days for key, days in kept["silence"].items()},
        frozenset(kept["decided_in"]),
    )
    early, late = moved(context, -BEFORE, MARGIN), moved(context, AHEAD, -MARGIN)
    return Frame(row.pk, row.made_at, early, late, kept["kinds"])


def moved(context: Context, by: timedelta, margin: float) -> Context:
    at = context.at + by
    limits = {key: days + margin for key, days in context.limits.items()}
    return replace(context, at=at, today=day_of(at, context.zone), limits=limits)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def present_frame() -> Frame | None:
    """The frame of the kept counts; None where nothing is counted yet."""
    row = FindingFrame.objects.order_by("-pk").first()
    return frame_of(row) if row else None
