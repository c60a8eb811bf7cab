"""Two people meet over rules, moves and requests: whoever is first, both pages stay true."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from dealdesk.models import ApprovalRequest, ApprovalSlot, Decision
from dealdesk.operations import (
    answer_question,
    ask_submitter,
    bypass_request,
    meet_condition,
    reassign_approval,
    recall_request,
)
from pipeline.models import Deal, DigestSent
from pipeline.operations import (
    advance_deal,
    change_deal,
    create_deal,
    send_digests,
    sweep_findings,
    transfer_deal,
)
from pipeline.operations.publishing import publish_draft
from pipeline.operations.rules import start_draft
from pipeline.operations.rulestages import remove_stage
from revops import integrity
from revops.ledger.verification import verify
from revops.outbox.models import Notification
from revops.refusals import Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    make_quote,
    slot_of,
    small_account,
    submit,
)
from tests.factories.people import SYSTEM, by, make_person
from tests.factories.pipeline import complete, make_deal, make_pipeline, new_business, stage
from tests.imports.files import run
from tests.racing import at_once, refused

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def nothing_breaks():
    yield
    assert integrity.findings() == []
    assert verify().is_intact


@pytest.fixture
def without_discovery(revops):
    """A draft in which the deals of Discovery go to Demo."""
    pipeline = new_business()
    start_draft(pipeline=pipeline, by=by(revops), at=AT)
    remove_stage(pipeline=pipeline, stage="discovery", goes_to="demo", by=by(revops), at=AT)
    return lambda: publish_draft(pipeline=pipeline, by=by(revops), at=AT + 2 * HOUR)


def standing_in(key):
    return Deal.objects.filter(stage__key=key).count()


def test_a_stage_removed_under_a_move_holds_no_deal(rep, without_discovery):
    deals = [complete(make_deal(rep, f"Deal {number}")) for number in range(3)]

    results = at_once(
        without_discovery,
        *[
            lambda deal=deal: advance_deal(deal=deal, by=by(rep), at=AT + 2 * HOUR)
            for deal in deals
        ],
    )

    assert all(result.code != "deadlock" for result in refused(results))
    assert standing_in("discovery") == 0


def test_a_stage_removed_while_deals_are_entered_and_imported_holds_none(rep, without_discovery):
    mapping = """
source = "crm"
[deal]
external_id = "{id}"
name = "{name}"
owner = { column = "owner", by = "email" }
stage = "{stage}"
"""
    lines = "".join(f"{n},Deal {n},{rep.email},discovery\n" for n in range(40))

    def bring():
        try:
            run("deals", "id,name,owner,stage\n" + lines, mapping=mapping)
        except Exception as refusal:  # a bad row: the stage is no more
            return refusal
        finally:
            connection.close()

    def enter():
        return create_deal(
            name="Entered",
            account=None,
            owner=rep,
            pipeline=new_business(),
            stage=stage("discovery"),
            close_date="2026-12-15",
            by=SYSTEM,
            at=AT + 2 * HOUR,
        )

    at_once(without_discovery, bring, enter)

    assert standing_in("discovery") == 0


def test_a_transfer_into_a_stage_that_is_removed(rep, without_discovery):
    make_pipeline()
    deal = make_deal(rep)
    renewal = make_pipeline("second", "Second")
    deal = transfer_deal(deal=deal, to_pipeline=renewal, reason="x y", by=by(rep), at=AT)

    at_once(
        without_discovery,
        lambda: transfer_deal(
            deal=deal, to_pipeline=new_business(), reason="Back", by=by(rep), at=AT + 2 * HOUR
        ),
    )

    assert standing_in("discovery") == 0


def test_an_import_and_an_edit_of_one_deal_lose_nothing(rep):
    mapping = """
