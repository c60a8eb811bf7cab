"""One verdict for several approvals that are alike, each judged by itself."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dealdesk.models import Decision
from dealdesk.operations import recall_request
from pipeline.models import Account
from tests.factories.dealdesk import (
    HOUR,
    make_quote,
    payment,
    slot_of,
    small_account,
    submit,
    term,
)
from tests.factories.people import by
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db
URL = "/approvals/decide/"


@pytest.fixture
def inbox(vp):
    client = Client()
    client.force_login(vp)
    return client


def ask(rep, name, off=25, account="Acme", **facts):
    at = timezone.now() - HOUR
    deal = make_deal(rep, name, account=small_account(account))
    return submit(make_quote(rep, off, deal=deal, at=at, **facts), at=at)


def tick(person, *requests):
    return [f"{slot_of(asked, person).pk}:{asked.snapshot.digest}" for asked in requests]


def press(inbox, ticked, verdict="approved", reason=""):
    return inbox.post(URL, {"slot": ticked, "verdict": verdict, "reason": reason})


def test_the_like_ones_are_decided_with_one_reason(inbox, rep, vp):
    asked = [ask(rep, f"Deal {n}") for n in range(3)]

    page = press(inbox, tick(vp, *asked), "rejected", "Not this quarter")

    assert page.status_code == 200
    assert [d.reason for d in Decision.objects.all()] == ["Not this quarter"] * 3


def test_each_is_judged_by_itself(inbox, rep, vp):
    first, second = ask(rep, "Stays"), ask(rep, "Recalled")
    ticked = tick(vp, first, second)
    recall_request(request=second, by=by(rep), at=timezone.now())

    page = press(inbox, ticked).content.decode()

    assert Decision.objects.get().slot.step.request == first
    assert "no longer open" in page


def test_bulk_list_older_than_the_terms(inbox, rep, vp):
    fresh, stale = ask(rep, "Fresh"), ask(rep, "Stale", account="Other")
    ticked = [*tick(vp, fresh), f"{slot_of(stale, vp).pk}:{'0' * 64}"]

    page = press(inbox, ticked).content.decode()

    assert Decision.objects.get().slot.step.request == fresh
    assert "The terms changed while this page was open" in page


def test_terms_that_grew_worse_since_the_list_was_loaded(inbox, rep, vp):
    first, second = ask(rep, "Same"), ask(rep, "Grown", account="Grown")
    ticked = tick(vp, first, second)
    Account.objects.filter(name="Grown").update(employees=50_000)

    press(inbox, ticked)

    assert Decision.objects.get().slot.step.request == first


def test_another_tier_is_left_to_its_own_page(inbox, rep, vp, desk):
    first = ask(rep, "Price only")
    other = ask(rep, "With net 90", payment_terms=payment("net-90"))

    page = press(inbox, tick(vp, first, other)).content.decode()

    assert Decision.objects.get().slot.step.request == first
    assert "asks other people" in page


def test_a_hard_flag_is_left_to_its_own_page(inbox, rep, vp, desk):
    asked = ask(rep, "Custom", terms=[term()])

    page = press(inbox, tick(vp, asked))

    assert page.status_code == 422
    assert "It asks for Custom SLA" in page.content.decode()
    assert not Decision.objects.exists()


def test_several_are_rejected_with_a_reason_only(inbox, rep, vp):
    asked = [ask(rep, f"Deal {n}") for n in range(2)]

    page = press(inbox, tick(vp, *asked), "rejected")

    assert page.status_code == 422
    assert "Say why you reject this." in page.content.decode()
    assert page.content.decode().count(" checked") == 2


def test_what_is_not_mine_is_not_there(rep, vp, desk):
    asked = ask(rep, "Vera's")
    other = Client()
    other.force_login(desk)

    assert press(other, tick(vp, asked)).status_code == 404
    assert Client().post(URL, {"slot": tick(vp, asked)}).status_code == 302
    assert not Decision.objects.exists()


def test_only_the_like_can_be_ticked(inbox, rep, vp, desk):
    for number in range(2):
        ask(rep, f"Deal {number}")
    ask(rep, "Custom", terms=[term()])

    page = inbox.get(reverse("dealdesk:approval-inbox")).content.decode()

    assert page.count('name="slot"') == 2
    assert "By itself: asks for Custom SLA" in page
