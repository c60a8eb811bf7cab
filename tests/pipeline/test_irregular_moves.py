from datetime import timedelta

import pytest

from pipeline.models import GateDebt, PipelineVersion
from pipeline.operations import (
    advance_deal,
    change_deal,
    declare_none,
    send_back_deal,
    skip_deal,
    tick_criterion,
    withdraw_none,
    withdraw_tick,
)
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.refusals import Refused
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, new_business, stage

LATER = AT + timedelta(hours=3)


def skip(deal, to, who, reason="The buyer asked for an offer at once", **facts):
    return skip_deal(deal=deal, to=stage(to), reason=reason, by=by(who), at=LATER, **facts)


def with_version(**facts):
    """A second version of the shipped rules, with some liberties changed."""
    first = new_business().versions.get(number=1)
    version = PipelineVersion.objects.create(pipeline=new_business(), number=2, **facts)
    for rule in first.rules.order_by("position"):
        items, criteria = list(rule.items.all()), list(rule.criteria.all())
        rule.pk, rule.version = None, version
        rule.save()
        for part in (*items, *criteria):
            part.pk, part.rule = None, rule
            part.save()
    version.published_at = AT
    version.save()


# Skip


def test_a_skip_asks_the_present_stage_and_leaves_the_rest_as_debt(rep):
    deal = complete(make_deal(rep), but=["pain_points", "timeline", "demo_scheduled"])

    deal = skip(deal, "proposal", rep)

    assert deal.stage.key == "proposal"
    assert sorted(deal.debts.values_list("stage__key", "item_key", "is_criterion")) == [
        ("discovery", "demo_scheduled", True),
        ("discovery", "pain_points", False),
        ("discovery", "timeline", False),
    ]
    assert deal.visits.get(left_at=None).skipped == ["discovery", "demo"]


def test_a_skip_does_not_get_past_the_present_stage(rep):
    with pytest.raises(Refused) as refusal:
        skip(make_deal(rep), "proposal", rep)

    assert "fit_score" in [each.key for each in refusal.value.missing]
    assert not GateDebt.objects.exists()


def test_a_skip_alerts_owner_and_manager_naming_the_stages(rep, manager, revops):
    skip(complete(make_deal(rep)), "proposal", revops)

    alerts = Notification.objects.filter(event="deal.skipped")
    assert {alert.person for alert in alerts} == {rep, manager}
    assert {alert.context["skipped"] for alert in alerts} == {"Discovery, Demo / Evaluation"}


def test_a_skip_needs_a_reason(rep):
    with pytest.raises(Refused, match="Give a reason for skipping"):
        skip(complete(make_deal(rep)), "proposal", rep, reason="  ")


def test_the_next_stage_is_no_skip(rep):
    with pytest.raises(Refused, match="another move: advanced"):
        skip(complete(make_deal(rep)), "discovery", rep)


def test_a_pipeline_can_forbid_skipping(rep):
    with_version(skipping="never")

    with pytest.raises(Refused, match="does not allow skipping"):
        skip(complete(make_deal(rep)), "proposal", rep)


def test_a_pipeline_can_let_debt_block_at_a_stage(rep):
    with_version(debt_blocks_at=stage("negotiation"))
    deal = skip(complete(make_deal(rep), but=["pain_points"]), "proposal", rep)

    with pytest.raises(Refused) as refusal:
        advance_deal(deal=deal, by=by(rep), at=LATER)

    assert [each.key for each in refusal.value.missing] == ["pain_points"]


def test_a_skip_into_the_blocking_stage_asks_what_it_would_owe(rep):
    with_version(debt_blocks_at=stage("negotiation"))

    with pytest.raises(Refused) as refusal:
        skip(complete(make_deal(rep), but=["pain_points"]), "negotiation", rep)

    assert [each.key for each in refusal.value.missing] == ["pain_points"]


def test_a_pipeline_can_ask_on_entry_instead(rep):
    with_version(gate="entry")
    deal = complete(make_deal(rep), but=["fit_score", "pain_points"])

    with pytest.raises(Refused) as refusal:
        advance_deal(deal=deal, by=by(rep), at=LATER)

    assert [each.key for each in refusal.value.missing] == ["pain_points"]


