"""Bugs that other systems had, tried here: the personal links of mails."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from dealdesk.models import ApprovalLink, ApprovalRequest, ApprovalSlot, Decision
from revops.ledger.models import Entry
from revops.outbox.models import Delivery
from revops.people.operations import deactivate_person
from tests.api.calling import Caller
from tests.attacks.red_team.doing import path_of
from tests.factories.dealdesk import AT, HOUR, make_quote, slot_of, small_account, submit
from tests.factories.people import by, make_person, signed_in
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


def stored():
    return (
        list(ApprovalLink.objects.order_by("pk").values()),
        list(ApprovalSlot.objects.order_by("pk").values()),
        list(ApprovalRequest.objects.order_by("pk").values()),
        Decision.objects.count(),
        Entry.objects.count(),
        Delivery.objects.count(),
    )


def test_scanner_get_20_times_and_post_without_csrf(request_, vp):
    slot = slot_of(request_, vp)
    before = stored()
    scanner = Client(enforce_csrf_checks=True)
    answer = {"verdict": "approved", "digest": request_.snapshot.digest}

    for _ in range(20):
        assert scanner.get(path_of(slot), follow=True).status_code == 200
        scanner.head(path_of(slot), follow=True)
        scanner.options(path_of(slot))
    for name in ("approval-link-page", "approval-link-fresh", "approval-link-forget"):
        page = reverse(f"dealdesk:{name}", args=[slot.pk])
        assert scanner.post(page, answer).status_code == 403
    assert scanner.post(path_of(slot), answer).status_code in (403, 405)

    assert stored() == before


def test_the_page_of_a_link_has_no_choice_made_and_no_script_that_submits(request_, vp):
    page = Client().get(path_of(slot_of(request_, vp)), follow=True).text

    assert not re.search(r"<input[^>]*name=.verdict.[^>]*checked", page)
    assert "onclick" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)


def test_the_session_of_one_slot_opens_no_other(rep, vp, desk):
    """A link for slot A, then the page of slot B with the same browser."""
    mine = slot_of(submit(make_quote(rep, 25)), vp)
    second = make_deal(rep, "Second", account=small_account())
    theirs = submit(make_quote(rep, 25, deal=second))
    other = slot_of(theirs, vp)
    client = Client()
    client.get(path_of(mine))
    page = reverse("dealdesk:approval-link-page", args=[other.pk])

    assert client.get(page).status_code == 404
    answer = client.post(page, {"verdict": "approved", "digest": theirs.snapshot.digest})

    assert answer.status_code == 404
    assert not Decision.objects.exists()


def test_a_token_kept_under_another_slot_opens_nothing(rep, vp):
    mine = slot_of(submit(make_quote(rep, 25)), vp)
    second = make_deal(rep, "Second", account=small_account())
    other = slot_of(submit(make_quote(rep, 25, deal=second)), vp)
    client = Client()
    client.get(path_of(mine))
    session = client.session
    session["approval_links"] = {str(other.pk): session["approval_links"][str(mine.pk)]}
    session.save()

    answer = client.get(reverse("dealdesk:approval-link-page", args=[other.pk]))

    assert answer.status_code == 404


def test_a_session_somebody_prepared_never_holds_a_token(request_, vp):
    """Session fixation: the session that holds the link is one that only this browser knows."""
    client = Client()
    session = client.session
    session["prepared"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key

    client.get(path_of(slot_of(request_, vp)))

    assert client.cookies["sessionid"].value != session.session_key
    attacker = Client()
    attacker.cookies["sessionid"] = session.session_key
    page = reverse("dealdesk:approval-link-page", args=[slot_of(request_, vp).pk])
    assert attacker.get(page).status_code == 404


def test_token_after_reassign(request_, vp, revops):
    """Handed over to a successor: the old link shows nothing of the deal and decides nothing."""
    successor = make_person("Viola Voss", roles=["vp_sales"])
    slot = slot_of(request_, vp)
    path, client = path_of(slot), Client()
    client.get(path)
    deactivate_person(person=vp, successor=successor, by=by(revops), at=AT + HOUR)

    for answer in (
        client.get(path, follow=True),
        client.post(
            reverse("dealdesk:approval-link-page", args=[slot.pk]),
            {"verdict": "approved", "digest": request_.snapshot.digest},
        ),
    ):
        assert answer.status_code in (409, 410)
        assert request_.deal.name not in answer.text
    assert not Decision.objects.exists()
    assert slot_of(request_, successor).is_open


def test_second_link_of_the_same_slot(request_, vp, clock):
    slot = slot_of(request_, vp)
    first, client = path_of(slot), Client()
    client.get(first)
    clock.shift(timedelta(days=8))
    client.post(reverse("dealdesk:approval-link-fresh", args=[slot.pk]))
    second = path_of(slot)

    assert first != second
    assert Client().get(first, follow=True).status_code == 410
    assert Client().get(second, follow=True).status_code == 200


@pytest.mark.parametrize("door", ["page", "link", "api"])
def test_digest_changes_between_page_and_post(door, request_, vp):
    slot, stale = slot_of(request_, vp), "0" * 64
    body = {"verdict": "approved", "digest": stale}
    if door == "page":
        answer = signed_in(vp).post(reverse("dealdesk:approval-decide", args=[slot.pk]), body)
    elif door == "link":
        client = Client()
        client.get(path_of(slot))
        answer = client.post(reverse("dealdesk:approval-link-page", args=[slot.pk]), body)
    else:
        answer = Caller(vp).post(f"approvals/{slot.pk}/decide/", body)

    assert answer.status_code == 409
    assert not Decision.objects.exists()
