"""The findings that the pipeline itself knows: each as a condition and as a judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Max, Q

from pipeline.findings.context import Context, days_in_stage
from pipeline.models import ClosePush, Deal
from pipeline.registry import BAD, INFO, WARN, FindingKind, Seen
from revops.addresses import address_of

PUSHED_TOO_OFTEN = 2
DAY = timedelta(days=1)
NEVER = Q(pk__in=[])


def days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def things(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def page(name: str, place: str = "") -> Callable[[Deal, Context], str]:
    """The address of one of the deal's pages."""
    return lambda deal, context: address_of(f"pipeline:{name}", deal.pk) + place


# Time


def stale(context: Context) -> Q:
    found = NEVER
    for stage_id in context.limits:
        found |= Q(stage=stage_id, entered_stage_at__lt=context.stale_before(stage_id))
    return found


def judge_stale(deal: Deal, context: Context, fact: Any) -> Seen | None:
    before = context.stale_before(deal.stage_id)
    if before is None or deal.entered_stage_at is None or deal.entered_stage_at >= before:
        return None
    limit = context.limits[deal.stage_id]
    since = context.day(deal.entered_stage_at + timedelta(days=limit))
    here = days(days_in_stage(deal, context.at) or 0)
    return Seen(since, f"{here} in this stage; {limit:.0f} is the most for it.")


def onward(deal: Deal, context: Context) -> str:
    """Where the deal is moved on: the next stage, or winning from the last one."""
    verb = "win" if deal.stage_id in context.last_stages else "advance"
    return address_of(f"pipeline:deal-{verb}", deal.pk)


def past_close_date(context: Context) -> Q:
    return Q(close_date__lt=context.today)


