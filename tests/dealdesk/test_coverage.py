from datetime import timedelta
from decimal import Decimal

import pytest

from dealdesk.coverage import card_facts, cover_of, what_primary_gives_up
from dealdesk.models import ApprovalRequest
from dealdesk.operations import make_primary, revise_quote, save_quote
from pipeline.models import Deal
from pipeline.operations import (
    advance_deal,
    change_account,
    lose_deal,
    override_segment,
    reopen_deal,
    skip_deal,
    win_deal,
)
from revops.outbox.models import Notification
from revops.refusals import Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    decide,
    line,
    make_quote,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by, make_person
from tests.factories.pipeline import complete, make_deal, put_into, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rep):
    """A deal in Proposal with everything that the pipeline itself asks."""
    return complete(make_deal(rep, account=small_account(), stage="proposal"))


@pytest.fixture
def approved(deal, rep, vp):
    """25 % off, approved by the VP."""
    quote = make_quote(rep, 25, deal=deal)
    decide(submit(quote), vp)
    return quote


def fresh(deal):
    return Deal.objects.get(pk=deal.pk)


def worse(quote, off, rep, *, at=AT + 2 * HOUR, **facts):
    draft = revise_quote(quote=quote, by=by(rep), at=at)
    key = draft.lines.get().key
    lines = [line(off, key=key)]
    return save_quote(quote=draft, lines=lines, by=by(rep), at=at, **facts)


def keys(refused):
    return [item.key for item in refused.value.missing]


def test_leaving_proposal_asks_for_cover(deal, rep, vp):
    make_quote(rep, 25, deal=deal)

    with pytest.raises(Refused) as refused:
        advance_deal(deal=fresh(deal), by=by(rep), at=AT)

    assert keys(refused) == ["cover"]
    assert "Submit the quote" in refused.value.missing[0].sentence


def test_a_pending_request_says_who_it_waits_for(deal, rep, vp):
    submit(make_quote(rep, 25, deal=deal))

    assert cover_of(fresh(deal), AT).sentence == "The terms wait for Vera."
    assert card_facts([deal.pk], AT + timedelta(days=1))[deal.pk][0].text == (
        "Waiting for Vera since Tuesday"
    )


def test_a_covered_deal_leaves_proposal(approved, deal, rep):
    moved = advance_deal(deal=fresh(deal), by=by(rep), at=AT + 2 * HOUR)

    assert moved.stage.key == "negotiation"


def test_confirm_before_save(deal, rep, vp):
    """An edit after the approval, not yet submitted, is not covered."""
    quote = make_quote(rep, 25, deal=deal)
    decide(submit(quote), vp)
    make_primary(quote=worse(quote, 35, rep), by=by(rep), at=AT + 2 * HOUR)

    with pytest.raises(Refused) as refused:
        advance_deal(deal=fresh(deal), by=by(rep), at=AT + 3 * HOUR)

    assert keys(refused) == ["cover"]


def test_skipping_past_proposal_asks_for_cover(rep, vp):
    early = complete(make_deal(rep, "Early", account=small_account(), stage="demo"))

    with pytest.raises(Refused) as refused:
        skip_deal(
            deal=early, to=stage("negotiation"), reason="In a hurry", by=by(rep), at=AT + HOUR
        )

    assert keys(refused) == ["cover"]


def test_a_worse_primary_loses_cover_and_says_which_field(approved, deal, rep, vp):
    draft = worse(approved, 30, rep)
    given_up = what_primary_gives_up(draft, AT + 2 * HOUR)
    make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR)

    request = ApprovalRequest.objects.get()
    assert request.status == "invalidated"
    assert "25 % to 30 %" in request.ended_reason
    assert given_up[0] == "It gives up Vera's approval of today."
    assert any("25 % to 30 %" in sentence for sentence in given_up)
    assert Notification.objects.filter(person=vp, event="approval.cover_lost").exists()


def test_a_better_primary_keeps_cover(approved, deal, rep):
    draft = worse(approved, 24, rep)

    assert what_primary_gives_up(draft, AT + 2 * HOUR) == []
    make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR)
    assert cover_of(fresh(deal), AT + 2 * HOUR).ok
    assert ApprovalRequest.objects.get().status == "approved"


