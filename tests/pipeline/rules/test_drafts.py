"""Drafts: begun, edited by one person at a time, thrown away; nobody but RevOps may."""

import pytest

from pipeline.models import PipelineVersion, Stage
from pipeline.operations.ruleasks import (
    add_criterion,
    add_item,
    change_criterion,
    change_item,
    remove_criterion,
    remove_item,
    shift_item,
)
from pipeline.operations.rules import (
    change_draft,
    create_pipeline,
    discard_draft,
    rename_pipeline,
    restore_pipeline,
    retire_pipeline,
    start_draft,
)
from pipeline.operations.rulestages import (
    add_stage,
    change_stage,
    keep_stage,
    order_stages,
    remove_stage,
    shift_stage,
)
from pipeline.stages import process_of, read_process
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


def process(pipeline):
    return read_process(pipeline.versions.get(published_at=None))


def keys(pipeline):
    return [rule.key for rule in process(pipeline).rules]


def test_a_draft_begins_as_the_version_in_force(pipeline, draft):
    assert draft.number == 2
    assert draft.based_on.number == 1
    assert process(pipeline).rules == process_of(pipeline).rules


def test_deals_are_still_judged_by_the_version_in_force(pipeline, draft, act):
    change_stage(pipeline=pipeline, stage="demo", changes={"name": "Trial"}, **act)

    assert process_of(pipeline).number == 1
    assert process_of(pipeline).rule("demo").name == "Demo / Evaluation"


def test_a_pipeline_has_one_draft(pipeline, draft, act):
    with pytest.raises(Conflict, match="has a draft already"):
        start_draft(pipeline=pipeline, **act)


@pytest.mark.parametrize("role", ["rep", "manager", "vp", "desk", "auditor", "outsider"])
def test_only_revops_starts_a_draft(role, pipeline, request):
    with pytest.raises(NotAllowed):
        start_draft(pipeline=pipeline, by=by(request.getfixturevalue(role)), at=AT)


def test_only_revops_edits_a_draft(pipeline, draft, rep):
    with pytest.raises(NotAllowed):
        add_stage(pipeline=pipeline, name="Pilot", by=by(rep), at=AT)


def test_of_two_administrators_editing_one_draft_the_second_is_told(pipeline, draft, act):
    change_draft(pipeline=pipeline, changes={"skipping": "never"}, version=draft.version, **act)

    with pytest.raises(Conflict):
        change_draft(pipeline=pipeline, changes={"gate": "entry"}, version=draft.version, **act)

    assert process(pipeline).gate == "exit"


def test_liberties_are_checked_all_at_once(pipeline, draft, act):
    with pytest.raises(Refused) as refused:
        change_draft(pipeline=pipeline, changes={"skipping": "maybe", "debt_days": -1}, **act)

    assert {fault.key for fault in refused.value.missing} == {"skipping", "debt_days"}


def test_what_blocks_and_the_days_are_kept(pipeline, draft, act):
    changes = {"debt_blocks_at": "proposal", "debt_days": 7, "buyer_silence_days": 21}
    change_draft(pipeline=pipeline, changes=changes, **act)

    found = process(pipeline)
    assert (found.debt_blocks_at, found.debt_days, found.buyer_silence_days) == ("proposal", 7, 21)


def test_a_change_is_in_the_ledger_in_words(pipeline, draft, act):
    change_stage(pipeline=pipeline, stage="demo", changes={"probability_percent": 45}, **act)

    entry = Entry.objects.about(pipeline).filter(verb="pipeline.draft_changed").first()
    assert "Demo / Evaluation: Probability: 40%, now 45%." in entry.facts_json


# Stages


def test_a_stage_is_added_behind_another(pipeline, draft, act):
    add_stage(pipeline=pipeline, name="Security review", after="proposal", **act)

    assert keys(pipeline)[3:5] == ["proposal", "security-review"]


