"""Every door to a deal asks the same: pages, API, bulk and upsert."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from pipeline.models import ClosePush, Deal
from pipeline.operations import bulk_move_deals, override_move
from revops import integrity
from revops.ledger.verification import verify
from revops.refusals import Refused
from tests.api.calling import Caller
from tests.factories.dealdesk import AT, HOUR, make_quote, small_account, submit
from tests.factories.people import by
from tests.factories.pipeline import complete, make_deal, new_business, stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_breaks():
    with time_machine.travel(AT + 2 * HOUR, tick=False):
        yield
    assert integrity.findings() == []
    assert verify().is_intact


SNEAKED = {
    "close_date": "2027-06-30",
    "status": "won",
    "stage": "closed-won",
    "push_count": "0",
    "reviewed_pushes": "9",
    "closed_on": "2026-01-01",
    "entered_stage_at": "2020-01-01",
    "owner": "1",
    "origin": "import",
    "version": "1",
    "missing_count": "0",
    "debt_due_on": "",
    "approval_voided": "false",
    "search_text": "x",
    "source_values": "{}",
}


def stands(deal):
    return (
        deal.close_date,
        deal.status,
        deal.stage_id,
        deal.push_count,
        deal.owner_id,
        deal.origin,
    )


def test_no_page_takes_what_has_a_verb_of_its_own(rep):
    deal = make_deal(rep)
    client = Client()
    client.force_login(rep)
    before = stands(deal)
    for verb in ("edit", "next-step", "activities", "contacts", "team", "items/pain_points"):
        client.post(f"/deals/{deal.pk}/{verb}/", SNEAKED | {"name": "Acme", "next_step": "Call"})
    assert stands(Deal.objects.get()) == before
    assert not ClosePush.objects.exists()


def test_no_patch_takes_what_has_a_verb_of_its_own(rep):
    deal = make_deal(rep)
    before = stands(deal)
    caller = Caller(rep)
    for name, value in SNEAKED.items():
        assert caller.patch(f"deals/{deal.pk}/", {name: value}).status_code == 400, name
    assert stands(Deal.objects.get()) == before


@pytest.mark.parametrize("door", ["bulk", "board", "api"])
def test_no_door_wins_without_cover(door, rep):
    deal = complete(make_deal(rep, account=small_account(), stage="negotiation"))
    submit(make_quote(rep, 25, deal=deal))
    if door == "bulk":
        to = stage("closed-won")
        [result] = bulk_move_deals(deals=[deal], to=to, reason="x y", by=by(rep), at=AT + HOUR)
        assert result.refusal.code == "gate"
    elif door == "board":
        client = Client()
        client.force_login(rep)
        client.post(f"/deals/{deal.pk}/move/", {"to": "closed-won", "stage": "closed-won"})
        client.post("/deals/move/", {"deals": [deal.pk], "to": "closed-won", "sure": "1"})
    else:
        caller = Caller(rep)
        for verb in ("win", "move", "advance"):
            caller.post(f"deals/{deal.pk}/{verb}/", {"to": "closed-won"})
    assert Deal.objects.get().status == "open"


@pytest.mark.parametrize("door", ["bulk", "page", "api"])
def test_no_door_skips_where_skipping_is_forbidden(door, rep):
    deal = complete(make_deal(rep))
    from pipeline.operations.publishing import publish_draft
    from pipeline.operations.rules import change_draft, start_draft
    from revops.people.actor import Actor

    facts = {"pipeline": new_business(), "by": Actor.system(), "at": AT}
    start_draft(**facts)
    change_draft(changes={"skipping": "never"}, **facts)
    publish_draft(**facts)
    to = stage("demo")
    if door == "bulk":
        [result] = bulk_move_deals(deals=[deal], to=to, reason="x y", by=by(rep), at=AT + HOUR)
        assert isinstance(result.refusal, Refused)
    elif door == "page":
        client = Client()
        client.force_login(rep)
        for verb in ("skip", "move"):
            client.post(f"/deals/{deal.pk}/{verb}/", {"to": "demo", "reason": "They know it"})
    else:
        caller = Caller(rep)
        for verb in ("skip", "move"):
            caller.post(f"deals/{deal.pk}/{verb}/", {"to": "demo", "reason": "They know it"})
    assert Deal.objects.get().stage.key == "qualified"


@pytest.mark.parametrize("who", ["rep", "manager", "vp", "desk", "auditor"])
def test_only_administrators_override(who, rep, request):
    deal = make_deal(rep)
    person = request.getfixturevalue(who)
    with pytest.raises(Refused):
        override_move(deal=deal, to=stage("demo"), reason="Please", by=by(person), at=AT)
    client = Client()
    client.force_login(person)
    answer = client.post(f"/deals/{deal.pk}/override/", {"to": "demo", "reason": "Please"})
    assert answer.status_code == 403
