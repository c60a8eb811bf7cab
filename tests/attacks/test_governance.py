"""Ways around the pipeline's rules: each one is tried, and each is shut."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from dealdesk.operations import bypass_request, expire_requests
from pipeline.findings import find, read_context
from pipeline.models import ClosePullIn, ClosePush, Deal, GateDebt
from pipeline.operations import (
    assign_debt,
    fill_items,
    lose_deal,
    override_move,
    pull_in_close_date,
    push_close_date,
    reopen_deal,
    skip_deal,
    transfer_deal,
    win_deal,
)
from revops import integrity
from revops.imports.drafts import BadRows
from revops.ledger.models import Entry
from revops.ledger.verification import verify
from revops.refusals import Refused
from tests.attacks.test_addresses import PAGES
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, small_account, submit
from tests.factories.people import by, make_person
from tests.factories.pipeline import complete, make_deal, make_pipeline, new_business, stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_breaks():
    """Whatever was tried, the books agree and the ledger holds."""
    yield
    assert integrity.findings() == []
    assert verify().is_intact


IMPORTED = """
source = "crm"
[deal]
external_id = "{id}"
name = "{name}"
owner = { column = "owner", by = "email" }
stage = "{stage}"
close_date = "{close}"
"""


def bring(lines):
    from tests.imports.files import run

    return run("deals", "id,name,owner,stage,close\n" + lines, mapping=IMPORTED)


def test_an_import_that_moves_a_date_later_is_a_push(rep):
    bring(f"1,Acme,{rep.email},discovery,2026-12-01\n")
    bring(f"1,Acme,{rep.email},discovery,2027-02-01\n")

    deal = Deal.objects.get()
    assert deal.close_date == date(2027, 2, 1)
    assert (deal.push_count, ClosePush.objects.filter(deal=deal).count()) == (1, 1)
    pushed = ClosePush.objects.get()
    assert (pushed.from_date, pushed.to_date) == (date(2026, 12, 1), date(2027, 2, 1))
    assert pushed.crosses_quarter


def test_an_import_that_moves_a_date_earlier_is_a_pull_in(rep):
    bring(f"1,Acme,{rep.email},discovery,2026-12-01\n")
    bring(f"1,Acme,{rep.email},discovery,2026-11-20\n")

    assert ClosePullIn.objects.get().to_date == date(2026, 11, 20)
    assert Deal.objects.get().push_count == 0


def test_an_import_clears_no_close_date(rep):
    bring(f"1,Acme,{rep.email},discovery,2026-12-01\n")
    bring(f"1,Acme,{rep.email},discovery,\n")

    assert Deal.objects.get().close_date == date(2026, 12, 1)


def test_nobody_claims_a_reason_that_writes_itself(rep):
    deal = make_deal(rep)
    for reason in ("reopened", "imported"):
        with pytest.raises(Refused):
            push_close_date(deal=deal, to="2026-12-20", reason_key=reason, by=by(rep), at=AT)


def test_a_first_close_date_does_not_lie_in_the_past(rep):
    bring(f"1,Acme,{rep.email},discovery,\n")
    deal = Deal.objects.get()

    with pytest.raises(Refused):
        pull_in_close_date(deal=deal, to="1900-01-01", by=by(rep), at=AT)
    with pytest.raises(Refused):
        fill_items(deal=deal, evidence={"close_date": "1900-01-01"}, by=by(rep), at=AT)


def test_why_a_closed_deal_was_lost_is_not_rewritten_by_its_evidence(rep):
    deal = make_deal(rep)
    lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT)

    with pytest.raises(Refused):
        fill_items(deal=deal, evidence={"loss_reason": "no_decision"}, by=by(rep), at=AT)


def test_an_open_or_won_deal_has_no_loss_reason(rep, vp):
    deal = complete(make_deal(rep, account=small_account(), stage="negotiation"))
    with pytest.raises(Refused):
        fill_items(deal=deal, evidence={"loss_reason": "price"}, by=by(rep), at=AT)
    decide(submit(make_quote(rep, 25, deal=deal)), vp)
    win_deal(deal=deal, evidence={"loss_reason": "price"}, by=by(rep), at=AT + 2 * HOUR)
    assert Deal.objects.get().loss_reason == ""


def test_no_win_without_cover_by_override_or_after_reopening(rep, vp, revops):
    deal = complete(make_deal(rep, account=small_account(), stage="negotiation"))
    decide(submit(make_quote(rep, 25, deal=deal)), vp)
    win_deal(deal=deal, by=by(rep), at=AT + 2 * HOUR)
    reopen_deal(deal=deal, reason="Clerk's slip", by=by(vp), at=AT + 3 * HOUR)

    with pytest.raises(Refused) as refusal:
        win_deal(deal=deal, by=by(rep), at=AT + 4 * HOUR)
    assert refusal.value.code == "gate"
    with pytest.raises(Refused) as refusal:
        override_move(
            deal=deal, to=stage("closed-won"), reason="Please", by=by(revops), at=AT + 4 * HOUR
        )
    assert refusal.value.code == "gate"


def test_junk_pays_no_debt(rep):
    deal = complete(make_deal(rep), but=("pain_points",))
    skip_deal(deal=deal, to=stage("demo"), reason="They know it", by=by(rep), at=AT)
    owed = set(GateDebt.objects.filter(paid_at=None).values_list("item_key", flat=True))
    assert "pain_points" in owed
    for junk in ("n/a", "TBD", "…", "-", " . ", "xxx", "​​​"):
        fill_items(deal=deal, evidence={"pain_points": junk}, by=by(rep), at=AT)
        assert GateDebt.objects.filter(item_key="pain_points", paid_at=None).exists(), junk


def test_a_bypass_ends_the_finding_of_the_approval_before(rep, vp, revops):
    quote = make_quote(rep, 25)
    submit(quote)
    later = AT + timedelta(days=31)
    expire_requests(at=later)
    context = read_context(later + HOUR)
    assert find(Deal.objects.all(), "approval_expired", context).exists()

    request = submit(quote, at=later + HOUR)
    bypass_request(request=request, reason="Board", by=by(revops), at=later + HOUR)

    assert not find(Deal.objects.all(), "approval_expired", context).exists()
    long_after = read_context(later + timedelta(days=60))
    assert find(Deal.objects.all(), "approval_expired", long_after).exists()
    assert Entry.objects.filter(verb="approval.bypassed").count() == 1


def test_transferring_there_and_back_forgives_no_debt(rep, manager):
    deal = complete(make_deal(rep), but=("pain_points",))
    skip_deal(deal=deal, to=stage("demo"), reason="They know it", by=by(rep), at=AT)
    other = make_pipeline()
    there = {"deal": deal, "to_pipeline": other, "reason": "x y", "by": by(rep), "at": AT}
    transfer_deal(**there)

    with pytest.raises(Refused):
        win_deal(deal=deal, by=by(rep), at=AT + HOUR)
    with pytest.raises(Refused):
        assign_debt(
            debt=GateDebt.objects.get(item_key="pain_points"),
            owner=make_person("Oda Olsen"),
            by=by(rep),
            at=AT,
        )
    transfer_deal(**(there | {"to_pipeline": new_business()}))
    assert GateDebt.objects.filter(item_key="pain_points", paid_at=None).count() == 1


def test_a_pull_in_hides_no_push(rep):
    deal = make_deal(rep)
    facts = {"deal": deal, "by": by(rep), "at": AT}
    push_close_date(to="2026-12-20", reason_key="budget", **facts)
    pull_in_close_date(to="2026-12-10", **facts)

    with pytest.raises(Refused):
        push_close_date(to="2026-12-18", reason_key="budget", **facts)
    push_close_date(to="2026-12-18", reason_key="budget", note="The CFO is away", **facts)
    assert Deal.objects.get().push_count == 2
    for bad in ("0000-00-00", "99999-01-01", "2026-02-30", "1900-01-01", "", None):
        with pytest.raises(Refused):
            push_close_date(to=bad, reason_key="budget", note="The CFO is away", **facts)


def test_the_last_day_of_all_is_no_close_date(rep):
    """Numbers are kept month by month: it would stop what counts them anew."""
    deal = make_deal(rep)
    far = {"to": "9999-12-31", "by": by(rep), "at": AT}
    with pytest.raises(Refused):
        push_close_date(deal=deal, reason_key="budget", note="Never mind", **far)
    with pytest.raises(BadRows):
        bring(f"1,Acme,{rep.email},discovery,9999-12-31\n")
    push_close_date(deal=deal, reason_key="budget", note="Never mind", **far | {"to": "2046-12-31"})
    client = Client(raise_request_exception=False)
    client.force_login(rep)
    pages = (*PAGES, f"/deals/{deal.pk}/", f"/deals/{deal.pk}/push/", "/hygiene/clean-up/", "/")
    assert [page for page in pages if client.get(page).status_code >= 500] == []
