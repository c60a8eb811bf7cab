"""For whom deals waited at the deal desk."""

from datetime import timedelta

import pytest

from dealdesk.waits import waits_of
from pipeline.forecasting.delay import SECOND, segments, shares_of
from revops.outbox.models import Delivery
from tests.factories.dealdesk import decide, make_quote, submit
from tests.factories.people import AT

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_an_approver_waits_until_they_answer_and_the_mail_is_the_systems(rep, vp, desk):
    quote = make_quote(rep, 25)
    request = submit(quote)
    Delivery.objects.update(state="sent", sent_at=AT + timedelta(minutes=10), next_try_at=None)
    decide(request, vp, at=AT + 5 * HOUR)

    timeline = waits_of([quote.deal_id])[quote.deal_id]
    shares = shares_of(segments(AT, AT + 10 * HOUR, timeline))

    assert shares["system"] == 600 * SECOND
    assert shares["approver:vp_sales"] > 0
    assert sum(shares.values()) == 36_000 * SECOND


def test_deals_nobody_was_asked_about_waited_for_nobody(rep):
    assert waits_of([make_quote(rep, 1).deal_id]) == {}
