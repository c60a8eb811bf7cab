"""Publishing: fit or not, who wins, and what becomes of running deals."""

import pytest

from pipeline import operations
from pipeline.models import DealStanding, Move, PipelineVersion, Stage, StageRollup
from pipeline.operations.publishing import publish_draft
from pipeline.operations.ruleasks import add_item, remove_item
from pipeline.operations.rules import change_draft, create_pipeline, start_draft
from pipeline.operations.rulestages import (
    add_stage,
    change_stage,
    order_stages,
    redirect_removal,
    remove_stage,
)
from pipeline.stages import process_of
from revops import integrity
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db


def faults(pipeline, act):
    with pytest.raises(Refused) as refused:
        publish_draft(pipeline=pipeline, **act)
    return {fault.key for fault in refused.value.missing}


def test_a_published_draft_is_in_force(pipeline, draft, act):
    change_stage(pipeline=pipeline, stage="demo", changes={"name": "Trial"}, **act)

    version = publish_draft(pipeline=pipeline, note="Trials now", **act)

    assert (version.number, version.published_by.name) == (2, "Rosa Ricci")
    assert process_of(pipeline).rule("demo").name == "Trial"
    assert Stage.objects.get(pipeline=pipeline, key="demo").name == "Trial"


def test_the_version_before_keeps_its_words(pipeline, draft, act):
    change_stage(pipeline=pipeline, stage="demo", changes={"name": "Trial"}, **act)
    publish_draft(pipeline=pipeline, **act)

    from pipeline.stages import read_process

    first = read_process(pipeline.versions.get(number=1))
    assert first.rule("demo").name == "Demo / Evaluation"


def test_rules_that_do_not_differ_are_refused(pipeline, draft, act):
    with pytest.raises(Refused, match="in force already"):
        publish_draft(pipeline=pipeline, **act)


def test_only_revops_publishes(pipeline, draft, manager):
    with pytest.raises(NotAllowed):
        publish_draft(pipeline=pipeline, by=by(manager), at=AT)


def test_a_draft_published_already_is_a_conflict(pipeline, draft, act):
    change_draft(pipeline=pipeline, changes={"gate": "entry"}, **act)
    publish_draft(pipeline=pipeline, **act)

    with pytest.raises(Conflict, match="no draft"):
        publish_draft(pipeline=pipeline, **act)


def test_a_draft_that_somebody_changed_is_a_conflict(pipeline, draft, act):
    change_draft(pipeline=pipeline, changes={"gate": "entry"}, **act)

    with pytest.raises(Conflict):
        publish_draft(pipeline=pipeline, version=draft.version, **act)


def test_an_older_version_is_published_anew(pipeline, draft, act):
    change_stage(pipeline=pipeline, stage="demo", changes={"name": "Trial"}, **act)
    publish_draft(pipeline=pipeline, **act)
    first = pipeline.versions.get(number=1)

    start_draft(pipeline=pipeline, origin=first, **act)
    version = publish_draft(pipeline=pipeline, **act)

    assert (version.number, version.based_on.number) == (3, 1)
    assert process_of(pipeline).rule("demo").name == "Demo / Evaluation"


def test_all_faults_are_named_at_once(pipeline, draft, act):
    change_stage(pipeline=pipeline, stage="closed-won", changes={"kind": "open"}, **act)
    for key in ("qualified", "closed-won"):
        change_stage(pipeline=pipeline, stage=key, changes={"may_create_here": False}, **act)
    add_stage(pipeline=pipeline, name="Discovery", **act)
    order = [rule.key for rule in process(pipeline).rules]
    order.insert(0, order.pop(order.index("closed-lost")))
    order_stages(pipeline=pipeline, stages=order, **act)

    assert faults(pipeline, act) == {"won", "begin", "name", "order"}


def process(pipeline):
    from pipeline.stages import read_process

    return read_process(pipeline.versions.get(published_at=None))


def test_an_item_that_nothing_knows_any_more_is_a_fault(pipeline, draft, act, monkeypatch):
    from pipeline import registry

    change_draft(pipeline=pipeline, changes={"gate": "entry"}, **act)
    kept = {key: kind for key, kind in registry._items.items() if key != "timeline"}
    monkeypatch.setattr(registry, "_items", kept)

    assert "timeline" in faults(pipeline, act)


def test_a_stage_that_came_to_hold_deals_is_a_fault(pipeline, draft, act, rep):
    remove_stage(pipeline=pipeline, stage="demo", **act)
    make_deal(rep, stage="demo")

    assert faults(pipeline, act) == {"goes_to"}

    redirect_removal(pipeline=pipeline, stage="demo", goes_to="proposal", **act)
    assert publish_draft(pipeline=pipeline, **act).number == 2


