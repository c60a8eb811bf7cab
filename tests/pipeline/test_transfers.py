"""A deal moves into another pipeline: with a reason, where deals may begin, owing what it owes."""

import pytest

from pipeline.models import Stage, StageRollup, StageRule
from pipeline.operations import (
    advance_deal,
    bulk_move_deals,
    lose_deal,
    skip_deal,
    tick_criterion,
    transfer_deal,
)
from revops import integrity
from revops.refusals import NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, make_pipeline, stage


def transfer(deal, who, to=None, pipeline=None, reason="It renews"):
    return transfer_deal(
        deal=deal,
        to_pipeline=pipeline or make_pipeline(),
        to_stage=to,
        reason=reason,
        by=by(who),
        at=AT,
    )


def test_a_transferred_deal_begins_in_the_first_stage_there(rep):
    deal = transfer(make_deal(rep, stage="demo"), rep)

    visit = deal.visits.get(left_at=None)
    assert (deal.pipeline.key, deal.stage.key) == ("renewal", "renewal-review")
    assert (visit.move, visit.reason, visit.via) == ("transfer", "It renews", "web")
    assert integrity.findings() == []


def test_rollups_follow_a_transfer(rep):
    deal = transfer(make_deal(rep), rep)

    counted = StageRollup.objects.filter(count__gt=0).values_list("stage", "count")
    assert list(counted) == [(deal.stage_id, 1)]


def test_debts_stay_and_can_still_be_paid(rep):
    deal = complete(make_deal(rep), but=["needs_confirmed"])
    skip_deal(deal=deal, to=stage("proposal"), reason="Hurry", by=by(rep), at=AT)
    deal = transfer(deal, rep)
    assert deal.debts.get().paid_at is None

    tick_criterion(deal=deal, criterion_key="needs_confirmed", by=by(rep), at=AT)

    assert deal.debts.get().paid_at == AT


def test_entering_a_later_stage_there_owes_what_the_earlier_ask(rep):
    pipeline = make_pipeline()
    first = StageRule.objects.get(stage__key="renewal-review")
    offer = Stage.objects.get(key="renewal-offer")
    with_item(first, "timeline", "Timeline")

    deal = transfer(make_deal(rep), rep, to=offer, pipeline=pipeline)

    assert [debt.item_key for debt in deal.debts.all()] == ["timeline"]


def with_item(rule, key, label):
    """An item put into published rules, as only a test may."""
    from pipeline.models import PipelineVersion, RequiredItem
    from revops.triggers import lifted

    with lifted():
        PipelineVersion.objects.filter(pk=rule.version_id).update(published_at=None)
        RequiredItem.objects.create(rule=rule, key=key, label=label)
        PipelineVersion.objects.filter(pk=rule.version_id).update(published_at=AT)


def test_a_transfer_needs_a_reason(rep):
    with pytest.raises(Refused, match="Give a reason"):
        transfer(make_deal(rep), rep, reason="")


def test_a_closed_deal_is_not_transferred(rep):
    deal = make_deal(rep)
    deal = lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT)

    with pytest.raises(Refused, match="closed"):
        transfer(deal, rep)


def test_a_stage_of_a_third_pipeline_is_refused(rep):
    with pytest.raises(Refused, match="does not belong"):
        transfer(make_deal(rep), rep, to=stage("demo"))


def test_a_won_stage_is_no_place_to_begin(rep):
    pipeline = make_pipeline()

    with pytest.raises(Refused, match="do not begin"):
        transfer(make_deal(rep), rep, to=Stage.objects.get(key="renewal-won"), pipeline=pipeline)


def test_only_who_may_change_the_deal_transfers_it(rep, other_rep):
    with pytest.raises(NotAllowed):
        transfer(make_deal(rep), other_rep)


def test_moves_refuse_a_stage_of_another_pipeline(rep):
    make_pipeline()
    deal = complete(make_deal(rep))
    foreign = Stage.objects.get(key="renewal-offer")

    [result] = bulk_move_deals(deals=[deal], to=foreign, reason="So", by=by(rep), at=AT)

    assert "does not belong" in result.refusal.message
    with pytest.raises(Refused, match="does not belong"):
        skip_deal(deal=deal, to=foreign, reason="So", by=by(rep), at=AT)


def test_a_transferred_deal_goes_on_by_its_new_rules(rep):
    deal = transfer(make_deal(rep), rep)

    assert advance_deal(deal=deal, by=by(rep), at=AT).stage.key == "renewal-offer"
