"""Tasks that come with a stage."""

import pytest

from pipeline import registry
from pipeline.models import StageAction
from pipeline.operations import (
    add_stage_action,
    advance_deal,
    retire_stage_action,
    send_back_deal,
    skip_deal,
)
from pipeline.operations.actions import begin_stage_work
from revops.refusals import NotAllowed, Refused
from revops.work.models import Task
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, stage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def effects(pipeline_alone, monkeypatch):
    monkeypatch.setattr(registry, "_effects", [begin_stage_work])


def asked(person) -> list[str]:
    return list(Task.objects.filter(assignee=person).order_by("pk").values_list("title", flat=True))


@pytest.mark.parametrize(
    ("start", "task"),
    [
        ("qualified", "Discovery questionnaire: Acme rollout"),
        ("discovery", "Prepare the environment: Acme rollout"),
        ("demo", "Send the proposal: Acme rollout"),
    ],
)
def test_entering_a_stage_brings_its_task(rep, start, task):
    deal = complete(make_deal(rep, stage=start))

    advance_deal(deal=deal, by=by(rep), at=AT)

    assert asked(rep) == [task]


def test_a_skip_brings_the_task_of_the_stage_it_ends_in(rep):
    deal = complete(make_deal(rep))

    skip_deal(deal=deal, to=stage("proposal"), reason="They know us", by=by(rep), at=AT)

    assert asked(rep) == ["Send the proposal: Acme rollout"]


def test_coming_again_through_a_stage_brings_nothing_twice(rep):
    deal = complete(make_deal(rep))
    deal = advance_deal(deal=deal, by=by(rep), at=AT)
    Task.objects.update(state="done", closed_at=AT)
    deal = send_back_deal(deal=deal, to=stage("qualified"), reason="Too early", by=by(rep), at=AT)

    advance_deal(deal=deal, by=by(rep), at=AT)

    assert asked(rep) == ["Discovery questionnaire: Acme rollout"]


def test_going_back_brings_nothing(rep):
    deal = complete(make_deal(rep, stage="demo"))

    send_back_deal(deal=deal, to=stage("discovery"), reason="Too early", by=by(rep), at=AT)

    assert asked(rep) == []


def test_a_task_taken_away_comes_no_more(rep, revops):
    for action in StageAction.objects.filter(stage=stage("discovery")):
        retire_stage_action(action=action, by=by(revops), at=AT)
    deal = complete(make_deal(rep))

    advance_deal(deal=deal, by=by(rep), at=AT)

    assert asked(rep) == []


def test_a_task_of_ones_own_is_due_when_it_says(rep, revops):
    add_stage_action(
        stage=stage("discovery"), title="  Map   the buyers ", due_hours=8, by=by(revops), at=AT
    )
    deal = complete(make_deal(rep))

    advance_deal(deal=deal, by=by(rep), at=AT)

    task = Task.objects.get(title="Map the buyers: Acme rollout")
    assert (task.due_at - AT).total_seconds() == 24 * 3600


@pytest.mark.parametrize("title", ["", "   ", "x" * 101, "discovery QUESTIONNAIRE"])
def test_a_task_without_a_title_or_with_one_that_is_there_is_refused(revops, title):
    with pytest.raises(Refused):
        add_stage_action(stage=stage("discovery"), title=title, due_hours=8, by=by(revops), at=AT)


def test_only_revops_says_what_comes_with_a_stage(manager):
    with pytest.raises(NotAllowed):
        add_stage_action(stage=stage("demo"), title="X", due_hours=8, by=by(manager), at=AT)
