"""The deals behind a number: asked by the address, found in the database, said in words."""

from datetime import date, timedelta

import pytest
from django.http import QueryDict

from pipeline.behind import NOTHING, Behind, Span
from pipeline.models import ClosePush, Deal
from tests.factories.people import AT
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 5)


def names(behind):
    return sorted(Deal.objects.filter(behind.condition).values_list("name", flat=True))


def test_address_and_question_say_the_same():
    asked = Behind(
        pipeline="new-business",
        ended="lost",
        of_reason="price",
        closed=Span(date(2026, 10, 1), date(2026, 12, 31)),
        due=Span(None, DAY),
    )

    assert Behind.read(QueryDict("").copy() | asked.query) == asked


def test_an_unreadable_part_is_not_asked():
    assert Behind.read({"closed_from": "soon", "closed_to": "2026-02-30"}) == NOTHING


def test_a_day_belongs_to_the_span_at_both_ends(rep):
    for at, name in enumerate(["before", "first", "last", "after"]):
        Deal.objects.filter(pk=make_deal(rep, name).pk).update(opened_on=DAY + timedelta(days=at))

    assert names(Behind(opened=Span(DAY + timedelta(days=1), DAY + timedelta(days=2)))) == [
        "first",
        "last",
    ]


def test_an_empty_value_can_be_asked(rep):
    Deal.objects.filter(pk=make_deal(rep, "Web").pk).update(deal_source="website")
    Deal.objects.filter(pk=make_deal(rep, "None").pk).update(deal_source="")

    assert names(Behind(of_source="-")) == ["None"]
    assert names(Behind(of_source="website")) == ["Web"]


def test_blanks_around_a_competitor_are_no_other_competitor(rep):
    Deal.objects.filter(pk=make_deal(rep, "One").pk).update(competitor="Rival ")
    make_deal(rep, "Two")

    assert names(Behind(of_competitor="Rival")) == ["One"]


def test_a_closed_deal_is_whose_it_was_then(rep, other_rep):
    deal = make_deal(rep, "Handed over")
    Deal.objects.filter(pk=deal.pk).update(
        status="won", closed_on=DAY, closed_owner=rep, owner=other_rep
    )

    assert names(Behind(of_owner=str(rep.pk))) == ["Handed over"]
    assert names(Behind(of_owner=str(other_rep.pk))) == []


def test_pushed_deals_are_found_by_the_day_of_the_push(rep):
    ClosePush.objects.create(
        deal=make_deal(rep, "Pushed"),
        from_date=DAY,
        to_date=DAY + timedelta(days=9),
        reason_key="budget",
        crosses_month=False,
        crosses_quarter=False,
        pushed_at=AT,
    )
    make_deal(rep, "Kept")

    day = AT.date()
    assert names(Behind(pushed=Span(day, day))) == ["Pushed"]
    assert names(Behind(pushed=Span(day + timedelta(days=1), None))) == []


def test_a_cohort_is_of_those_that_came_for_the_first_time(rep):
    make_deal(rep, "Early", at=AT - timedelta(days=9))
    make_deal(rep, "Now", at=AT)

    asked = Behind(stage="qualified", entered=Span(AT.date(), AT.date()))

    assert names(asked) == ["Now"]


def test_what_was_asked_is_said():
    asked = Behind(ended="won", of_product="GTX", closed=Span(DAY, DAY))

    assert asked.words == ["Won", "Product: GTX", "Closed on 5 Oct 2026"]


@pytest.mark.parametrize("text", ["x" * 500, "'; --", "0", "-1", "99999999999999999999"])
def test_nonsense_finds_nothing_and_breaks_nothing(rep, text):
    make_deal(rep)
    for part in ("in", "of_owner", "of_team", "of_product", "of_segment", "of_competitor"):
        assert names(Behind.read({part: text})) == []
