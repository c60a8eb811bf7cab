"""What goes around the usual way, by API."""

import pytest

from pipeline.models import Deal
from pipeline.operations import skip_deal
from tests.api.calling import Caller
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, make_pipeline, stage

pytestmark = pytest.mark.django_db


def address(deal, verb=""):
    return f"deals/{deal.pk}/{verb}"


@pytest.fixture
def owing(rep):
    deal = complete(make_deal(rep), but=["timeline"])
    return skip_deal(deal=deal, to=stage("proposal"), reason="Hurry", by=by(rep), at=AT)


def test_an_administrator_overrides_a_gate(rep, revops):
    deal = make_deal(rep)
    body = {"to": "discovery", "reason": "The board decided"}

    assert Caller(rep).post(address(deal, "override/"), body).status_code == 403
    answer = Caller(revops).post(address(deal, "override/"), body)

    assert answer.status_code == 200
    assert answer.json()["stage"]["key"] == "discovery"


def test_a_deal_is_transferred(rep):
    make_pipeline()
    deal = make_deal(rep)

    answer = Caller(rep).post(
        address(deal, "transfer/"), {"pipeline": "renewal", "reason": "It renews"}
    )

    assert answer.status_code == 200
    assert answer.json()["pipeline"] == "renewal"


def test_a_transfer_names_a_stage_of_that_pipeline(rep):
    make_pipeline()
    body = {"pipeline": "renewal", "stage": "demo", "reason": "So"}

    assert Caller(rep).post(address(make_deal(rep), "transfer/"), body).status_code == 422


def test_debts_are_listed_assigned_and_paid(rep, manager, owing):
    [debt] = Caller(rep).get(address(owing, "debts/")).json()
    given = Caller(rep).post(
        address(owing, "debts/assign/"), {"debt": debt["id"], "owner": manager.pk}
    )
    paid = Caller(rep).post(
        address(owing, "debts/pay/"), {"evidence": {"timeline": "Before the new year"}}
    )

    assert (debt["item_key"], debt["owner"]["id"], debt["paid_at"]) == ("timeline", rep.pk, None)
    assert given.json()["owner"]["id"] == manager.pk
    assert paid.json()[0]["paid_by"]["id"] == rep.pk


def test_a_debt_of_another_deal_is_not_there(rep, owing):
    other = make_deal(rep, "Other")
    body = {"debt": owing.debts.get().pk, "owner": rep.pk}

    assert Caller(rep).post(address(other, "debts/assign/"), body).status_code == 404


def test_many_deals_are_moved_each_by_itself(rep):
    ready, wanting = complete(make_deal(rep, "Ready")), make_deal(rep, "Wanting")

    answer = Caller(rep).post(
        "deals/bulk-move/", {"deals": [ready.pk, wanting.pk], "to": "discovery"}
    )

    said = answer.json()
    assert (said["done"], said["refused"]) == (1, 1)
    assert [row["code"] for row in said["results"]] == ["", "gate"]
    assert said["results"][1]["missing"]


def test_a_deal_out_of_sight_is_no_choice(rep, other_rep):
    theirs = make_deal(other_rep)
    body = {"deals": [theirs.pk], "to": "discovery"}

    assert Caller(rep).post("deals/bulk-move/", body).status_code == 400
    assert Deal.objects.get().stage.key == "qualified"


def test_many_deals_get_another_owner(rep, other_rep, manager):
    deals = [make_deal(rep, f"Deal {number}").pk for number in range(2)]

    answer = Caller(manager).post("deals/bulk-reassign/", {"deals": deals, "owner": other_rep.pk})

    assert answer.json()["done"] == 2
    assert Deal.objects.filter(owner=other_rep).count() == 2


def test_bypasses_are_listed(rep, revops):
    Caller(revops).post(
        address(make_deal(rep), "override/"), {"to": "discovery", "reason": "The board decided"}
    )

    [row] = Caller(revops).get("bypasses/", kind="override").json()["results"]

    assert row["reason"] == "The board decided"
    assert "fit_score" in {each["key"] for each in row["bypassed"]}
    assert Caller(rep).get("bypasses/").status_code == 403


def test_an_upsert_tells_the_past_of_a_deal(revops):
    body = {
        "name": "From elsewhere",
        "close_date": "2027-01-15",
        "stage_history": [
            {"stage": "qualified", "entered_at": "2026-05-01T08:00:00Z"},
            {"stage": "demo", "entered_at": "2026-06-01T08:00:00Z"},
        ],
    }

    answer = Caller(revops).put("deals/by-external/crm/D9/", body)

    assert answer.status_code == 201
    visits = Deal.objects.get().visits.filter(move="import")
    assert [visit.skipped for visit in visits.order_by("entered_at")] == [[], ["discovery"]]


def test_a_manager_reviews_the_forecast(rep, manager):
    deal = make_deal(rep)
    body = {"outcome": "new_date", "note": "Their board meets then", "close_date": "2026-11-30"}

    assert Caller(rep).post(address(deal, "review/"), body).status_code == 403
    answer = Caller(manager).post(address(deal, "review/"), body)

    assert answer.status_code == 200, answer.content
    assert answer.json()["close_date"] == "2026-11-30"