def test_a_stage_added_without_a_place_stands_last_of_the_open_ones(pipeline, draft, act):
    add_stage(pipeline=pipeline, name="Pilot", **act)

    assert keys(pipeline)[-3:] == ["pilot", "closed-won", "closed-lost"]


def test_a_key_is_not_used_twice(pipeline, draft, act):
    add_stage(pipeline=pipeline, name="Demo", **act)

    assert "demo-2" in keys(pipeline)


def test_stages_are_put_in_order(pipeline, draft, act):
    order = ["discovery", "qualified", *keys(pipeline)[2:]]
    order_stages(pipeline=pipeline, stages=order, **act)

    assert keys(pipeline) == order


def test_an_order_names_every_stage_once(pipeline, draft, act):
    with pytest.raises(Refused, match="each stage once"):
        order_stages(pipeline=pipeline, stages=["discovery"], **act)


@pytest.mark.parametrize(("places", "at"), [(1, 2), (-1, 0), (-9, 0), (99, 6)])
def test_a_stage_is_moved_by_places(places, at, pipeline, draft, act):
    shift_stage(pipeline=pipeline, stage="discovery", places=places, **act)

    assert keys(pipeline).index("discovery") == at


def test_a_won_stage_is_sure(pipeline, draft, act):
    changes = {"kind": "won", "probability_percent": 30, "forecast_category": "pipeline"}
    change_stage(pipeline=pipeline, stage="closed-won", changes=changes, **act)

    rule = process(pipeline).won
    assert (rule.probability_percent, rule.forecast_category) == (100, "closed")


def test_faults_of_a_stage_are_named_at_once(pipeline, draft, act):
    changes = {"name": " ", "probability_percent": 101, "entry_roles": ["king"]}
    with pytest.raises(Refused) as refused:
        change_stage(pipeline=pipeline, stage="demo", changes=changes, **act)

    assert len(refused.value.missing) == 3


def test_a_stage_without_deals_is_taken_out(pipeline, draft, act):
    remove_stage(pipeline=pipeline, stage="demo", **act)

    assert "demo" not in keys(pipeline)


def test_a_stage_with_deals_asks_where_they_go(pipeline, draft, act, rep):
    make_deal(rep, stage="demo")

    with pytest.raises(Refused, match="1 deal is in Demo / Evaluation") as refused:
        remove_stage(pipeline=pipeline, stage="demo", **act)

    assert refused.value.missing[0].key == "goes_to"
    assert "demo" in keys(pipeline)


def test_open_deals_do_not_go_to_a_closed_stage(pipeline, draft, act, rep):
    make_deal(rep, stage="demo")

    with pytest.raises(Refused, match="another kind"):
        remove_stage(pipeline=pipeline, stage="demo", goes_to="closed-won", **act)


def test_a_stage_taken_out_is_put_back_in_its_place(pipeline, draft, act):
    before = keys(pipeline)
    remove_stage(pipeline=pipeline, stage="demo", goes_to="proposal", **act)
    keep_stage(pipeline=pipeline, stage="demo", **act)

    assert keys(pipeline) == before
    assert not pipeline.versions.get(published_at=None).removals.exists()


def test_what_blocked_at_a_stage_taken_out_blocks_nowhere(pipeline, draft, act):
    change_draft(pipeline=pipeline, changes={"debt_blocks_at": "proposal"}, **act)
    remove_stage(pipeline=pipeline, stage="proposal", **act)

    assert process(pipeline).debt_blocks_at == ""


# What they ask


def test_an_item_is_added_from_what_is_known(pipeline, draft, act):
    add_item(pipeline=pipeline, stage="qualified", item="timeline", **act)

    assert process(pipeline).rule("qualified").items[-1].label == "Timeline"


def test_an_item_nothing_knows_is_refused(pipeline, draft, act):
    with pytest.raises(Refused, match="Nothing knows"):
        add_item(pipeline=pipeline, stage="qualified", item="horoscope", **act)


