"""Records are shown by a shorter way than DRF's own, and say the same."""

import pytest
from rest_framework import serializers

from pipeline.api.shapes import DealOut
from pipeline.models import Deal
from revops.api import showing
from revops.columns import columns_of
from tests.api.calling import Caller
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db


def test_a_deal_is_shown_as_drf_would_show_it(rep):
    deal = Deal.objects.get(pk=complete(make_deal(rep, stage="demo")).pk)

    shown = showing(DealOut).to_representation(deal)

    assert shown == serializers.ModelSerializer.to_representation(showing(DealOut), deal)
    assert (shown["url"], shown["owner"]["id"]) == (deal.get_absolute_url(), rep.pk)


def test_what_is_empty_is_shown_as_nothing(rep):
    deal = make_deal(rep)
    Deal.objects.filter(pk=deal.pk).update(amount=None, entered_stage_at=None, origin="import")
    deal = Deal.objects.get(pk=deal.pk)

    shown = showing(DealOut).to_representation(deal)

    assert shown == serializers.ModelSerializer.to_representation(showing(DealOut), deal)
    assert shown["amount"] is shown["entered_stage_at"] is None


def test_a_list_read_from_columns_says_the_same(rep):
    full, bare = complete(make_deal(rep, stage="demo")), make_deal(rep)
    Deal.objects.filter(pk=bare.pk).update(
        amount=None, entered_stage_at=None, account=None, origin="import"
    )
    shape = showing(DealOut)

    rows = columns_of(DealOut).read(Deal.objects.order_by("pk"), "search_text")
    told = [columns_of(DealOut).tell(row) for row in rows]

    assert told == [shape.to_representation(deal) for deal in Deal.objects.order_by("pk")]
    assert [each["id"] for each in told] == [full.pk, bare.pk]
    assert told[1]["account"] is None


def test_a_list_makes_no_records(rep, monkeypatch):
    make_deal(rep)
    caller = Caller(rep)
    monkeypatch.setattr(Deal, "from_db", None)

    for order in ("name", "amount", "-close_date", "created", "closed"):
        assert len(caller.get(f"deals/?ordering={order}").json()["results"]) == 1


def test_filters_stand_only_where_they_are_asked(rep):
    make_deal(rep, "Alpha")
    make_deal(rep, "Beta")
    caller = Caller(rep)

    assert len(caller.get("deals/").json()["results"]) == 2
    assert len(caller.get("deals/?search=alpha").json()["results"]) == 1
    assert caller.get("deals/?owner=nobody&page_size=5").status_code == 400
