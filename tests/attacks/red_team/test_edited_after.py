"""Bugs that other systems had, tried here: what was approved is edited afterwards."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from dealdesk.coverage import cover_of
from dealdesk.operations import clone_quote, make_primary, save_quote
from tests.api.calling import Caller
from tests.attacks.red_team.doing import WAYS_TO_WIN, fresh, win_by_api, worsened
from tests.factories.dealdesk import AT, HOUR, line, make_quote, submit
from tests.factories.people import by, signed_in
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_confirm_before_save(win, approved, deal, rep):
    """The worse terms on the sheet were saved and never submitted; winning does not take them."""
    worsened(approved.quote, 35, rep)

    assert win(deal, rep) == 422
    assert fresh(deal).status == "open"


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_save_low_then_raise(win, deal, rep):
    """Automatic at 5 %, then raised to 35 % without asking again."""
    request = submit(make_quote(rep, 5, deal=deal))
    assert request.status == "approved"
    worsened(request.quote, 35, rep)

    assert win(deal, rep) == 422


def test_an_approved_sheet_is_raised_by_no_page(approved, rep):
    """The editor of a stale tab posts onto the approved revision itself."""
    quote = approved.quote
    before = json.dumps(list(quote.lines.values()), default=str)
    client = signed_in(rep)
    sheet = {"header-kind": "new", "lines-0-wish": "90", "lines-0-quantity": "1", "version": "1"}

    for name in ("quote-edit", "quote-submit"):
        answer = client.post(reverse(f"dealdesk:{name}", args=[quote.pk]), sheet)
        assert answer.status_code in (403, 409, 422)
    api = Caller(rep).patch(f"quotes/{quote.pk}/", {"lines": []})

    assert api.status_code in (409, 422)
    assert json.dumps(list(quote.lines.values()), default=str) == before


@pytest.mark.parametrize("win", WAYS_TO_WIN)
def test_duplicate_approved(win, approved, deal, rep):
    copy = clone_quote(quote=approved.quote, by=by(rep), at=AT + HOUR)
    key = copy.lines.get().key
    save_quote(quote=copy, lines=[line(26, key=key)], by=by(rep), at=AT + HOUR)
    make_primary(quote=fresh(copy), by=by(rep), at=AT + HOUR)

    assert win(deal, rep) == 422
    assert not fresh(copy).requests.exists()


def test_duplicate_into_another_deal_carries_no_approval(approved, deal, rep):
    other = complete(make_deal(rep, "Twin", account=deal.account, stage="negotiation"))
    clone_quote(quote=approved.quote, deal=other, by=by(rep), at=AT + HOUR)

    assert not cover_of(fresh(other), AT + 2 * HOUR).ok
    assert win_by_api(other, rep) == 422
