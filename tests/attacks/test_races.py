"""Two at once, with real threads on PostgreSQL: doors that no other race test opens together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dealdesk.models import ApprovalRequest, Decision
from dealdesk.operations import (
    expire_requests,
    make_primary,
    restaff_requests,
    revise_quote,
    save_quote,
)
from pipeline.models import Deal
from pipeline.operations import advance_deal, change_deal, win_deal
from revops import integrity
from revops.ledger.models import Entry
from revops.ledger.verification import verify
from revops.outbox.models import Delivery, Notification
from revops.outbox.tasks import sweep_outbox
from revops.people.models import Role
from revops.people.operations import deactivate_person, revoke_role
from revops.refusals import Refused
from tests.factories.dealdesk import AT, HOUR, decide, line, make_quote, small_account, submit
from tests.factories.people import by, make_person
from tests.factories.pipeline import complete, make_deal
from tests.racing import at_once, refused

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def sound():
    return integrity.findings() == [] and verify().is_intact


@pytest.fixture
def covered(rep, vp):
    deal = complete(make_deal(rep, account=small_account(), stage="negotiation"))
    decide(submit(make_quote(rep, 25, deal=deal)), vp)
    return Deal.objects.get(pk=deal.pk)


def test_two_wins_use_the_approval_once(covered, rep):
    results = at_once(*[lambda: win_deal(deal=covered, by=by(rep), at=AT + 2 * HOUR)] * 2)

    assert len(refused(results)) == 1
    assert ApprovalRequest.objects.get().status == "consumed"
    assert Entry.objects.filter(verb="deal.won").count() == 1
    assert sound()


def test_a_worse_primary_against_the_win(covered, rep):
    """Either it is won on what was approved, or it is not won."""
    draft = revise_quote(quote=covered.quotes.get(), by=by(rep), at=AT + HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(35, key=key)], by=by(rep), at=AT + HOUR)

    won, _ = at_once(
        lambda: win_deal(deal=covered, by=by(rep), at=AT + 2 * HOUR),
        lambda: make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR),
    )

    deal = Deal.objects.get()
    primary = deal.quotes.get(is_primary=True)
    assert (deal.status == "won") == (primary.pk != draft.pk) == (not isinstance(won, Refused))
    assert sound()


def test_a_worse_primary_against_leaving_proposal(rep, vp):
    deal = complete(make_deal(rep, account=small_account(), stage="proposal"))
    quote = make_quote(rep, 25, deal=deal)
    decide(submit(quote), vp)
    draft = revise_quote(quote=quote, by=by(rep), at=AT + HOUR)
    key = draft.lines.get().key
    save_quote(quote=draft, lines=[line(35, key=key)], by=by(rep), at=AT + HOUR)

    at_once(
        lambda: advance_deal(deal=deal, by=by(rep), at=AT + 2 * HOUR),
        lambda: make_primary(quote=draft, by=by(rep), at=AT + 2 * HOUR),
    )

    advanced = Deal.objects.get().stage.key == "negotiation"
    first = Entry.objects.filter(verb__in=["deal.advanced", "quote.made_primary"])
    assert not advanced or first.order_by("pk").first().verb == "deal.advanced"
    assert sound()


@pytest.mark.parametrize("how", ["leaves", "loses the role"])
def test_an_approver_gone_against_their_decision(how, rep, vp, revops):
    """The decision counts if it came first; nobody who is gone decides."""
    make_person("Viola Voss", roles=["vp_sales"])
    request = submit(make_quote(rep, 25))
    others = [slot.person for slot in request.steps.get().slots.exclude(person=vp)]

    def go():
        if how == "leaves":
            successor = others[0] if others else None
            return deactivate_person(person=vp, successor=successor, by=by(revops), at=AT + HOUR)
        return revoke_role(person=vp, role=Role.VP_SALES, by=by(revops), at=AT + HOUR)

    results = at_once(lambda: decide(request, vp), go)

    decided = Decision.objects.filter(decided_by=vp).exists()
    assert (ApprovalRequest.objects.get().status == "approved") == decided
    assert decided == (not isinstance(results[0], Refused))
    assert sound()


def test_a_decision_against_the_end_of_its_request(rep, vp):
    request = submit(make_quote(rep, 25))
    late = AT + timedelta(days=31)

    at_once(
        lambda: decide(request, vp, at=late),
        lambda: expire_requests(at=late),
        lambda: expire_requests(at=late),
    )

    status = ApprovalRequest.objects.get().status
    assert status == ("approved" if Decision.objects.exists() else "expired")
    assert Entry.objects.filter(verb=f"approval.{status}").count() == 1
    assert sound()


def test_two_sweeps_ask_somebody_else_once(rep, vp, revops):
    request = submit(make_quote(rep, 25))
    revoke_role(person=vp, role=Role.VP_SALES, by=by(revops), at=AT)
    other = make_person("Viola Voss", roles=["vp_sales"])

    at_once(*[lambda: restaff_requests(at=AT + HOUR)] * 3)

    asked = Notification.objects.filter(person=other, event="approval.requested")
    assert asked.count() <= 1
    assert request.steps.get().slots.filter(person=other).count() <= 1
    assert sound()


def test_two_sweeps_send_each_mail_once(rep, vp, smtp_server):
    submit(make_quote(rep, 25))
    submit(make_quote(rep, 25, deal=make_deal(rep, "Second", account=small_account())))

    at_once(sweep_outbox, sweep_outbox, sweep_outbox)

    numbers = [message["Message-ID"] for message in smtp_server.messages]
    assert len(numbers) == len(set(numbers)) == Delivery.objects.count()


def test_the_same_page_saved_twice_at_once_loses_nothing(rep, manager):
    deal = make_deal(rep, account=small_account())

    def change(person, **changes):
        return change_deal(
            deal=deal, changes=changes, version=deal.version, by=by(person), at=AT + HOUR
        )

    results = at_once(
        lambda: change(rep, pain_points="Quotes wait"),
        lambda: change(manager, current_solution="Sheets"),
    )

    assert [result.code for result in refused(results)] == ["stale"]
    assert sound()
