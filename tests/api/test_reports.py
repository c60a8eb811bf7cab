"""The numbers of a pipeline by the API: whose they are, and what is refused."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from pipeline.metrics import METRICS
from pipeline.models import Deal, Move
from pipeline.operations.movement import enter_stage
from pipeline.stages import plan_move, process_of
from tests.factories.people import SYSTEM
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def won(rep, other_rep):
    """A won deal of Rita's and a lost one of Ron's, both of today."""
    now = timezone.now()
    for owner, move in ((rep, Move.WIN), (other_rep, Move.LOSE)):
        deal = make_deal(owner, at=now - timedelta(hours=1), close_date=now.date())
        deal.loss_reason = "price" if move == Move.LOSE else ""
        close(deal, move, at=now)


@transaction.atomic
def close(deal, move, *, at):
    process = process_of(deal.pipeline)
    enter_stage(plan_move(process, deal, move), process, reason="", by=SYSTEM, at=at)


def test_a_rep_reads_their_own_numbers(api, rep, won):
    answer = api(rep).get("reports/pipeline/")

    assert answer.status_code == 200
    assert answer.json()["win_rate"] | {"low": 0, "high": 0} == {
        "won": 1, "lost": 0, "rate": 1, "n": 1, "low": 0, "high": 0, "enough": False,
    }  # fmt: skip
    assert list(answer.json()["by"]) == [rep.name]


def test_a_manager_reads_those_of_the_line(api, manager, won):
    answer = api(manager).get("reports/pipeline/?by=team").json()

    assert answer["win_rate"]["rate"] == 0.5
    assert answer["by"]["North"]["win_rate"]["n"] == 2
    assert answer["won_value"] == "10000.00"


def test_nothing_to_divide_by_is_null(api, rep):
    answer = api(rep).get("reports/pipeline/").json()

    assert answer["win_rate"]["rate"] is None
    assert answer["cycle_days"]["mean"] is None
    assert answer["velocity"]["per_day"] is None


def test_somebody_outside_the_line_is_not_there(api, rep, other_rep):
    assert api(rep).get(f"reports/pipeline/?owner={other_rep.pk}").status_code == 404
    assert api(rep).get("reports/pipeline/?pipeline=unknown").status_code == 404


def test_a_period_that_ends_before_it_begins_is_refused(api, rep):
    answer = api(rep).get("reports/pipeline/?from=2026-11-02&to=2026-11-01")

    assert answer.status_code == 400


def test_every_metric_says_how_it_is_made(api, rep):
    told = api(rep).get("reports/metrics/").json()

    assert {each["key"] for each in told} == set(METRICS)
    assert all(each["formula"] and each["unit"] and each["source"] for each in told)


def test_numbers_are_of_the_deals_and_not_of_the_tallies(api, rep, won):
    before = api(rep).get("reports/pipeline/").json()
    Deal.objects.filter(status="won").update(amount=1)

    assert before["won_value"] == "10000.00"
    assert api(rep).get("reports/pipeline/").json()["won_value"] == "1.00"
