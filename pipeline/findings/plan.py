"""The steps of a guided clean-up, in their order, and which deals each is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from pipeline.findings.context import Context
from pipeline.findings.judging import condition
from pipeline.findings.kinds import NEVER
from pipeline.models import Activity, Deal

DEAD_TIMES_STALE = 2


@dataclass(frozen=True)
class Step:
    """One step: what is done in it, and the condition for the deals it is about."""

    number: int
    key: str
    title: str
    sentence: str
    condition: Callable[[Context], Q] | None = None


def dead(context: Context) -> Q:
    """In their stage for more than twice what makes them stale, and nothing happened lately."""
    found = NEVER
    acts = Activity.objects.filter(deal=OuterRef("pk")).order_by("-happened_at", "-pk")
    # One value a deal, so that activities are asked only of the few that are old enough.
    last_act = Coalesce(Subquery(acts.values("happened_at")[:1]), F("entered_stage_at"))
    for stage_id, limit in context.limits.items():
        entered = context.at - timedelta(days=DEAD_TIMES_STALE * limit)
        silent = LessThan(last_act, context.at - timedelta(days=limit))
        found |= Q(stage=stage_id, entered_stage_at__lt=entered) & Q(silent)
    return found


def misplaced(context: Context) -> Q:
    """In a stage that their exit criteria do not speak for: done with it, or never asked it."""
    done_with = Q(missing_count=0) & ~Q(stage__in=sorted(context.last_stages))
    return done_with | condition("stage_skipped", context)


STEPS = (
    Step(
        1,
        "dead",
        "Close what is dead",
        "In a stage for more than twice the time that makes a deal stale, and nothing written "
        "down lately. Close them as lost; whoever wakes up can be reopened.",
        dead,
    ),
    Step(
        2,
        "missing",
        "Fill in what is missing",
        "The stage asks for something that the deal does not have.",
        lambda context: condition("items_missing", context),
    ),
    Step(
        3,
        "dates",
        "Reset close dates",
        "The expected close date has passed. Each gets a new one with its reason.",
        lambda context: condition("past_close_date", context),
    ),
    Step(
        4,
        "stages",
        "Put deals where they belong",
        "Deals that have everything their stage asks move on; those that jumped over stages go "
        "back or make up for it.",
        misplaced,
    ),
    Step(
        5,
        "enforce",
        "Enforce the rules",
        "Let the rules keep it clean from now on: what each stage asks, who may skip, when a "
        "deal is stale.",
    ),
)
LAST = STEPS[-1].number


def step_of(number: int) -> Step:
    return STEPS[number - 1]


def deals_of(step: Step, deals: QuerySet[Deal], context: Context) -> QuerySet[Deal]:
    """Those of the deals that the step is about."""
    if step.condition is None:
        return deals.none()
    return deals.filter(step.condition(context), status=Deal.Status.OPEN)


def counts_of(deals: QuerySet[Deal], context: Context) -> dict[str, int]:
    """How many deals each step is about."""
    return {step.key: deals_of(step, deals, context).count() for step in STEPS if step.condition}


def oldest_first(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    return deals.order_by(F("entered_stage_at").asc(nulls_last=True), "pk")
