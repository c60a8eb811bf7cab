import json

import pytest
from django.core.management import call_command

from pipeline.integrity import (
    check_births,
    check_closings,
    check_pushes,
    check_rollups,
    check_statuses,
    check_visits,
)
from pipeline.models import Deal, StageRollup
from pipeline.rollups import rebuild_rollups
from tests.factories.people import AT
from tests.factories.pipeline import make_deal, stage

BROKEN = {
    "a rollup that lost count": (check_rollups, lambda deal: StageRollup.objects.update(count=5)),
    "an amount changed by the way": (
        check_rollups,
        lambda deal: Deal.objects.update(amount=deal.amount + 1),
    ),
    "a stage changed by the way": (
        check_visits,
        lambda deal: Deal.objects.update(stage=stage("demo")),
    ),
    "a visit that ended": (check_visits, lambda deal: deal.visits.update(left_at=AT)),
    "another moment of entry": (
        check_visits,
        lambda deal: Deal.objects.update(entered_stage_at=AT.replace(year=2020)),
    ),
    "pushes that are not there": (
        check_pushes,
        lambda deal: Deal.objects.update(push_count=2),
    ),
    "won in an open stage": (
        check_statuses,
        lambda deal: Deal.objects.update(status="won", closed_on=AT.date()),
    ),
    "closed and nobody's": (
        check_closings,
        lambda deal: Deal.objects.update(status="won", closed_on=AT.date()),
    ),
    "a deal out of nowhere": (
        check_births,
        lambda deal: Deal.objects.bulk_create([twin_of(deal)]),
    ),
}


def twin_of(deal):
    deal.pk = None
    return deal


@pytest.mark.parametrize("what", BROKEN)
def test_integrity_names(rep, what):
    check, break_it = BROKEN[what]
    deal = make_deal(rep)
    assert list(check()) == []

    break_it(deal)

    assert len(list(check())) >= 1


def test_imported_deals_without_history_are_no_finding(rep):
    deal = make_deal(rep)
    twin = twin_of(deal)
    twin.origin, twin.entered_stage_at = "import", None
    Deal.objects.bulk_create([twin])

    assert list(check_visits()) == list(check_births()) == []


def test_rollups_can_be_counted_anew(rep):
    make_deal(rep)
    StageRollup.objects.update(count=7, amount=0)

    rebuild_rollups()

    assert list(check_rollups()) == []


def test_the_command_answers_in_json_and_exits_1_when_something_is_broken(rep, capsys):
    make_deal(rep)
    call_command("check_integrity", "--json")
    assert json.loads(capsys.readouterr().out)["ok"]

    StageRollup.objects.update(count=5)
    with pytest.raises(SystemExit):
        call_command("check_integrity", "--json")

    answer = json.loads(capsys.readouterr().out)
    assert answer["findings"][0]["check"] == "pipeline.rollups"
