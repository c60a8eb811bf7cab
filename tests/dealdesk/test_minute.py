"""What stands beside an ask: precedents, the customer's history, the usual time of a route."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealdesk.minute import customer_of, precedents_of, usual_time
from tests.factories.dealdesk import HOUR, decide, make_quote, slot_of, small_account, submit
from tests.factories.people import AT, make_person
from tests.factories.pipeline import make_account, make_deal

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def past(rep, vp, name="Past deal", off=24, verdict="approved", at=AT, took=HOUR, account=None):
    """A request decided some days ago."""
    deal = make_deal(rep, name, account=account or small_account("Past buyer"))
    asked = submit(make_quote(rep, off, deal=deal, at=at), at=at)
    decide(asked, vp, verdict, at=at + took)
    return asked


def ask(rep, off=25, at=AT + 10 * DAY, **facts):
    return submit(make_quote(rep, off, at=at, **facts), at=at)


def test_precedents_are_the_decided_requests_most_like_it(rep, vp):
    far = past(rep, vp, "Far", 38)
    near = past(rep, vp, "Near", 26, "rejected")

    found = precedents_of(ask(rep), vp, AT + 10 * DAY)

    assert [each.request for each in found] == [near, far]
    assert [each.outcome for each in found] == ["rejected", "approved"]


def test_what_still_waits_is_no_precedent(rep, vp):
    ask(rep, deal=make_deal(rep, "Waits", account=small_account()))

    assert precedents_of(ask(rep), vp, AT + 10 * DAY) == []


def test_a_precedent_the_reader_may_not_see_is_anonymous(rep, vp):
    stranger = make_person("Sven Sand", roles=["rep"], manager=vp)
    past(stranger, vp, "Secret deal")
    asked = ask(rep)

    to_rep, to_vp = (precedents_of(asked, who, AT + 10 * DAY)[0] for who in (rep, vp))

    assert to_vp.title == "Secret deal"
    assert to_rep.title == "A deal in mid-market"
    assert not to_rep.is_visible


def test_the_customers_history_leaves_this_deal_out(rep, vp):
    account = make_account("Loyal", employees=100)
    past(rep, vp, "Before", account=account)
    past(rep, vp, "No", verdict="rejected", account=account)

    found = customer_of(ask(rep, deal=make_deal(rep, "Now", account=account)))

    assert (found.open, found.approved, found.rejected) == (2, 1, 1)
    assert not found.is_new


def test_a_deal_without_account_has_no_customer(rep, vp):
    asked = ask(rep)
    asked.deal.account = None

    assert customer_of(asked) is None


def test_the_usual_time_needs_five_requests(rep, vp):
    for number in range(4):
        past(rep, vp, f"Deal {number}", took=HOUR * (number + 1))
    assert not usual_time("vp_sales", AT + DAY).is_enough

    past(rep, vp, "The fifth", took=HOUR * 5)

    found = usual_time("vp_sales", AT + DAY)
    assert (found.number, found.length) == (5, HOUR * 3)


def test_the_usual_time_is_of_the_last_twelve_months(rep, vp):
    for number in range(5):
        past(rep, vp, f"Deal {number}")

    assert usual_time("vp_sales", AT + 400 * DAY).number == 0


def test_the_page_asks_the_same_however_much_came_before(rep, vp, client):
    slot = slot_of(ask(rep), vp)
    client.force_login(vp)
    counts = []
    for number in range(5):
        past(rep, vp, f"Deal {number}", 20 + number)
        if number in (0, 4):
            client.get(slot.get_absolute_url())
            with CaptureQueriesContext(connection) as asked:
                page = client.get(slot.get_absolute_url())
            counts.append(len(asked))

    assert counts[0] == counts[1]
    assert "Decided before" in page.content.decode()
