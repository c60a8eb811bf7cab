import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import Account, Activity, Choice, Deal
from revops.ledger.models import Entry
from tests.factories.pipeline import make_account, make_contact, make_deal

pytestmark = pytest.mark.django_db


def names(response):
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def new(**facts):
    account = Account.objects.first() or make_account()
    return {"name": "Acme rollout", "account": account.pk, "close_date": "2026-12-15", **facts}


# Lists


def test_list_shows_what_the_caller_may_see(rep, other_rep, api):
    make_deal(rep, "Mine")
    make_deal(other_rep, "Theirs")

    assert names(api(rep).get("deals/")) == ["Mine"]


def test_deal_that_is_not_visible_is_not_there(rep, other_rep, api):
    deal = make_deal(other_rep)

    response = api(rep).get(f"deals/{deal.pk}/")

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_pages_follow_each_other_by_key(rep, api):
    for number in range(5):
        make_deal(rep, f"Deal {number}", amount=number)
    caller = api(rep)

    first = caller.get("deals/", ordering="-amount", page_size=2)
    second = caller.client.get(first.json()["next"])
    third = caller.client.get(second.json()["next"])

    assert names(first) + names(second) + names(third) == [f"Deal {n}" for n in (4, 3, 2, 1, 0)]
    assert third.json()["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"ordering": "pain_points"}, "ordering"),
        ({"page_size": "201"}, "page_size"),
        ({"page_size": "²"}, "page_size"),
        ({"cursor": "made-up"}, "cursor"),
        ({"status": "asleep"}, "status"),
        ({"owner": "99999999999999999999"}, "owner"),
        ({"amount_from": "1e99"}, "amount_from"),
        ({"close_from": "tomorrow"}, "close_from"),
    ],
)
def test_wrong_parameter_is_named(rep, api, query, field):
    response = api(rep).get("deals/", **query)

    assert response.status_code == 400
    assert field in response.json()["errors"]


def test_cursor_of_another_order_is_refused(rep, api):
    make_deal(rep), make_deal(rep, "Second")
    caller = api(rep)
    following = caller.get("deals/", page_size=1).json()["next"]

    assert caller.client.get(following + "&ordering=name").status_code == 400


def test_filters_narrow_the_list(rep, other_rep, manager, api):
    make_deal(rep, "Small", amount=100)
    make_deal(rep, "Large", amount=90_000, stage="discovery")
    make_deal(other_rep, "Ron's", amount=50_000)
    caller = api(manager)

    assert names(caller.get("deals/", amount_from="1000", ordering="amount")) == ["Ron's", "Large"]
    assert names(caller.get("deals/", stage="discovery")) == ["Large"]
    assert names(caller.get("deals/", owner=other_rep.pk)) == ["Ron's"]
    assert names(caller.get("deals/", search="sma")) == ["Small"]
    assert names(caller.get("deals/", scope="mine")) == []


def test_list_costs_the_same_for_any_number_of_deals(rep, api):
    caller = api(rep)
    make_deal(rep)
    caller.get("deals/")
    with CaptureQueriesContext(connection) as few:
        caller.get("deals/")
    for number in range(12):
        make_deal(rep, f"Deal {number}", account=make_account(f"Account {number}"))

    with CaptureQueriesContext(connection) as many:
        assert len(names(caller.get("deals/"))) == 13

    assert len(many) == len(few)


# Entering and changing


def test_new_deal_begins_in_the_first_stage_and_is_the_callers(rep, api):
    response = api(rep).post("deals/", new())

    assert response.status_code == 201, response.content
    deal = Deal.objects.get()
    assert (deal.stage.key, deal.owner, deal.origin) == ("qualified", rep, "api")
    assert Entry.objects.about(deal).get().via == "api"
    assert response["ETag"] == '"1"'
    assert response.json()["next_stage"] == "discovery"
    assert "pain_points" not in [item["key"] for item in response.json()["missing"]]


def test_deal_detail_says_what_the_next_stage_asks(rep, api):
    deal = make_deal(rep, stage="discovery")

    body = api(rep).get(f"deals/{deal.pk}/").json()

    assert "pain_points" in [item["key"] for item in body["missing"]]


def test_deal_without_a_close_date_is_refused_by_name(rep, api):
    response = api(rep).post("deals/", new(close_date=None))

    assert response.status_code == 422
    assert [item["key"] for item in response.json()["missing"]] == ["close_date"]


def test_a_rep_enters_no_deal_for_a_colleague(rep, other_rep, api):
    response = api(rep).post("deals/", new(owner=other_rep.email))

    assert response.status_code == 403
    assert response.json()["code"] == "not_allowed"


def test_unknown_field_is_an_error(rep, api):
    response = api(rep).post("deals/", new(colour="red"))

    assert response.status_code == 400
    assert response.json()["errors"] == {"colour": ["There is no such field."]}


def test_stage_is_not_a_field_to_write(rep, api):
    deal = make_deal(rep)

    response = api(rep).patch(f"deals/{deal.pk}/", {"stage": "negotiation"})

    assert response.status_code == 400
    assert "POST …/advance/" in response.json()["errors"]["stage"][0]
    deal.refresh_from_db()
    assert deal.stage.key == "qualified"