def test_less_in_return_loses_cover(rep, vp, finance, legal, desk, deal):
    """A shorter term at the same discount takes back what was given in return."""
    quote = make_quote(rep, 25, deal=deal, term_months=24)
    request = submit(quote)
    for person in (vp, desk, finance, legal):
        decide(request, person)
    draft = worse(quote, 25, rep, header={"term_months": 12})
    make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR)

    request.refresh_from_db()
    assert request.status == "invalidated"


def test_a_custom_term_added_loses_cover(approved, rep):
    draft = worse(approved, 25, rep, terms=[term()])
    make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR)

    assert "Custom SLA was added." in ApprovalRequest.objects.get().ended_reason


def test_going_back_is_carried_forward(approved, deal, rep):
    make_primary(quote=worse(approved, 30, rep), by=by(rep), at=AT + 2 * HOUR)
    make_primary(quote=approved, by=by(rep), at=AT + 3 * HOUR)

    again = submit(approved, at=AT + 3 * HOUR)

    assert again.status == "approved"
    assert again.valid_until == AT + HOUR + timedelta(days=30)
    assert cover_of(fresh(deal), AT + 3 * HOUR).ok


def test_cover_lapses_after_30_days(approved, deal):
    assert cover_of(deal, AT + HOUR + timedelta(days=30, seconds=-1)).ok
    state = cover_of(deal, AT + HOUR + timedelta(days=30))
    assert not state.ok
    assert "good until" in state.sentence


def test_a_segment_that_grows_loses_cover_at_once(approved, deal, rep, revops):
    override_segment(
        account=deal.account, segment="enterprise", reason="Group", by=by(revops), at=AT + 2 * HOUR
    )

    request = ApprovalRequest.objects.get()
    assert request.status == "invalidated"
    assert "segment" in request.ended_reason


def test_head_count_is_read_at_once_too(deal, rep, vp, revops):
    """A pending request judges a segment that is no longer true: it must be asked again."""
    request = submit(make_quote(rep, 25, deal=deal))
    change_account(account=deal.account, changes={"employees": 600}, by=by(revops), at=AT + HOUR)

    request.refresh_from_db()
    assert request.status == "superseded"
    assert slot_of(request, vp).state == "cancelled"


def test_a_changed_note_opens_nothing(approved, deal, rep):
    draft = worse(approved, 25, rep, header={"note": "a comma"})
    make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR)

    assert cover_of(fresh(deal), AT + 2 * HOUR).ok


def winnable(deal):
    return put_into(fresh(deal), "negotiation", at=AT + 2 * HOUR)


def test_winning_asks_for_cover_and_consumes_it(approved, deal, rep):
    won = win_deal(deal=winnable(deal), by=by(rep), at=AT + 3 * HOUR)

    request = ApprovalRequest.objects.get()
    assert won.status == "won"
    assert won.amount == Decimal("7500.00")
    assert request.status == "consumed"
    assert request.consumed_at == AT + 3 * HOUR
    assert fresh(deal).closed_segment == "mid_market"


def test_winning_without_cover_is_refused(deal, rep, vp):
    make_quote(rep, 25, deal=deal)

    with pytest.raises(Refused) as refused:
        win_deal(deal=winnable(deal), by=by(rep), at=AT + 3 * HOUR)

    assert "cover" in keys(refused)


def test_reopen_closed_won(approved, deal, rep, vp):
    """A used approval covers nothing: reopened, the deal is asked anew."""
    win_deal(deal=winnable(deal), by=by(rep), at=AT + 3 * HOUR)
    again = reopen_deal(deal=fresh(deal), reason="Signed too early", by=by(vp), at=AT + 4 * HOUR)

    assert not cover_of(again, AT + 4 * HOUR).ok


def test_losing_closes_what_waits(deal, rep, vp):
    request = submit(make_quote(rep, 25, deal=deal))
    lose_deal(deal=fresh(deal), loss_reason="price", competitor_none=True, by=by(rep), at=AT + HOUR)

    request.refresh_from_db()
    assert request.status == "superseded"
    assert slot_of(request, vp).links.get().killed_at


def test_a_lower_approval_of_another_quote_covers_nothing(deal, rep, vp):
    make_person("Vic Voss", roles=["vp_sales"])
    quote = make_quote(rep, 25, deal=deal)
    decide(submit(quote), vp)
    other = make_quote(rep, 20, deal=deal)
    make_primary(quote=other, by=by(rep), at=AT + 2 * HOUR)

    assert not cover_of(fresh(deal), AT + 2 * HOUR).ok