def judge_past_close_date(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if deal.close_date is None or deal.close_date >= context.today:
        return None
    past = days((context.today - deal.close_date).days)
    return Seen(deal.close_date + DAY, f"The close date was {past} ago.")


def buyer_silent(context: Context) -> Q:
    found = NEVER
    for pipeline_id in context.silence:
        before = context.silent_before(pipeline_id)
        found |= Q(pipeline=pipeline_id) & (
            Q(buyer_acted_at__lt=before) | Q(buyer_acted_at=None, created_at__lt=before)
        )
    return found


def judge_buyer_silent(deal: Deal, context: Context, fact: Any) -> Seen | None:
    before = context.silent_before(deal.pipeline_id)
    last = deal.buyer_acted_at or deal.created_at
    if before is None or last >= before:
        return None
    limit = context.silence[deal.pipeline_id]
    silent = days((context.at - last).days)
    sentence = (
        f"Nothing from the buyer for {silent}; {limit} is the most."
        if deal.buyer_acted_at
        else f"Nothing from the buyer since the deal was entered {silent} ago."
    )
    return Seen(context.day(last + timedelta(days=limit)), sentence)


# Pushes


def pushed(context: Context) -> Q:
    return Q(push_count__gte=PUSHED_TOO_OFTEN, push_count__gt=F("reviewed_pushes"))


def waits_for_review(deal: Deal) -> bool:
    """Whether nobody has looked at the forecast of this open deal since its last push."""
    often = deal.push_count >= PUSHED_TOO_OFTEN
    return deal.is_open and often and deal.push_count > deal.reviewed_pushes


def judge_pushed(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if not waits_for_review(deal):
        return None
    since = context.day(fact) if isinstance(fact, datetime) else None
    return Seen(since, f"The close date was pushed {deal.push_count} times.")


def last_pushes(deals: Sequence[Deal], context: Context) -> Mapping[int, datetime]:
    """When those that were pushed too often were last pushed."""
    often = [deal.pk for deal in deals if deal.push_count >= PUSHED_TOO_OFTEN]
    if not often:
        return {}
    rows = ClosePush.objects.filter(deal__in=often).order_by().values_list("deal")
    return dict(rows.annotate(Max("pushed_at")))


# What is wanting


def no_next_step(context: Context) -> Q:
    return Q(next_step="")


def judge_no_next_step(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if deal.next_step:
        return None
    return Seen(since_entry(deal, context), "Nobody has said what happens next.")


def since_entry(deal: Deal, context: Context) -> date:
    """The day from which the present stage could have had it."""
    return context.day(deal.entered_stage_at or deal.created_at)


def no_decision_maker(context: Context) -> Q:
    return Q(stage__in=sorted(context.decided_in), decision_maker_known=False)


def judge_no_decision_maker(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if deal.decision_maker_known or deal.stage_id not in context.decided_in:
        return None
    return Seen(since_entry(deal, context), "No contact of this deal is its decision maker.")


def items_missing(context: Context) -> Q:
    return Q(missing_count__gt=0)


def judge_items_missing(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if not deal.missing_count:
        return None
    asked = things(deal.missing_count, "thing")
    sentence = f"{asked} that this stage asks {'is' if deal.missing_count == 1 else 'are'} missing."
    return Seen(since_entry(deal, context), sentence)


# Skipped stages


def debt_overdue(context: Context) -> Q:
    return Q(debt_due_on__lt=context.today)


def judge_debt_overdue(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if deal.debt_due_on is None or deal.debt_due_on >= context.today:
        return None
    past = days((context.today - deal.debt_due_on).days)
    return Seen(deal.debt_due_on + DAY, f"What skipped stages are owed was due {past} ago.")


def stage_skipped(context: Context) -> Q:
    return Q(skipped_at__isnull=False)


def judge_stage_skipped(deal: Deal, context: Context, fact: Any) -> Seen | None:
    if deal.skipped_at is None:
        return None
    return Seen(context.day(deal.skipped_at), "The deal jumped over stages it was never in.")


OWN_KINDS = (
    FindingKind(
        "past_close_date",
        "Past close date",
        BAD,
        "The expected close date has passed and the deal is still open.",
        past_close_date,
        judge_past_close_date,
        "Move the close date",
        page("deal-push"),
        order="close_date",
    ),
    FindingKind(
        "debt_overdue",
        "Debt overdue",
        BAD,
        "What skipped stages are owed was not filled in by its day.",
        debt_overdue,
        judge_debt_overdue,
        "Fill in what is owed",
        page("deal-detail", "#checklist"),
        order="debt_due_on",
    ),
    FindingKind(
        "stale",
        "Stale",
        WARN,
        "The deal is in its stage for more than twice the usual time.",
        stale,
        judge_stale,
        "Move it on or close it",
        onward,
        order="entered_stage_at",
    ),
    FindingKind(
        "pushed",
        "Pushed",
        WARN,
        "The close date was pushed twice or more and nobody has reviewed the forecast since.",
        pushed,
        judge_pushed,
        "Review the forecast",
        page("deal-detail", "#money"),
        read=last_pushes,
        order="close_date",
    ),
    FindingKind(
        "buyer_silent",
        "Buyer silent",
        WARN,
        "Nothing came from the buyer for longer than the pipeline allows.",
        buyer_silent,
        judge_buyer_silent,
        "Write down what the buyer did",
        page("deal-detail", "#composer"),
        order="entered_stage_at",
    ),
    FindingKind(
        "no_next_step",
        "No next step",
        WARN,
        "Nobody has said what happens next.",
        no_next_step,
        judge_no_next_step,
        "Plan the next step",
        page("deal-detail", "#next-step"),
        order="entered_stage_at",
    ),
    FindingKind(
        "no_decision_maker",
        "No decision maker",
        WARN,
        "The deal is where somebody must decide, and nobody is known who does.",
        no_decision_maker,
        judge_no_decision_maker,
        "Name the decision maker",
        page("deal-detail", "#checklist"),
        order="entered_stage_at",
    ),
    FindingKind(
        "items_missing",
        "Items missing",
        INFO,
        "The present stage asks for something that the deal does not have yet.",
        items_missing,
        judge_items_missing,
        "Fill in what is missing",
        page("deal-detail", "#checklist"),
        order="entered_stage_at",
    ),
    FindingKind(
        "stage_skipped",
        "Stages skipped",
        INFO,
        "The deal jumped over stages that it has not been in since.",
        stage_skipped,
        judge_stage_skipped,
        "Look at what was skipped",
        page("deal-detail", "#checklist"),
        order="skipped_at",
    ),
)
