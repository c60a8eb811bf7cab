"""Accounts, contacts and deals in any stage."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from pipeline.findings import keeping
from pipeline.models import (
    Account,
    Contact,
    CriterionTick,
    Deal,
    DealContact,
    Move,
    Pipeline,
    PipelineVersion,
    Stage,
    StageRule,
)
from pipeline.operations import create_account, create_contact, create_deal
from pipeline.operations.movement import enter_stage
from pipeline.stages import plan_move, process_of
from tests.factories.people import AT, SYSTEM

CLOSE_DATE = date(2026, 12, 15)


def new_business() -> Pipeline:
    """The shipped pipeline."""
    return Pipeline.objects.get(key="new-business")


def stage(key: str) -> Stage:
    """A stage of the shipped pipeline."""
    return Stage.objects.get(pipeline__key="new-business", key=key)


def make_pipeline(key="renewal", name="Renewal", stages=("review", "offer"), **version) -> Pipeline:
    """Another pipeline, published, with these open stages and a won and a lost one."""
    pipeline = Pipeline.objects.create(key=key, name=name, position=9)
    rules = PipelineVersion.objects.create(pipeline=pipeline, number=1, **version)
    kinds = [*((each, "open") for each in stages), ("won", "won"), ("lost", "lost")]
    for position, (stage_key, kind) in enumerate(kinds):
        made = Stage.objects.create(
            pipeline=pipeline, key=f"{key}-{stage_key}", name=stage_key.capitalize()
        )
        StageRule.objects.create(version=rules, stage=made, position=position, kind=kind)
    PipelineVersion.objects.filter(pk=rules.pk).update(published_at=AT)
    return pipeline


def make_account(name="Acme", **facts) -> Account:
    return create_account(name=name, by=SYSTEM, at=AT, **facts)


def make_contact(account=None, name="Bea Buyer", email="bea@acme.example", **facts) -> Contact:
    return create_contact(account=account, name=name, email=email, by=SYSTEM, at=AT, **facts)


def make_deal(owner, name="Acme rollout", *, stage="qualified", at=AT, **facts) -> Deal:
    """A deal of `owner`, put into `stage` without asking its gates."""
    facts.setdefault("pipeline", new_business())
    facts.setdefault("close_date", CLOSE_DATE)
    facts.setdefault("amount", Decimal(10_000))
    facts.setdefault("currency", "USD")
    if "account" not in facts:
        facts["account"] = Account.objects.filter(name="Acme").first() or make_account()
    deal = create_deal(name=name, owner=owner, by=SYSTEM, at=at, **facts)
    return deal if stage == "qualified" else put_into(deal, stage, at=at + timedelta(hours=1))


@transaction.atomic
def put_into(deal, key, *, at=AT) -> Deal:
    """Put the deal into a stage as if it had advanced there."""
    process = process_of(deal.pipeline)
    planned = plan_move(process, deal, Move.ADVANCE, key)
    enter_stage(planned, process, reason="", by=SYSTEM, at=at)
    keeping.recount_numbered([deal.pk], at)
    return Deal.objects.get(pk=deal.pk)


FACTS = {
    "deal_source": "inbound",
    "fit_score": 80,
    "pain_points": "Quotes wait for days",
    "current_solution": "Spreadsheets",
    "timeline": "Before the new year",
    "technical_requirements": "Single sign-on",
    "stakeholder_map": "The CFO decides, the CTO vetoes",
    "redlines": "Liability cap",
    "contract_reference": "Cabinet 7, folder 12",
}


def complete(deal, *, but=()) -> Deal:
    """Give the deal everything that the pipeline's own items and criteria ask, except `but`."""
    facts = {name: value for name, value in FACTS.items() if name not in but}
    Deal.objects.filter(pk=deal.pk).update(**facts)
    if "contact_info" not in but:
        contact = make_contact(deal.account)
        DealContact.objects.create(deal=deal, contact=contact, role="decision_maker")
    for rule in process_of(deal.pipeline).rules:
        CriterionTick.objects.bulk_create(
            CriterionTick(
                deal=deal, stage_id=rule.stage_id, criterion_key=criterion.key, ticked_at=AT
            )
            for criterion in rule.criteria
            if criterion.key not in but
        )
    keeping.recount_numbered([deal.pk], AT)
    return Deal.objects.get(pk=deal.pk)
