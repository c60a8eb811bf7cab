import pytest

from dealdesk.models import ApprovalRequest, Quote
from tests.factories.dealdesk import make_quote, product_of, small_account
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


def line(off=None, **facts):
    product_of()
    typed = {"typed": "percent", "typed_value": str(off)} if off is not None else {}
    return {"product": "platform", "quantity": "100", **typed, **facts}


def test_quote_is_entered_with_its_lines(rep, api):
    deal = make_deal(rep, account=small_account())

    response = api(rep).post("quotes/", {"deal": deal.pk, "lines": [line(off="12.5")]})

    assert response.status_code == 201, response.content
    body = response.json()
    assert body["net_amount"] == "8750.00"
    assert body["lines"][0]["typed_value"] == "12.5000000000"
    assert body["is_primary"] is True


def test_quote_of_a_deal_that_is_not_visible_is_an_error(rep, other_rep, api):
    deal = make_deal(other_rep)

    assert api(rep).post("quotes/", {"deal": deal.pk}).status_code == 400


def test_everything_that_cannot_be_is_named_at_once(rep, api):
    deal = make_deal(rep)
    bad = [line(quantity="-1"), line(off="120")]

    response = api(rep).post("quotes/", {"deal": deal.pk, "lines": bad})

    assert response.status_code == 422
    assert [item["key"] for item in response.json()["missing"]] == ["lines.1", "lines.2"]


def test_patch_keeps_what_it_does_not_name(rep, api):
    quote = make_quote(rep, 10)

    response = api(rep).patch(f"quotes/{quote.pk}/", {"term_months": 24}, If_Match='"1"')

    body = response.json()
    assert response.status_code == 200, response.content
    assert (body["term_months"], body["net_amount"]) == (24, "18000.00")
    assert len(body["lines"]) == 1
    assert api(rep).patch(f"quotes/{quote.pk}/", {}, If_Match='"1"').status_code == 409


def test_submitted_revision_never_changes(rep, api):
    quote = make_quote(rep, 5)
    api(rep).post(f"quotes/{quote.pk}/submit/")

    response = api(rep).patch(f"quotes/{quote.pk}/", {"term_months": 24})

    assert response.status_code == 422
    assert response.json()["code"] == "submitted"


def test_preview_names_people_reasons_and_what_would_avoid_it(rep, vp, api):
    quote = make_quote(rep, 25)
    caller = api(rep)

    asked = caller.post(f"quotes/{quote.pk}/preview/").json()
    group = asked["steps"][0]["groups"][0]
    assert (asked["route_key"], group["people"][0]["name"]) == ("vp_sales", vp.name)
    assert group["reasons"]
    assert asked["avoid"][0]["net"] == "8000.01"

    lower = caller.post(f"quotes/{quote.pk}/preview/", {"lines": [line(off="5")]}).json()
    assert lower["automatic"] is True
    assert lower["net_amount"] == "9500.00"
    assert Quote.objects.get().net_amount == 7500


def test_submitting_asks_why_and_what_for(rep, vp, api):
    quote = make_quote(rep, 25)
    caller = api(rep)

    refused = caller.post(f"quotes/{quote.pk}/submit/")
    assert refused.status_code == 422
    assert {item["key"] for item in refused.json()["missing"]} == {"why", "in_return"}

    body = {"why": "They compare us", "in_return": ["reference"]}
    submitted = caller.post(f"quotes/{quote.pk}/submit/", body)
    assert submitted.status_code == 201, submitted.content
    assert submitted.json()["status"] == "pending"
    again = caller.post(f"quotes/{quote.pk}/submit/", body)
    assert again.status_code == 409
    assert again.json()["code"] == "already_pending"
    assert ApprovalRequest.objects.count() == 1


def test_somebody_else_does_not_submit(rep, vp, desk, api):
    quote = make_quote(rep, 25)

    assert api(desk).post(f"quotes/{quote.pk}/submit/").status_code == 403


def test_revise_clone_and_make_primary(rep, api):
    quote = make_quote(rep, 5)
    caller = api(rep)

    revised = caller.post(f"quotes/{quote.pk}/revise/").json()
    cloned = caller.post(f"quotes/{quote.pk}/clone/").json()
    assert (revised["based_on"], cloned["based_on"]) == (quote.pk, None)

    gives_up = caller.get(f"quotes/{revised['id']}/make-primary/").json()
    assert gives_up == {"gives_up": []}
    assert caller.post(f"quotes/{revised['id']}/make-primary/").json()["is_primary"] is True
    assert caller.get("quotes/", is_primary="true").json()["results"][0]["id"] == revised["id"]


def test_catalogue_names_what_a_quote_may_name(rep, api):
    product_of()

    body = api(rep).get("catalogue/").json()

    assert body["products"][0]["key"] == "platform"
    assert body["prices"][0]["amount"] == "100.0000"
    assert "custom-sla" in [term["key"] for term in body["terms"]]
