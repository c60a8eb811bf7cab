"""Real threads on PostgreSQL: what happens to one deal at once happens one after the other."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.models import Deal, StageVisit
from pipeline.operations import (
    advance_deal,
    change_deal,
    log_activity,
    lose_deal,
    push_close_date,
    reassign_deal,
    skip_deal,
    win_deal,
)
from revops import integrity
from revops.ledger.verification import verify
from revops.refusals import Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, stage
from tests.racing import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def pipeline_findings():
    return [found for found in integrity.findings() if found.check.startswith("pipeline.")]


def test_two_advances_of_the_same_page_move_the_deal_once(rep):
    deal = complete(make_deal(rep))

    def advance():
        return advance_deal(deal=deal, version=deal.version, by=by(rep), at=AT)

    results = at_once(advance, advance)

    assert sorted(getattr(result, "code", "moved") for result in results) == ["moved", "stale"]
    assert Deal.objects.get().stage.key == "discovery"
    assert StageVisit.objects.filter(deal=deal).count() == 2


def test_two_advances_without_a_version_are_two_steps(rep):
    deal = complete(make_deal(rep))

    at_once(*[lambda: advance_deal(deal=deal, by=by(rep), at=AT)] * 2)

    assert Deal.objects.get().stage.key == "demo"
    assert pipeline_findings() == []


def test_a_win_and_a_loss_at_once_close_the_deal_one_way(rep):
    deal = complete(make_deal(rep, stage="negotiation"))

    results = at_once(
        lambda: win_deal(deal=deal, by=by(rep), at=AT),
        lambda: lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT),
    )

    assert sorted(getattr(result, "code", "closed") for result in results) == ["closed", "closed"]
    assert len([result for result in results if isinstance(result, Refused)]) == 1
    assert pipeline_findings() == []


def test_a_push_during_a_win_is_before_it_or_refused(rep):
    deal = complete(make_deal(rep, stage="negotiation"))

    won, pushed = at_once(
        lambda: win_deal(deal=deal, by=by(rep), at=AT),
        lambda: push_close_date(
            deal=deal, to=date(2026, 12, 20), reason_key="budget", by=by(rep), at=AT
        ),
    )

    assert won.status == "won"
    deal = Deal.objects.get()
    assert deal.push_count == deal.pushes.count() == (0 if isinstance(pushed, Refused) else 1)
    assert pipeline_findings() == []


def test_rollups_stand_whatever_moves_at_once(rep, other_rep, manager):
    deals = [complete(make_deal(rep, f"Deal {number}")) for number in range(4)]
    back = [complete(make_deal(other_rep, f"Back {number}")) for number in range(4)]

    at_once(
        *[lambda deal=deal: advance_deal(deal=deal, by=by(manager), at=AT) for deal in deals],
        *[
            lambda deal=deal: reassign_deal(deal=deal, owner=rep, by=by(manager), at=AT)
            for deal in back
        ],
        *[
            lambda deal=deal: change_deal(deal=deal, changes={"amount": 7}, by=by(manager), at=AT)
            for deal in deals + back
        ],
        *[
            lambda deal=deal: skip_deal(
                deal=deal, to=stage("demo"), reason="Hurry", by=by(manager), at=AT
            )
            for deal in back
        ],
    )

    assert pipeline_findings() == []
    assert verify().is_intact


def test_activities_are_logged_while_the_deal_moves(rep):
    deal = complete(make_deal(rep))

    results = at_once(
        lambda: advance_deal(deal=deal, by=by(rep), at=AT),
        *[lambda: log_activity(deal=deal, kind="call", side="buyer", body="Yes", by=by(rep), at=AT)]
        * 4,
    )

    assert not any(isinstance(result, Refused) for result in results)
    assert deal.activities.count() == 4
