from datetime import date

import pytest

from pipeline.operations import (
    add_member,
    assign_debt,
    lose_deal,
    override_move,
    push_close_date,
    reassign_deal,
    reopen_deal,
    skip_deal,
    transfer_deal,
    win_deal,
)
from pipeline.operations.reviews import review_forecast
from revops.outbox.bodies import render
from revops.outbox.models import Notification
from tests.factories.people import AT, by, make_person
from tests.factories.pipeline import complete, make_deal, make_pipeline, stage


def administrator():
    return make_person("Rita Root", roles=["revops_admin"])


def lose(deal, rep):
    return lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT)


def push_twice(rep):
    deal = make_deal(rep)
    for day in (18, 20):
        push_close_date(
            deal=deal,
            to=date(2026, 12, day),
            reason_key="budget",
            note="CFO away",
            by=by(rep),
            at=AT,
        )


def ask_for_debt(rep, manager):
    deal = complete(make_deal(rep), but=["timeline"])
    skip_deal(deal=deal, to=stage("proposal"), reason="Hurry", by=by(rep), at=AT)
    assign_debt(debt=deal.debts.get(), owner=manager, by=by(rep), at=AT)


CAUSES = {
    "deal.skipped": lambda rep, manager, other: skip_deal(
        deal=complete(make_deal(rep)), to=stage("proposal"), reason="Hurry", by=by(rep), at=AT
    ),
    "deal.reassigned": lambda rep, manager, other: reassign_deal(
        deal=make_deal(rep), owner=other, by=by(manager), at=AT
    ),
    "deal.pushed_again": lambda rep, manager, other: push_twice(rep),
    "deal.won": lambda rep, manager, other: win_deal(
        deal=complete(make_deal(rep, stage="negotiation")), by=by(rep), at=AT
    ),
    "deal.forecast_reviewed": lambda rep, manager, other: review_forecast(
        deal=make_deal(rep), outcome="keep", note="The CFO signs", by=by(manager), at=AT
    ),
    "deal.reopened": lambda rep, manager, other: reopen_deal(
        deal=lose(make_deal(rep), rep), reason="They came back", by=by(manager), at=AT
    ),
    "deal.overridden": lambda rep, manager, other: override_move(
        deal=make_deal(rep), to=stage("discovery"), reason="Signed", by=by(administrator()), at=AT
    ),
    "deal.transferred": lambda rep, manager, other: transfer_deal(
        deal=make_deal(rep), to_pipeline=make_pipeline(), reason="It renews", by=by(rep), at=AT
    ),
    "deal.debt_assigned": lambda rep, manager, other: ask_for_debt(rep, manager),
    "deal.shared": lambda rep, manager, other: add_member(
        deal=make_deal(rep), person=other, by=by(rep), at=AT
    ),
}


@pytest.mark.parametrize("event", CAUSES)
def test_every_event_has_its_mail_in_both_forms(event, rep, manager, other_rep):
    CAUSES[event](rep, manager, other_rep)

    told = Notification.objects.filter(event=event)
    assert told
    for notification in told:
        body = render(notification)
        assert "Acme rollout" in body.subject
        assert "Acme rollout" in body.text
        assert "Acme rollout" in body.html
        assert notification.person.short_name in body.text
