import pytest

from pipeline.models import Choice, Deal
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db


def keys(response):
    assert response.status_code == 422, response.content
    return [item["key"] for item in response.json()["missing"]]


def stage_of(deal):
    return Deal.objects.get(pk=deal.pk).stage.key


def test_advance_lists_everything_that_is_missing(rep, api):
    deal = make_deal(rep, stage="discovery")

    response = api(rep).post(f"deals/{deal.pk}/advance/")

    assert {"pain_points", "current_solution"} <= set(keys(response))
    assert response.json()["code"] == "gate"
    assert response["Content-Type"] == "application/problem+json"
    assert stage_of(deal) == "discovery"


def test_what_the_gate_names_can_be_given_with_the_move(rep, api):
    deal = complete(make_deal(rep, stage="discovery"), but=["pain_points"])
    caller = api(rep)
    assert keys(caller.post(f"deals/{deal.pk}/advance/")) == ["pain_points"]

    evidence = {"pain_points": "Quotes wait for days"}
    response = caller.post(f"deals/{deal.pk}/advance/", {"evidence": evidence})

    assert response.status_code == 200
    assert response.json()["stage"]["key"] == stage_of(deal) != "discovery"


def test_gate_tells_what_a_move_would_ask(rep, api):
    deal = complete(make_deal(rep, stage="discovery"), but=["pain_points"])

    body = api(rep).get(f"deals/{deal.pk}/gate/").json()

    assert body["move"] == "advance"
    assert [item["key"] for item in body["missing"]] == ["pain_points"]


def test_skip_needs_a_reason(rep, api):
    deal = complete(make_deal(rep))
    caller = api(rep)

    assert keys(caller.post(f"deals/{deal.pk}/skip/", {"to": "proposal"})) == ["reason"]
    skipped = caller.post(f"deals/{deal.pk}/skip/", {"to": "proposal", "reason": "They know us"})

    assert skipped.json()["stage"]["key"] == "proposal"


@pytest.mark.parametrize("verb", ["skip", "send-back"])
def test_verb_for_another_kind_of_move_is_refused(rep, api, verb):
    deal = complete(make_deal(rep, stage="discovery"))
    to = {"skip": "qualified", "send-back": "proposal"}[verb]

    response = api(rep).post(f"deals/{deal.pk}/{verb}/", {"to": to, "reason": "Because"})

    assert response.status_code == 422
    assert response.json()["code"] == "another_move"


def test_move_takes_the_verb_that_the_stage_asks(rep, api):
    deal = complete(make_deal(rep, stage="discovery"))
    caller = api(rep)

    sent = caller.post(f"deals/{deal.pk}/move/", {"to": "qualified", "reason": "Too early"})
    assert sent.json()["stage"]["key"] == "qualified"
    advanced = caller.post(f"deals/{deal.pk}/move/", {"to": "discovery"})
    assert advanced.json()["stage"]["key"] == "discovery"
    assert caller.post(f"deals/{deal.pk}/move/", {"to": "discovery"}).status_code == 422


def test_a_move_cannot_get_around_cover(rep, api):
    deal = complete(make_deal(rep, stage="proposal"))

    for verb in ("advance", "win"):
        assert "cover" in keys(api(rep).post(f"deals/{deal.pk}/{verb}/"))
    response = api(rep).post(f"deals/{deal.pk}/move/", {"to": "legal", "reason": "In a hurry"})
    assert response.status_code in (400, 422)
    assert stage_of(deal) == "proposal"


def test_stage_of_no_pipeline_is_an_error(rep, api):
    deal = make_deal(rep)

    assert api(rep).post(f"deals/{deal.pk}/skip/", {"to": "heaven"}).status_code == 400


def test_losing_asks_reason_and_competitor(rep, api):
    deal = make_deal(rep)
    reason = Choice.objects.filter(list="loss_reason").order_by("position")[0].key
    caller = api(rep)

    assert set(keys(caller.post(f"deals/{deal.pk}/lose/"))) == {"loss_reason", "competitor"}
    body = {"loss_reason": reason, "competitor_none": True}
    lost = caller.post(f"deals/{deal.pk}/lose/", body)

    assert lost.json()["status"] == "lost"
    assert caller.post(f"deals/{deal.pk}/lose/", body).json()["code"] == "closed"


def test_owner_does_not_reopen_and_their_manager_does(rep, manager, api):
    deal = make_deal(rep)
    reason = Choice.objects.filter(list="loss_reason").order_by("position")[0].key
    api(rep).post(f"deals/{deal.pk}/lose/", {"loss_reason": reason, "competitor": "Orrin"})

    body = {"reason": "They came back"}
    assert api(rep).post(f"deals/{deal.pk}/reopen/", body).status_code == 403
    assert api(manager).post(f"deals/{deal.pk}/reopen/", body).json()["status"] == "open"


def test_a_stale_move_is_a_conflict(rep, api):
    deal = complete(make_deal(rep))

    response = api(rep).post(f"deals/{deal.pk}/advance/", If_Match='"7"')

    assert response.status_code == 409


@pytest.mark.parametrize(
    "evidence",
    [
        [],
        "all",
        {"pain_points": ["a"]},
        {"pain_points": {"a": 1}},
        {"nothing_asks_this": {"a": 1}},
        {"contact_info": {"name": {"first": "Bea"}}},
    ],
)
def test_evidence_of_another_shape_is_an_error(rep, api, evidence):
    deal = make_deal(rep)

    response = api(rep).post(f"deals/{deal.pk}/advance/", {"evidence": evidence})

    assert response.status_code == 400, response.content


def test_evidence_that_nobody_asks_is_refused(rep, api):
    deal = make_deal(rep)

    response = api(rep).post(f"deals/{deal.pk}/advance/", {"evidence": {"luck": "much"}})

    assert response.json()["code"] == "unknown_item"
