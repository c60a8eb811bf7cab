"""Bugs that other systems had, tried here: discounts at the edge, and nothing at all."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dealdesk.models import ApprovalRequest, Price
from revops.refusals import Refused
from tests.api.calling import Caller
from tests.attacks.red_team.doing import sheet_of
from tests.factories.dealdesk import line, make_quote, product_of, submit
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("9.99", set()),
        ("10", {"sales_manager"}),
        ("10.00", {"sales_manager"}),
        ("19.99", {"sales_manager"}),
        ("20.00", {"vp_sales"}),
        ("39.99", {"vp_sales"}),
        ("40.00", {"deal_desk"}),
        ("9.9999999999", set()),
        ("19.9999999999", {"sales_manager"}),
    ],
)
def test_threshold_exactly_10_20_and_40(typed, asked, rep, vp, manager, desk):
    """Through the form of the page, which keeps what was typed exactly."""
    quote = make_quote(rep, 5)
    answer = signed_in(rep).post(
        reverse("dealdesk:quote-submit", args=[quote.pk]),
        {
            **sheet_of(quote),
            "lines-0-wish": typed,
            "lines-0-typed": "percent",
            "why": "They compare us",
            "in_return": "reference",
        },
    )

    assert answer.status_code == 302, answer.text
    request = ApprovalRequest.objects.get()
    assert set(request.route_key.split("+")) - {"automatic", ""} == asked


def test_list_price_0(rep, vp, revops):
    """A zero total is never automatic, whichever door it is submitted by."""
    free = product_of("gift", price="0")
    assert Price.objects.filter(product=free, amount=0).exists()
    quote = make_quote(rep, lines=[line(product=free, quantity=1)])

    page = signed_in(rep).post(
        reverse("dealdesk:quote-submit", args=[quote.pk]), {"why": "x", "in_return": "reference"}
    )
    api = Caller(rep).post(f"quotes/{quote.pk}/submit/", {"why": "x", "in_return": ["reference"]})
    with pytest.raises(Refused):
        submit(quote)

    assert page.status_code == 422
    assert api.status_code == 422
    assert not ApprovalRequest.objects.exists()