def test_an_item_is_asked_once(pipeline, draft, act):
    with pytest.raises(Refused, match="already"):
        add_item(pipeline=pipeline, stage="qualified", item="fit_score", **act)


def test_an_item_is_renamed_moved_and_removed(pipeline, draft, act):
    kept = {"pipeline": pipeline, "stage": "discovery", "item": "timeline", **act}
    change_item(label="Time plan", none_allowed=True, **kept)
    shift_item(places=-2, **kept)

    item = process(pipeline).rule("discovery").items[0]
    assert (item.key, item.label, item.none_allowed) == ("timeline", "Time plan", True)

    remove_item(**kept)
    assert "timeline" not in [each.key for each in process(pipeline).rule("discovery").items]


def test_a_criterion_is_added_worded_anew_and_removed(pipeline, draft, act):
    add_criterion(pipeline=pipeline, stage="demo", label="Security asked", needs_note=True, **act)
    criterion = process(pipeline).rule("demo").criteria[-1]
    assert (criterion.key, criterion.needs_note) == ("security_asked", True)

    kept = {"pipeline": pipeline, "stage": "demo", "criterion": "security_asked", **act}
    change_criterion(label="Security is content", **kept)
    assert process(pipeline).rule("demo").criteria[-1].label == "Security is content"

    remove_criterion(**kept)
    assert len(process(pipeline).rule("demo").criteria) == 2


# Pipelines


def test_a_thrown_away_draft_leaves_nothing(pipeline, draft, act):
    add_stage(pipeline=pipeline, name="Pilot", **act)
    discard_draft(pipeline=pipeline, **act)

    assert not PipelineVersion.objects.filter(published_at=None).exists()
    assert not Stage.objects.filter(key="pilot").exists()


def test_a_pipeline_begins_with_a_draft_and_takes_no_deals(act):
    renewal = create_pipeline(key="renewal", name="Renewal", **act)

    assert keys(renewal) == ["first", "closed-won", "closed-lost"]
    with pytest.raises(Refused, match="no published rules"):
        process_of(renewal)


def test_a_pipeline_whose_first_draft_was_thrown_away_can_begin_again(act):
    renewal = create_pipeline(key="renewal", name="Renewal", **act)
    discard_draft(pipeline=renewal, **act)

    start_draft(pipeline=renewal, **act)

    assert keys(renewal) == ["first", "closed-won", "closed-lost"]


def test_a_pipeline_copies_anothers_rules_for_stages_of_its_own(pipeline, act):
    renewal = create_pipeline(key="renewal", name="Renewal", copied_from=pipeline, **act)

    assert keys(renewal) == [rule.key for rule in process_of(pipeline).rules]
    own = {rule.stage_id for rule in process(renewal).rules}
    assert not own & {rule.stage_id for rule in process_of(pipeline).rules}


@pytest.mark.parametrize("key", ["", "New", "new business", "-x", "new-business"])
def test_a_key_is_plain_and_new(key, act):
    with pytest.raises(Refused):
        create_pipeline(key=key, name="Renewal", **act)


def test_a_pipeline_is_renamed(pipeline, act):
    assert rename_pipeline(pipeline=pipeline, name="Sales", **act).name == "Sales"


def test_the_last_pipeline_in_use_is_not_retired(pipeline, act):
    with pytest.raises(Refused, match="only pipeline"):
        retire_pipeline(pipeline=pipeline, **act)


def test_a_pipeline_with_open_deals_is_not_retired(pipeline, act, rep):
    make_deal(rep)

    with pytest.raises(Refused, match="1 open deal"):
        retire_pipeline(pipeline=pipeline, **act)


def test_a_retired_pipeline_comes_back(act):
    renewal = create_pipeline(key="renewal", name="Renewal", **act)
    assert retire_pipeline(pipeline=renewal, **act).retired_at

    assert restore_pipeline(pipeline=renewal, **act).retired_at is None
