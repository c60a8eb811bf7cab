"""What the database refuses whatever code runs."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from pipeline.models import (
    Account,
    ClosePush,
    Contact,
    CriterionTick,
    Deal,
    DealContact,
    DealMember,
    DeclaredNone,
    GateDebt,
    PipelineVersion,
    RequiredItem,
    StageRollup,
    StageRule,
    StageVisit,
)
from revops.refusals import Conflict
from tests.factories.people import AT
from tests.factories.pipeline import make_account, make_contact, make_deal, new_business, stage


@pytest.fixture
def deal(rep):
    return make_deal(rep)


def refused(pattern=""):
    return pytest.raises(DatabaseError, match=pattern)


# SQLite names the columns of a broken unique constraint and PostgreSQL the constraint, so the
# tests of unique constraints match neither.

BAD_DEALS = {
    "status_is_known": {"status": "maybe", "closed_on": date(2026, 11, 3)},
    "closed_on_exactly_when_closed": {"status": "won"},
    "open_has_close_date": {"close_date": None},
    "lost_has_reason": {"status": "lost", "closed_on": date(2026, 11, 3)},
    "has_account": {"account": None},
    "fit_score_at_most_100": {"fit_score": 101},
    "amount_not_negative": {"amount": -1},
}


@pytest.mark.parametrize("rule", BAD_DEALS)
def test_a_bad_deal_is_refused(deal, rule):
    with refused(rule):
        Deal.objects.filter(pk=deal.pk).update(**BAD_DEALS[rule])


def test_an_imported_deal_may_keep_its_history_unknown(deal):
    changed = Deal.objects.filter(pk=deal.pk).update(
        origin="import", close_date=None, account=None, entered_stage_at=None
    )

    assert changed == 1


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("override_has_reason_who_and_when", {"segment_override": "smb"}),
        ("is_not_its_own_parent", {"parent_id": None}),
    ],
)
def test_a_bad_account_is_refused(db, rule, facts):
    account = make_account()
    if "parent_id" in facts:
        facts = {"parent_id": account.pk}

    with refused(rule):
        Account.objects.filter(pk=account.pk).update(**facts)


@pytest.mark.parametrize("make", [
    lambda deal, **facts: make_account("Twin", **facts),
    lambda deal, **facts: make_contact(**facts),
    lambda deal, **facts: make_deal(deal.owner, **facts),
], ids=["account", "contact", "deal"])  # fmt: skip
def test_one_record_for_each_external_id(deal, make):
    make(deal, source="crm", external_id="7")

    with pytest.raises(Conflict, match="entered already"):
        make(deal, source="crm", external_id="7")
    twin = make(deal)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(twin).objects.filter(pk=twin.pk).update(source="crm", external_id="7")


ONE_EACH = {
    "one open visit": lambda deal: StageVisit.objects.create(
        deal=deal, stage=stage("demo"), move="advance", entered_at=AT
    ),
    "one contact and role": lambda deal: [
        DealContact.objects.create(deal=deal, contact=contact, role="other")
        for contact in [Contact.objects.get()] * 2
    ],
    "one membership": lambda deal: [
        DealMember.objects.create(deal=deal, person=deal.owner) for _ in "ab"
    ],
    "one declaration": lambda deal: [
        DeclaredNone.objects.create(deal=deal, item_key="redlines", declared_at=AT) for _ in "ab"
    ],
    "one standing tick": lambda deal: [
        CriterionTick.objects.create(
            deal=deal, stage=stage("demo"), criterion_key="terms", ticked_at=AT
        )
        for _ in "ab"
    ],
    "one unpaid debt": lambda deal: [
        GateDebt.objects.create(
            deal=deal, stage=stage("demo"), item_key="x", label="X", reason="So", incurred_at=AT
        )
        for _ in "ab"
    ],
    "one rollup": lambda deal: StageRollup.objects.create(
        pipeline=deal.pipeline, stage=deal.stage, owner=deal.owner, currency="USD"
    ),
    "one rule of a stage": lambda deal: [
        StageRule.objects.create(version=draft(), stage=stage("demo"), position=n) for n in (1, 2)
    ],
}


def draft():
    return PipelineVersion.objects.get_or_create(pipeline=new_business(), number=2)[0]


@pytest.mark.parametrize("what", ONE_EACH)
def test_there_is_only(deal, what):
    make_contact(deal.account)

    with pytest.raises(IntegrityError), transaction.atomic():
        ONE_EACH[what](deal)


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("has_entered_at", {"entered_at": None}),
        ("left_after_entered", {"left_at": AT - timedelta(days=1)}),
        ("irregular_move_has_reason", {"move": "skip"}),
    ],
)
def test_a_bad_visit_is_refused(deal, rule, facts):
    facts = {"move": "advance", "entered_at": AT, "left_at": AT} | facts

    with refused(rule):
        StageVisit.objects.create(deal=deal, stage=stage("demo"), **facts)


@pytest.mark.parametrize(
    ("rule", "facts"),
    [("is_later", {"to_date": date(2026, 12, 1)}), ("has_reason", {"reason_key": ""})],
)
def test_a_bad_push_is_refused(deal, rule, facts):
    with refused(rule):
        make_push(deal, **facts)


def make_push(deal, **facts):
    facts = {"to_date": date(2026, 12, 20), "reason_key": "budget"} | facts
    return ClosePush.objects.create(
        deal=deal,
        from_date=date(2026, 12, 1),
        crosses_month=False,
        crosses_quarter=False,
        pushed_at=AT,
        **facts,
    )


def test_a_rollup_does_not_count_below_nothing(deal):
    with refused("count_not_negative"):
        StageRollup.objects.update(count=-1)


def test_a_probability_ends_at_a_hundred(db):
    with refused("probability_at_most_100"):
        StageRule.objects.create(
            version=draft(), stage=stage("demo"), position=1, probability_percent=101
        )


# Triggers


def test_a_visit_ends_once_and_is_never_rewritten(deal):
    visits = StageVisit.objects.filter(deal=deal)
    visits.update(left_at=AT)

    for change in ({"left_at": AT + timedelta(days=1)}, {"move": "import"}, {"reason": "No"}):
        with refused("never rewritten"), transaction.atomic():
            visits.update(**change)
    with refused("never rewritten"), transaction.atomic():
        visits._raw_delete(using="default")


def test_a_push_is_never_rewritten(deal):
    make_push(deal)

    with refused("never rewritten"), transaction.atomic():
        ClosePush.objects.update(reason_key="other")
    with refused("never rewritten"), transaction.atomic():
        ClosePush.objects.all()._raw_delete(using="default")


def test_a_tick_is_withdrawn_once(deal):
    CriterionTick.objects.create(deal=deal, stage=deal.stage, criterion_key="x", ticked_at=AT)
    CriterionTick.objects.update(withdrawn_at=AT, withdrawn_by=deal.owner)

    with refused("never rewritten"):
        CriterionTick.objects.update(withdrawn_at=None)


def test_a_debt_is_paid_once(deal):
    GateDebt.objects.create(
        deal=deal, stage=stage("demo"), item_key="x", label="X", reason="So", incurred_at=AT
    )
    GateDebt.objects.update(paid_at=AT)

    with refused("never rewritten"):
        GateDebt.objects.update(paid_at=None)


PUBLISHED = {
    "version": lambda: PipelineVersion.objects.update(skipping="free"),
    "unpublish": lambda: PipelineVersion.objects.update(published_at=None),
    "rule": lambda: StageRule.objects.update(probability_percent=99),
    "item": lambda: RequiredItem.objects.filter(key="fit_score")._raw_delete(using="default"),
    "added item": lambda: RequiredItem.objects.create(
        rule=StageRule.objects.first(), key="new", label="New"
    ),
    "added rule": lambda: StageRule.objects.create(
        version=PipelineVersion.objects.get(), stage=stage("demo"), position=99
    ),
}


@pytest.mark.parametrize("what", PUBLISHED)
def test_published_rules_never_change(db, what):
    with refused("published rules never change"), transaction.atomic():
        PUBLISHED[what]()
