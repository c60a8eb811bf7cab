"""Real threads on PostgreSQL: pages, transfers and imports that meet on one deal."""

import pytest
from django.db import connection
from django.urls import reverse

from pipeline.imports import import_stage_history
from pipeline.imports.history import history_kind
from pipeline.models import Deal, StageVisit
from pipeline.operations import advance_deal, override_move, reassign_deals, transfer_deal
from revops.imports.drafts import draft_file
from revops.imports.mapping import parse_mapping
from revops.ledger.verification import verify
from tests.factories.people import AT, by, signed_in
from tests.factories.pipeline import complete, make_deal, make_pipeline, stage
from tests.pipeline.test_races import pipeline_findings
from tests.pipeline.test_stage_history import HISTORY, IMPORT, import_deal
from tests.racing import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_a_push_and_a_win_through_the_pages_are_one_after_the_other(rep):
    deal = complete(make_deal(rep, stage="negotiation"))
    one, two = signed_in(rep), signed_in(rep)
    pushed = {"to": "2026-12-20", "reason_key": "budget", "note": "The CFO is away"}

    at_once(
        lambda: one.post(reverse("pipeline:deal-win", args=[deal.pk]), {"asked": "1"}),
        lambda: two.post(reverse("pipeline:deal-push", args=[deal.pk]), pushed),
    )

    deal = Deal.objects.get()
    assert deal.push_count == deal.pushes.count()
    assert pipeline_findings() == []


def test_two_pages_that_move_one_deal_move_it_once(rep):
    deal = complete(make_deal(rep))
    address = reverse("pipeline:deal-advance", args=[deal.pk])
    typed = {"version": deal.version, "asked": "1"}
    clients = [signed_in(rep), signed_in(rep)]

    answers = at_once(*[lambda client=client: client.post(address, typed) for client in clients])

    assert sorted(answer.status_code for answer in answers) == [302, 409]
    assert Deal.objects.get().stage.key == "discovery"


def test_a_transfer_and_a_move_at_once_leave_one_place(rep):
    pipeline, deal = make_pipeline(), complete(make_deal(rep))

    at_once(
        lambda: transfer_deal(
            deal=deal, to_pipeline=pipeline, reason="It renews", by=by(rep), at=AT
        ),
        lambda: advance_deal(deal=deal, by=by(rep), at=AT),
    )

    deal = Deal.objects.get()
    assert deal.visits.filter(left_at=None).count() == 1
    assert deal.stage.pipeline_id == deal.pipeline_id
    assert pipeline_findings() == []
    assert verify().is_intact


def test_an_override_and_a_reassignment_at_once_both_stand(rep, other_rep, revops):
    deal = make_deal(rep)

    at_once(
        lambda: override_move(
            deal=deal, to=stage("discovery"), reason="Board", by=by(revops), at=AT
        ),
        lambda: reassign_deals(deals=[deal], owner=other_rep, by=by(revops), at=AT),
    )

    deal = Deal.objects.get()
    assert (deal.stage.key, deal.owner) == ("discovery", other_rep)
    assert set(deal.debts.values_list("owner", flat=True)) == {other_rep.pk}
    assert pipeline_findings() == []


def test_two_imports_of_one_history_write_it_once(rep):
    deal = import_deal(rep, since="2026-09-01")
    lines = "deal,stage,at\nD1,qualified,2026-06-01\nD1,demo,2026-07-01\n"

    def run():
        drafts = draft_file(lines.encode(), parse_mapping(HISTORY, history_kind()))
        try:
            return import_stage_history(drafts=drafts, by=IMPORT, at=AT)
        finally:
            connection.close()

    at_once(run, run)

    assert StageVisit.objects.filter(deal=deal).count() == 3
    assert pipeline_findings() == []
