"""Bugs that other systems had, tried here: writing around the operations."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from dealdesk.models import ApprovalRequest, ApprovalSlot, Quote, QuoteLine
from pipeline.models import Deal
from pipeline.operations import reopen_deal, win_deal
from tests.api.calling import Caller
from tests.attacks.red_team.doing import WAYS_TO_WIN, findings, fresh
from tests.factories.dealdesk import AT, HOUR, make_quote, submit
from tests.factories.people import by
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


SHELL = {
    "an approval written by hand": lambda request: ApprovalRequest.objects.filter(
        pk=request.pk
    ).update(status="approved", decided_at=AT, valid_until=AT + timedelta(days=30)),
    "a slot closed by hand": lambda request: ApprovalSlot.objects.filter(
        step__request=request
    ).update(state="approved", closed_at=AT),
    "submitted terms made cheaper": lambda request: QuoteLine.objects.filter(
        quote=request.quote
    ).update(typed_value=Decimal(60)),
    "a discount figure rewritten": lambda request: Quote.objects.filter(pk=request.quote_id).update(
        net_amount=1
    ),
    "an amount typed over the quote": lambda request: Deal.objects.filter(
        pk=request.deal_id
    ).update(amount=1),
}


@pytest.mark.parametrize("what", SHELL)
def test_shell_path(what, rep, vp):
    """What is written past the operations is refused by the database, or found."""
    request = submit(make_quote(rep, 25))
    assert findings() == set()

    try:
        with transaction.atomic():
            SHELL[what](request)
    except DatabaseError:
        return

    assert findings() != set()


def test_a_state_is_not_assigned_in_the_shell(approved):
    request = fresh(approved)
    with pytest.raises(AttributeError):
        request.status = "pending"


def test_a_won_deal_written_by_hand_is_found(rep):
    deal = make_deal(rep)
    try:
        with transaction.atomic():
            Deal.objects.filter(pk=deal.pk).update(status="won", closed_on=AT.date())
    except DatabaseError:
        return

    assert findings() != set()


def test_import_path_wins_nothing_that_is_here(approved, deal, rep, vp):
    """The upsert of the API changes facts of a known deal, never its stage, status or amount."""
    caller = Caller(rep)
    for body in ({"status": "won"}, {"stage": "closed-won"}, {"amount": "1"}, {"closed_on": "x"}):
        answer = caller.patch(f"deals/{deal.pk}/", body)
        assert answer.status_code in (400, 422), (body, answer.text)

    assert fresh(deal).status == "open"


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_reopen_closed_won(win, approved, deal, rep, vp):
    """The approval was used up: reopened, nothing is won on it a second time."""
    win_deal(deal=fresh(deal), by=by(rep), at=AT + HOUR)
    reopen_deal(deal=fresh(deal), reason="Signed too early", by=by(vp), at=AT + HOUR)

    assert win(deal, rep) == 422