def test_change_under_the_version_read(rep, api):
    deal = make_deal(rep)

    response = api(rep).patch(f"deals/{deal.pk}/", {"fit_score": 70}, If_Match='"1"')

    assert response.status_code == 200
    assert response.json()["fit_score"] == 70
    assert response["ETag"] == '"2"'


def test_change_of_a_stale_version_is_a_conflict(rep, api):
    deal = make_deal(rep)
    caller = api(rep)
    caller.patch(f"deals/{deal.pk}/", {"fit_score": 70})

    response = caller.patch(f"deals/{deal.pk}/", {"fit_score": 10}, If_Match='"1"')

    assert response.status_code == 409
    assert response.json()["code"] == "stale"
    assert response.json()["facts"]["version"] == 2


def test_if_match_that_names_no_version_is_an_error(rep, api):
    deal = make_deal(rep)

    assert api(rep).patch(f"deals/{deal.pk}/", {}, If_Match="yesterday").status_code == 400


def test_visible_deal_of_somebody_else_may_not_be_changed(rep, auditor, api):
    deal = make_deal(rep)

    response = api(auditor).patch(f"deals/{deal.pk}/", {"fit_score": 1})

    assert response.status_code == 403


@pytest.mark.parametrize("body", ['{"name": "\\u0000"}', '{"name": "\\ud800"}', "[" * 100_000])
def test_text_that_no_database_keeps_is_an_error(rep, api, body):
    response = api(rep).client.post("/api/v1/accounts/", body, content_type="application/json")

    assert response.status_code == 400


def test_body_that_is_no_json_is_415(rep, api):
    response = api(rep).client.post("/api/v1/accounts/", {"name": "Acme"})

    assert response.status_code == 415


# Around a deal


def test_push_needs_its_reason(rep, api):
    deal = make_deal(rep)
    caller = api(rep)

    refused = caller.post(f"deals/{deal.pk}/push/", {"to": "2026-12-20"})
    assert refused.status_code == 422
    assert [item["key"] for item in refused.json()["missing"]] == ["reason_key"]

    reason = Choice.objects.filter(list="push_reason").order_by("position")[0].key
    body = {"to": "2026-12-20", "reason_key": reason}
    pushed = caller.post(f"deals/{deal.pk}/push/", body)
    assert pushed.status_code == 200, pushed.content
    assert pushed.json()["push_count"] == 1


def test_pull_in_needs_none(rep, api):
    deal = make_deal(rep)

    response = api(rep).post(f"deals/{deal.pk}/pull-in/", {"to": "2026-12-01"})

    assert response.json()["close_date"] == "2026-12-01"


def test_activities_are_logged_and_listed_newest_first(rep, api):
    deal = make_deal(rep)
    caller = api(rep)
    for moment in ("2026-11-03T10:00:00Z", "2026-11-03T12:00:00Z"):
        body = {"kind": "call", "side": "buyer", "happened_at": moment}
        assert caller.post(f"deals/{deal.pk}/activities/", body).status_code == 201

    rows = caller.get(f"deals/{deal.pk}/activities/").json()["results"]

    assert [row["happened_at"] for row in rows] == ["2026-11-03T12:00:00Z", "2026-11-03T10:00:00Z"]
    assert Activity.objects.count() == 2


def test_deal_handed_out_of_sight_is_answered_without_it(rep, other_rep, api):
    deal = make_deal(rep)

    response = api(rep).post(f"deals/{deal.pk}/reassign/", {"owner": other_rep.pk})

    assert response.status_code == 204
    deal.refresh_from_db()
    assert deal.owner == other_rep


def test_contact_is_linked_with_its_role(rep, api):
    deal = make_deal(rep)
    contact = make_contact(deal.account)

    response = api(rep).post(
        f"deals/{deal.pk}/link-contact/", {"contact": contact.pk, "role": "champion"}
    )

    assert response.status_code == 201
    shown = api(rep).get(f"deals/{deal.pk}/").json()["contacts"]
    assert [(row["contact"]["id"], row["role"]) for row in shown] == [(contact.pk, "champion")]


# Accounts and contacts


def test_account_is_entered_and_changed(rep, api):
    caller = api(rep)
    made = caller.post("accounts/", {"name": "Acme", "employees": 40}).json()

    changed = caller.patch(f"accounts/{made['id']}/", {"employees": 50}, If_Match='"1"')

    assert changed.json()["employees"] == 50
    assert caller.patch(f"accounts/{made['id']}/", {}, If_Match='"1"').status_code == 409


def test_only_revops_overrides_a_segment(rep, revops, api):
    account = make_account()
    body = {"segment": "smb", "reason": "A subsidiary"}

    assert api(rep).post(f"accounts/{account.pk}/override-segment/", body).status_code == 403
    assert api(revops).post(f"accounts/{account.pk}/override-segment/", body).status_code == 200


def test_contact_is_entered(rep, api):
    account = make_account(owner=rep)

    response = api(rep).post("contacts/", {"name": "Bea", "account": account.pk})

    assert response.status_code == 201
    assert names(api(rep).get("contacts/", account=account.pk)) == ["Bea"]


def test_unknown_endpoint_is_a_problem_too(rep, api):
    response = api(rep).get("deal")

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_pipelines_tell_stages_and_what_they_ask(rep, api):
    body = api(rep).get("pipelines/").json()

    stages = body["pipelines"][0]["stages"]
    assert [stage["key"] for stage in stages][:2] == ["qualified", "discovery"]
    assert stages[0]["items"]