source = "crm"
[deal]
external_id = "{id}"
name = "{name}"
owner = { column = "owner", by = "email" }
stage = "{stage}"
next_step = "{next}"
"""
    header = "id,name,owner,stage,next\n"
    run("deals", f"{header}1,Acme,{rep.email},discovery,Call\n", mapping=mapping)
    deal = Deal.objects.get()

    def bring():
        try:
            run("deals", f"{header}1,Acme,{rep.email},discovery,Write\n", mapping=mapping)
        finally:
            connection.close()

    at_once(
        bring,
        lambda: change_deal(deal=deal, changes={"pain_points": "Waits"}, by=by(rep), at=AT + HOUR),
    )

    deal = Deal.objects.get()
    assert (deal.next_step, deal.pain_points, deal.version) == ("Write", "Waits", 3)


# Requests


def test_returned_or_approved_but_never_both(rep, vp):
    request = submit(make_quote(rep, 25))
    works = [
        lambda verdict=verdict: decide(request, vp, verdict, reason="Change the term")
        for verdict in ("returned", "approved")
    ]

    results = at_once(*works)

    assert len(refused(results)) == 1
    assert Decision.objects.count() == 1
    assert ApprovalRequest.objects.get().status == Decision.objects.get().verdict


def test_handed_on_or_decided_but_never_both(rep, vp):
    request = submit(make_quote(rep, 25))
    other = make_person("Viola Voss", roles=["vp_sales"])
    slot = slot_of(request, vp)

    results = at_once(
        lambda: decide(request, vp),
        lambda: reassign_approval(slot=slot, to=other, reason="Away", by=by(vp), at=AT + HOUR),
    )

    assert len(refused(results)) == 1
    open_ones = ApprovalSlot.objects.filter(state="requested").count()
    decided = Decision.objects.exists()
    assert decided != bool(open_ones)


def test_bypassed_or_recalled_but_never_both(rep, vp, revops):
    request = submit(make_quote(rep, 25))

    results = at_once(
        lambda: bypass_request(request=request, reason="Board", by=by(revops), at=AT + HOUR),
        lambda: recall_request(request=request, by=by(rep), at=AT + HOUR),
    )

    assert len(refused(results)) == 1
    request = ApprovalRequest.objects.get()
    assert (request.bypassed_at is None) == (request.status == "recalled")


def test_bypassed_or_decided_but_never_both(rep, vp, revops):
    request = submit(make_quote(rep, 25))

    results = at_once(
        lambda: bypass_request(request=request, reason="Board", by=by(revops), at=AT + HOUR),
        lambda: decide(request, vp, "rejected"),
    )

    assert len(refused(results)) == 1
    assert Decision.objects.exists() == (ApprovalRequest.objects.get().status == "rejected")


def test_two_answers_to_one_question_start_the_clock_once(rep, vp, manager):
    request = submit(make_quote(rep, 25))
    slot = slot_of(request, vp)
    question = ask_submitter(slot=slot, body="Why now?", by=by(vp), at=AT + HOUR)

    results = at_once(
        *[
            lambda person=person: answer_question(
                question=question, body="Budget", by=by(person), at=AT + 2 * HOUR
            )
            for person in (rep, manager)
        ]
    )

    assert [each.code for each in refused(results)] == ["already_answered"]
    assert ApprovalSlot.objects.get(pk=slot.pk).paused_at is None


def test_a_question_outlives_neither_its_slot_nor_its_request(rep, vp, revops):
    request = submit(make_quote(rep, 25))
    other = make_person("Viola Voss", roles=["vp_sales"])
    slot = slot_of(request, vp)
    question = ask_submitter(slot=slot, body="Why now?", by=by(vp), at=AT + HOUR)
    new = reassign_approval(slot=slot, to=other, reason="Away", by=by(vp), at=AT + 2 * HOUR)

    with pytest.raises(Refused):
        ask_submitter(slot=slot, body="Again?", by=by(vp), at=AT + 2 * HOUR)
    answer_question(question=question, body="Budget", by=by(rep), at=AT + 2 * HOUR)
    assert ApprovalSlot.objects.get(pk=new.pk).paused_at is None
    back = reassign_approval(slot=new, to=vp, reason="Back", by=by(other), at=AT + 3 * HOUR)
    assert back.person == vp

    asked = ask_submitter(slot=back, body="And?", by=by(vp), at=AT + 3 * HOUR)
    bypass_request(request=request, reason="Board", by=by(revops), at=AT + 4 * HOUR)
    with pytest.raises(Refused):
        answer_question(question=asked, body="Late", by=by(rep), at=AT + 5 * HOUR)


def test_who_is_excluded_neither_bypasses_nor_is_handed_the_approval(rep, vp, revops, manager):
    from revops.people.models import Role
    from revops.people.operations import grant_role

    request = submit(make_quote(rep, 25))
    grant_role(person=rep, role=Role.REVOPS_ADMIN, by=SYSTEM, at=AT)
    grant_role(person=rep, role=Role.VP_SALES, by=SYSTEM, at=AT)
    rep.refresh_from_db()

    with pytest.raises(Refused):
        bypass_request(request=request, reason="Mine", by=by(rep), at=AT + HOUR)
    with pytest.raises(Refused):
        reassign_approval(
            slot=slot_of(request, vp), to=rep, reason="Mine", by=by(revops), at=AT + HOUR
        )


# Sweeps


def test_two_late_sweeps_tell_everything_once(rep, manager):
    for number in range(5):
        make_deal(rep, f"Deal {number}", close_date=AT.date())
    late = AT + timedelta(days=6)  # Monday: nothing ran for three days

    at_once(
        *[lambda: sweep_findings(by=SYSTEM, at=late, batch=2)] * 2,
        *[lambda: send_digests(by=SYSTEM, at=late)] * 2,
    )
    at_once(*[lambda: send_digests(by=SYSTEM, at=late)] * 2)

    told = Notification.objects.values_list("person", "event", "dedupe_key")
    assert len(told) == len(set(told))
    mails = DigestSent.objects.values_list("person", "kind", "day")
    assert len(mails) == len(set(mails))


def test_a_condition_of_a_lost_deal_changes_nothing(rep, vp):
    from pipeline.operations import lose_deal

    deal = complete(make_deal(rep, account=small_account(), stage="negotiation"))
    decision = decide(submit(make_quote(rep, 25, deal=deal)), vp, conditions=["A reference"])
    lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT + 2 * HOUR)

    with pytest.raises(Refused):
        meet_condition(
            condition=decision.conditions.get(), note="Got it", by=by(rep), at=AT + 3 * HOUR
        )
