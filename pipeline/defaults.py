"""What a new installation starts with: the New business pipeline and its pick lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pipeline.findings.keeping import recount_deals
from pipeline.junkwords import ensure_junk
from pipeline.models import (
    Choice,
    Deal,
    ExitCriterion,
    Pipeline,
    PipelineVersion,
    RequiredItem,
    Stage,
    StageRule,
)

NEW_BUSINESS = "new-business"

Kind = StageRule.Kind
Forecast = StageRule.ForecastCategory


@dataclass(frozen=True)
class ShippedStage:
    """One stage as it is shipped. An item is (key, label), with "none" where none will do."""

    key: str
    name: str
    probability_percent: int
    forecast_category: str
    items: tuple[tuple[str, ...], ...]
    criteria: tuple[tuple[str, str], ...] = ()
    stale_days: int | None = None
    kind: str = Kind.OPEN
    may_create_here: bool = False


STAGES = (
    ShippedStage(
        "qualified",
        "Qualified",
        10,
        Forecast.PIPELINE,
        (
            ("contact_info", "Contact"),
            ("company", "Company"),
            ("source", "Source"),
            ("fit_score", "Fit score"),
        ),
        (("discovery_call_scheduled", "Discovery call scheduled"),),
        stale_days=14,
        may_create_here=True,
    ),
    ShippedStage(
        "discovery",
        "Discovery",
        20,
        Forecast.PIPELINE,
        (
            ("pain_points", "Pain points"),
            ("current_solution", "Current solution"),
            ("timeline", "Timeline"),
        ),
        (("needs_confirmed", "Needs confirmed"), ("demo_scheduled", "Demo scheduled")),
        stale_days=14,
    ),
    ShippedStage(
        "demo",
        "Demo / Evaluation",
        40,
        Forecast.PIPELINE,
        (
            ("technical_requirements", "Technical requirements", "none"),
            ("decision_makers", "Decision makers"),
        ),
        (
            ("positive_evaluation", "Positive evaluation"),
            ("proposal_requested", "Proposal requested"),
        ),
        stale_days=21,
    ),
    ShippedStage(
        "proposal",
        "Proposal",
        60,
        Forecast.BEST_CASE,
        (
            ("pricing", "Pricing"),
            ("terms", "Terms"),
            ("stakeholder_map", "Stakeholder map"),
        ),
        (("proposal_reviewed", "Proposal delivered and reviewed"),),
        stale_days=10,
    ),
    ShippedStage(
        "negotiation",
        "Negotiation",
        80,
        Forecast.COMMIT,
        (
            ("redlines", "Redlines", "none"),
            ("approval_chain", "Approval chain"),
            ("close_date", "Close date"),
        ),
        (("terms_agreed", "Terms agreed"), ("contract_sent", "Contract sent")),
        stale_days=21,
    ),
    ShippedStage(
        "closed-won",
        "Closed Won",
        100,
        Forecast.CLOSED,
        (("signed_contract", "Signed contract"), ("payment_terms", "Payment terms")),
        kind=Kind.WON,
    ),
    ShippedStage(
        "closed-lost",
        "Closed Lost",
        0,
        Forecast.OMITTED,
        (("loss_reason", "Loss reason"), ("competitor", "Competitor", "none")),
        kind=Kind.LOST,
    ),
)

CHOICES = {
    Choice.List.SOURCE: (
        ("inbound", "Inbound"),
        ("outbound", "Outbound"),
        ("referral", "Referral"),
        ("partner", "Partner"),
        ("event", "Event"),
        ("website", "Website"),
        ("existing_customer", "Existing customer"),
        ("other", "Other"),
    ),
    Choice.List.PUSH_REASON: (
        ("buyer_timing", "Buyer needs more time"),
        ("budget", "Budget not released"),
        ("decision_maker", "Decision maker not available"),
        ("legal_review", "Legal review"),
        ("procurement", "Procurement or security review"),
        ("technical", "Technical evaluation not finished"),
        ("internal_approval", "Waiting for our own approval"),
        ("wrong_estimate", "First date was wrong"),
        ("reopened", "Deal reopened"),
        ("imported", "Moved in another system"),
        ("other", "Other"),
    ),
    Choice.List.LOSS_REASON: (
        ("price", "Price"),
        ("competitor", "Lost to a competitor"),
        ("no_decision", "No decision, status quo"),
        ("no_budget", "No budget"),
        ("timing", "Timing"),
        ("missing_feature", "Missing feature"),
        ("no_authority", "No authority, or champion left"),
        ("unknown", "Unknown"),
        ("other", "Other"),
    ),
}


@transaction.atomic
def ensure_defaults(at: datetime) -> None:
    """Put the shipped pipeline and lists there where they are missing; change nothing else."""
    ensure_choices()
    ensure_junk(at)
    pipeline, _ = Pipeline.objects.get_or_create(
        key=NEW_BUSINESS, defaults={"name": "New business"}
    )
    if not pipeline.versions.exists():
        publish_shipped(pipeline, at)
    recount_deals(Deal.objects.open().filter(missing_count=None), at)


def ensure_choices() -> None:
    present = set(Choice.objects.values_list("list", "key"))
    Choice.objects.bulk_create(
        Choice(list=list_, key=key, label=label, position=position)
        for list_, choices in CHOICES.items()
        for position, (key, label) in enumerate(choices)
        if (list_, key) not in present
    )


def publish_shipped(pipeline: Pipeline, at: datetime) -> None:
    """Write the shipped stages as version 1, then publish it: from then on it never changes."""
    stages = {
        shipped.key: Stage.objects.get_or_create(
            pipeline=pipeline, key=shipped.key, defaults={"name": shipped.name}
        )[0]
        for shipped in STAGES
    }
    version = PipelineVersion.objects.create(
        pipeline=pipeline, number=1, debt_blocks_at=stages["closed-won"]
    )
    for position, shipped in enumerate(STAGES):
        add_rule(version, stages[shipped.key], position, shipped)
    version.published_at = at
    version.save(update_fields=["published_at"])


def add_rule(version: PipelineVersion, stage: Stage, position: int, shipped: ShippedStage) -> None:
    rule = StageRule.objects.create(
        version=version,
        stage=stage,
        name=shipped.name,
        position=position,
        kind=shipped.kind,
        probability_percent=shipped.probability_percent,
        forecast_category=shipped.forecast_category,
        default_stale_days=shipped.stale_days,
        may_create_here=shipped.may_create_here,
    )
    RequiredItem.objects.bulk_create(
        RequiredItem(rule=rule, key=key, label=label, position=number, none_allowed=bool(none))
        for number, (key, label, *none) in enumerate(shipped.items)
    )
    ExitCriterion.objects.bulk_create(
        ExitCriterion(rule=rule, key=key, label=label, position=number)
        for number, (key, label) in enumerate(shipped.criteria)
    )
