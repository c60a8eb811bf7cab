"""How many open deals would violate a draft, and which."""

import pytest

from dealdesk.coverage import ITEMS
from pipeline import violations
from pipeline.findings.batches import facts_of_many
from pipeline.gates import load_facts
from pipeline.items import OWN_ITEMS
from pipeline.models import CriterionTick, Deal
from pipeline.operations.drafting import goes_to
from pipeline.operations.ruleasks import add_criterion, add_item, change_item
from pipeline.operations.rules import change_draft, start_draft
from pipeline.operations.rulestages import remove_stage
from pipeline.registry import DealFacts
from pipeline.stages import process_of, read_process
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def act(revops, pipeline):
    acted = {"by": by(revops), "at": AT}
    start_draft(pipeline=pipeline, **acted)
    return {"pipeline": pipeline, **acted}


def found(pipeline):
    draft = pipeline.versions.get(published_at=None)
    args = (process_of(pipeline), read_process(draft), goes_to(draft))
    return violations.count_violations(*args, at=AT)


def page(pipeline, **asked):
    draft = pipeline.versions.get(published_at=None)
    args = (process_of(pipeline), read_process(draft), goes_to(draft))
    return violations.find_violations(*args, at=AT, **asked)


def test_a_draft_that_asks_nothing_more_is_violated_by_none(pipeline, act, rep):
    make_deal(rep)
    change_draft(changes={"skipping": "never"}, **act)

    assert found(pipeline).sentence == "0 open deals would violate this draft."


def test_an_item_that_a_deal_lacks_counts(pipeline, act, rep):
    make_deal(rep)
    has = make_deal(rep, "Has it")
    Deal.objects.filter(pk=has.pk).update(timeline="By March")
    make_deal(rep, "Elsewhere", stage="discovery")
    add_item(stage="qualified", item="timeline", **act)

    assert found(pipeline).count == 1
    assert found(pipeline).by_ask == {"Qualified: Timeline": 1}
    assert [row.labels for row in page(pipeline).rows] == ["Timeline"]


def test_junk_is_nothing(pipeline, act, rep):
    deal = make_deal(rep)
    Deal.objects.filter(pk=deal.pk).update(timeline="tbd")
    add_item(stage="qualified", item="timeline", **act)

    assert found(pipeline).count == 1


def test_what_the_rules_in_force_ask_too_does_not_count(pipeline, act, rep):
    make_deal(rep, stage="discovery")
    change_item(stage="discovery", item="timeline", label="When", none_allowed=True, **act)

    assert found(pipeline).count == 0


def test_what_became_harder_counts(pipeline, act, rep):
    deal = make_deal(rep, stage="demo")
    deal.declared_none.create(item_key="technical_requirements", declared_at=AT)
    kept = {"stage": "demo", "item": "technical_requirements"}
    change_item(label="Technical requirements", none_allowed=False, **kept, **act)

    assert found(pipeline).count == 1


def test_a_criterion_counts_until_it_is_confirmed(pipeline, act, rep):
    deal = make_deal(rep)
    add_criterion(stage="qualified", label="Budget known", **act)
    assert found(pipeline).count == 1

    CriterionTick.objects.create(
        deal=deal, stage=deal.stage, criterion_key="budget_known", ticked_at=AT
    )
    assert found(pipeline).count == 0


def test_deals_that_go_elsewhere_are_asked_what_is_asked_there(pipeline, act, rep):
    complete(make_deal(rep, stage="discovery"), but=["technical_requirements"])
    remove_stage(stage="discovery", goes_to="demo", **act)

    assert [row.labels for row in page(pipeline).rows] == ["Technical requirements"]


def test_closed_deals_do_not_count(pipeline, act, rep):
    deal = make_deal(rep)
    add_item(stage="qualified", item="timeline", **act)
    Deal.objects.filter(pk=deal.pk).update(status="won", closed_on="2026-11-01")

    assert found(pipeline).count == 0


def test_counting_ends_at_the_cap(pipeline, act, rep, monkeypatch):
    monkeypatch.setattr(violations, "AT_ONCE", 2)
    monkeypatch.setattr(violations, "CAP", 3)
    for n in range(7):
        make_deal(rep, f"Deal {n}")
    add_item(stage="qualified", item="timeline", **act)

    result = found(pipeline)
    assert (result.looked_at, result.number) == (4, "3+")


def test_looking_ends_and_says_so(pipeline, act, rep, monkeypatch):
    monkeypatch.setattr(violations, "AT_ONCE", 2)
    monkeypatch.setattr(violations, "LOOKED_AT", 2)
    for n in range(5):
        make_deal(rep, f"Deal {n}")
    Deal.objects.update(timeline="By March")
    add_item(stage="qualified", item="timeline", **act)

    assert "At least 0" in found(pipeline).sentence
    assert "The first 2 of 5 deals" in found(pipeline).sentence


def test_the_pages_hold_every_deal_once(pipeline, act, rep, monkeypatch):
    monkeypatch.setattr(violations, "FEW_AT_ONCE", 4)
    deals = [make_deal(rep, f"Deal {n}").pk for n in range(9)]
    add_item(stage="qualified", item="timeline", **act)

    seen, after = [], 0
    while after is not None:
        part = page(pipeline, after=after, size=3)
        seen += [row.deal.pk for row in part.rows]
        after = part.next

    assert seen == deals


def test_the_number_of_queries_does_not_grow(pipeline, act, rep, django_assert_max_num_queries):
    for n in range(40):
        make_deal(rep, f"Deal {n}")
    add_item(stage="qualified", item="timeline", **act)
    draft = pipeline.versions.get(published_at=None)
    before, after = process_of(pipeline), read_process(draft)

    with django_assert_max_num_queries(9):
        violations.count_violations(before, after, {}, at=AT)


def test_every_item_looks_at_no_column_but_those_it_names(rep, django_assert_num_queries):
    deal = make_deal(rep)

    for kind in (*OWN_ITEMS, *ITEMS):
        assert kind.reads is not None, kind.key
        read = Deal.objects.only(*kind.reads).get(pk=deal.pk)
        with django_assert_num_queries(0):
            kind.present(read, DealFacts())


def test_many_deals_are_judged_by_the_facts_of_each(rep):
    deals = [make_deal(rep, "Empty"), complete(make_deal(rep, "Complete")), make_deal(rep, "None")]
    deals[2].declared_none.create(item_key="redlines", declared_at=AT, declared_by=rep)

    read = facts_of_many(deals, AT)

    for deal in deals:
        for name in ("contacts_reachable", "contact_roles", "attachments", "declared_none"):
            assert getattr(read[deal.pk], name) == getattr(load_facts(deal, AT), name)
        assert read[deal.pk].ticks == load_facts(deal, AT).ticks
