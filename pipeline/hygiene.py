"""What is wrong with an open deal, by separate clocks that are never mixed.

The one definition: `problems_of` judges a deal that is at hand, `has_problem` finds such deals
in the database. Limits are applied when asked, so that a changed one holds for old deals too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from pipeline.models import Deal
from pipeline.stages import Process, Rule

PUSHED_TOO_OFTEN = 2
STALE_TIMES_AVERAGE = 2


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a deal."""

    key: str
    label: str
    sentence: str


Limits = Mapping[int, float]
"""Days after which a deal is stale, by the number of its stage."""


def stale_after(rule: Rule, average_days: float | None) -> float | None:
    """Days after which a deal in this stage is stale; None where nothing is said.

    Twice the average stay, or the stage's default where too few deals have left it.
    """
    if average_days is not None:
        return STALE_TIMES_AVERAGE * average_days
    return rule.default_stale_days


def limits_of(process: Process, averages: Mapping[int, float]) -> Limits:
    """The limit of every open stage, from the average stays by stage number."""
    found = {
        rule.stage_id: stale_after(rule, averages.get(rule.stage_id)) for rule in process.open_rules
    }
    return {stage_id: days for stage_id, days in found.items() if days is not None}


def days_in_stage(deal: Deal, at: datetime) -> int | None:
    """Whole days since the deal entered its stage; None where that is unknown."""
    return (at - deal.entered_stage_at).days if deal.entered_stage_at else None


def days_since_buyer(deal: Deal, at: datetime) -> int | None:
    """Whole days since the buyer last did something; None when they never did."""
    return (at - deal.buyer_acted_at).days if deal.buyer_acted_at else None


def days_past_close(deal: Deal, today: date) -> int:
    """Days by which an open deal has missed its expected close date."""
    if not deal.is_open or deal.close_date is None:
        return 0
    return max(0, (today - deal.close_date).days)


def is_stale(deal: Deal, limits: Limits, at: datetime) -> bool:
    limit = limits.get(deal.stage_id)
    if limit is None or deal.entered_stage_at is None:
        return False
    return deal.entered_stage_at < at - timedelta(days=limit)


def problems_of(deal: Deal, limits: Limits, *, at: datetime, today: date) -> list[Problem]:
    """Everything that is wrong with the deal; a closed deal has no problems."""
    if not deal.is_open:
        return []
    found = []
    if is_stale(deal, limits, at):
        days, limit = days_in_stage(deal, at), limits[deal.stage_id]
        text = f"{days} days in this stage; {limit:.0f} is the most for it."
        found.append(Problem("stale", "Stale", text))
    if past := days_past_close(deal, today):
        text = f"The close date was {past} day{'s' if past > 1 else ''} ago."
        found.append(Problem("past_close_date", "Past close date", text))
    if deal.push_count >= PUSHED_TOO_OFTEN:
        text = f"The close date was pushed {deal.push_count} times."
        found.append(Problem("pushed", "Pushed", text))
    if not deal.next_step:
        text = "Nobody has said what happens next."
        found.append(Problem("no_next_step", "No next step", text))
    return found


def has_problem(limits: Limits, *, at: datetime, today: date) -> Q:
    """The condition for open deals of which `problems_of` would name a problem."""
    wrong = Q(close_date__lt=today) | Q(push_count__gte=PUSHED_TOO_OFTEN) | Q(next_step="")
    for stage_id, days in limits.items():
        wrong |= Q(stage=stage_id, entered_stage_at__lt=at - timedelta(days=days))
    return Q(status=Deal.Status.OPEN) & wrong
