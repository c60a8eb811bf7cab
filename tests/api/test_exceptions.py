import pytest

from tests.factories.dealdesk import decide, make_quote, submit

pytestmark = pytest.mark.django_db


def test_report_lists_exceptions_with_who_and_what(rep, vp, revops, api):
    decide(submit(make_quote(rep, 25)), vp)

    row = api(revops).get("exceptions/").json()["results"][0]

    assert (row["kind"], row["outcome"]) == ("discount", "approved")
    assert row["requester"]["name"] == rep.name
    assert [person["name"] for person in row["deciders"]] == [vp.name]


def test_filters_are_those_of_the_report(rep, vp, revops, api):
    submit(make_quote(rep, 25))
    caller = api(revops)

    def count(**query):
        response = caller.get("exceptions/", **query)
        assert response.status_code == 200, response.content
        return len(response.json()["results"])

    assert count(outcome="pending", tier="vp_sales", since="2026-11-01", until="2026-11-30") == 1
    assert count(outcome="approved") == count(until="2026-11-01") == 0
    assert caller.get("exceptions/", kind="colour").status_code == 400
    assert caller.get("exceptions/", since="9999-12-31").status_code == 400


def test_ranking_counts_together_what_has_one_label(rep, vp, revops, api):
    submit(make_quote(rep, 25))

    body = api(revops).get("exceptions/ranking/", order="stake").json()

    assert body["summary"]["exceptions"] == body["ranked"][0]["requests"] == 1


@pytest.mark.parametrize("who", ["rep", "manager", "outsider", "customer_success"])
def test_report_is_not_open_to_everybody(who, api, request):
    caller = api(request.getfixturevalue(who))

    assert caller.get("exceptions/").status_code == 403
    assert caller.get("exceptions/ranking/").status_code == 403