# Debts


def owing(rep, *items):
    return skip(complete(make_deal(rep), but=items), "proposal", rep)


def test_a_debt_is_paid_when_its_item_arrives(rep):
    deal = owing(rep, "pain_points")

    change_deal(deal=deal, changes={"pain_points": "Quotes wait"}, by=by(rep), at=LATER)

    debt = deal.debts.get()
    assert (debt.paid_at, debt.paid_by) == (LATER, rep)
    assert Entry.objects.about(deal)[0].verb == "deal.debt_paid"


def test_junk_pays_no_debt(rep):
    deal = owing(rep, "pain_points")

    change_deal(deal=deal, changes={"pain_points": "tbd"}, by=by(rep), at=LATER)

    assert deal.debts.get().paid_at is None


def test_a_debt_is_paid_by_saying_that_there_is_none(rep):
    deal = owing(rep, "technical_requirements")

    declare_none(deal=deal, item_key="technical_requirements", by=by(rep), at=LATER)

    assert deal.debts.get().paid_at == LATER


def test_a_criterion_owed_is_paid_by_confirming_it(rep):
    deal = owing(rep, "needs_confirmed")

    tick_criterion(deal=deal, criterion_key="needs_confirmed", by=by(rep), at=LATER)

    assert deal.ticks.get(criterion_key="needs_confirmed").stage == stage("discovery")
    assert deal.debts.get().paid_at == LATER


# Send back


def test_a_deal_is_sent_back_with_a_reason_and_asks_nothing(rep):
    deal = make_deal(rep, stage="proposal")

    deal = send_back_deal(
        deal=deal, to=stage("discovery"), reason="New needs", by=by(rep), at=LATER
    )

    assert deal.stage.key == "discovery"
    assert deal.visits.get(left_at=None).reason == "New needs"


def test_sending_back_needs_a_reason(rep):
    with pytest.raises(Refused, match="Give a reason"):
        send_back_deal(
            deal=make_deal(rep, stage="demo"),
            to=stage("qualified"),
            reason="",
            by=by(rep),
            at=LATER,
        )


def test_sending_back_does_not_lead_forward(rep):
    with pytest.raises(Refused, match="another move"):
        send_back_deal(deal=make_deal(rep), to=stage("demo"), reason="So", by=by(rep), at=LATER)


# Ticks and none


def test_a_criterion_is_confirmed_once(rep):
    deal = make_deal(rep)
    facts = {"criterion_key": "discovery_call_scheduled", "by": by(rep), "at": LATER}
    tick_criterion(deal=deal, **facts)

    with pytest.raises(Refused, match="confirmed already"):
        tick_criterion(deal=deal, **facts)


def test_a_withdrawn_confirmation_stays_on_record_and_can_be_given_again(rep, manager):
    deal = make_deal(rep)
    key = "discovery_call_scheduled"
    tick_criterion(deal=deal, criterion_key=key, by=by(rep), at=LATER)

    withdraw_tick(deal=deal, criterion_key=key, by=by(manager), at=LATER)
    tick_criterion(deal=deal, criterion_key=key, by=by(rep), at=LATER)

    assert list(deal.ticks.order_by("pk").values_list("withdrawn_by", flat=True)) == [
        manager.pk,
        None,
    ]


def test_saying_none_clears_the_text_and_a_text_takes_the_word_back(rep):
    deal = make_deal(rep, redlines="Liability cap")
    deal = declare_none(deal=deal, item_key="redlines", by=by(rep), at=LATER)
    assert deal.redlines == ""

    change_deal(deal=deal, changes={"redlines": "Liability cap"}, by=by(rep), at=LATER)

    assert not deal.declared_none.exists()


def test_the_word_that_there_is_none_can_be_withdrawn(rep):
    deal = declare_none(deal=make_deal(rep), item_key="redlines", by=by(rep), at=LATER)

    withdraw_none(deal=deal, item_key="redlines", by=by(rep), at=LATER)

    assert not deal.declared_none.exists()


def test_the_system_may_move_deals_itself(rep):
    deal = advance_deal(deal=complete(make_deal(rep)), by=SYSTEM, at=LATER)

    assert deal.visits.get(left_at=None).entered_by is None