def test_a_stage_with_deals_keeps_its_kind(pipeline, draft, act, rep):
    make_deal(rep, stage="negotiation")
    change_stage(pipeline=pipeline, stage="negotiation", changes={"kind": "won"}, **act)

    assert "kind" in faults(pipeline, act)


# Running deals


def test_a_running_deal_is_judged_by_the_new_version(pipeline, draft, act, rep):
    deal = complete(make_deal(rep), but=["timeline"])
    add_item(pipeline=pipeline, stage="qualified", item="timeline", **act)
    publish_draft(pipeline=pipeline, **act)

    with pytest.raises(Refused, match="Timeline"):
        operations.advance_deal(deal=deal, by=by(rep), at=AT)


def test_deals_of_a_stage_that_is_no_more_move(pipeline, draft, act, rep, other_rep):
    moved = [make_deal(rep, f"Deal {n}", stage="demo") for n in range(3)]
    moved.append(make_deal(other_rep, "Euro", stage="demo", currency="EUR"))
    stays = make_deal(rep, "Stays", stage="discovery")
    remove_stage(pipeline=pipeline, stage="demo", goes_to="proposal", **act)

    version = publish_draft(pipeline=pipeline, **act)

    for deal in moved:
        deal.refresh_from_db()
        assert deal.stage.key == "proposal"
        visit = deal.visits.get(left_at=None)
        assert (visit.move, visit.via, visit.version) == (Move.RESTAGE, "system", version)
        assert DealStanding.objects.get(deal=deal, until=None).stage.key == "proposal"
        assert Entry.objects.about(deal).filter(verb="deal.restaged").count() == 1
    stays.refresh_from_db()
    assert stays.stage.key == "discovery"
    assert not StageRollup.objects.filter(stage__key="demo", count__gt=0).exists()
    kept = {"pipeline.rollups", "pipeline.visits", "pipeline.statuses", "pipeline.standings"}
    assert [finding for finding in integrity.findings() if finding.check in kept] == []


def test_a_moved_deal_can_be_worked_on(pipeline, draft, act, rep):
    deal = complete(make_deal(rep, stage="demo"))
    remove_stage(pipeline=pipeline, stage="demo", goes_to="discovery", **act)
    publish_draft(pipeline=pipeline, **act)
    deal.refresh_from_db()

    moved = operations.advance_deal(deal=deal, by=by(rep), at=AT)

    assert moved.stage.key == "proposal"


def test_a_debt_of_a_stage_that_is_no_more_can_still_be_paid(pipeline, act, rep):
    deal = complete(make_deal(rep), but=["timeline", "needs_confirmed"])
    to = Stage.objects.get(pipeline=pipeline, key="demo")
    operations.skip_deal(deal=deal, to=to, reason="In a hurry", by=by(rep), at=AT)
    start_draft(pipeline=pipeline, **act)
    remove_stage(pipeline=pipeline, stage="discovery", goes_to="demo", **act)
    publish_draft(pipeline=pipeline, **act)

    operations.change_deal(deal=deal, changes={"timeline": "By March"}, by=by(rep), at=AT)
    operations.tick_criterion(
        deal=deal, criterion_key="needs_confirmed", note="Yes", by=by(rep), at=AT
    )

    assert not deal.debts.filter(paid_at=None).exists()


def test_standings_follow_a_new_forecast_category(pipeline, draft, act, rep):
    deal = make_deal(rep, stage="discovery")
    changes = {"forecast_category": "commit"}
    change_stage(pipeline=pipeline, stage="discovery", changes=changes, **act)
    publish_draft(pipeline=pipeline, **act)

    assert DealStanding.objects.get(deal=deal, until=None).forecast_category == "commit"


def test_a_publication_is_in_the_ledger_in_words(pipeline, draft, act):
    remove_item(pipeline=pipeline, stage="discovery", item="timeline", **act)
    publish_draft(pipeline=pipeline, note="Too early to ask", **act)

    entry = Entry.objects.about(pipeline).filter(verb="pipeline.published").get()
    assert "Discovery: no longer asks for Timeline." in entry.facts_json
    assert "Too early to ask" in entry.facts_json


def test_a_new_pipeline_takes_deals_once_it_is_published(act, rep):
    renewal = create_pipeline(key="renewal", name="Renewal", **act)
    publish_draft(pipeline=renewal, **act)

    deal = make_deal(rep, pipeline=renewal, stage="qualified")

    assert deal.stage.key == "first"
    assert PipelineVersion.objects.get(pipeline=renewal).number == 1
