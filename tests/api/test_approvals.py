from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dealdesk.models import Decision
from revops.people.operations import enter_absence
from tests.factories.dealdesk import decide, make_quote, slot_of, submit
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


def test_inbox_lists_what_waits_for_the_caller(rep, vp, manager, api):
    request = submit(make_quote(rep, 25))

    rows = api(vp).get("approvals/", waiting="true").json()["results"]

    assert [row["id"] for row in rows] == [slot_of(request, vp).pk]
    assert rows[0]["request"]["digest"] == request.snapshot.digest
    assert api(manager).get("approvals/").json()["results"] == []
    assert len(api(rep).get("approvals/", scope="all").json()["results"]) == 1


def test_approval_shows_why_and_the_terms(rep, vp, api):
    slot = slot_of(submit(make_quote(rep, 25)), vp)

    body = api(vp).get(f"approvals/{slot.pk}/").json()

    assert body["reasons"]
    assert body["terms"]["price"]["currency"] == "USD"
    assert body["trace"]["trace"]


def test_decision_by_api_is_on_the_digest_read(rep, vp, api):
    request = submit(make_quote(rep, 25))
    slot = slot_of(request, vp)
    caller = api(vp)
    digest = caller.get(f"approvals/{slot.pk}/").json()["request"]["digest"]

    response = caller.post(
        f"approvals/{slot.pk}/decide/", {"verdict": "approved", "digest": digest}
    )

    assert response.status_code == 200, response.content
    assert response.json()["decision"]["via"] == "api"
    request.refresh_from_db()
    assert request.status == "approved"


def test_a_delegate_decides_on_behalf_of_who_is_away(rep, vp, desk, api):
    today = timezone.now().date()
    days = {"first_day": today - timedelta(days=1), "last_day": today + timedelta(days=9)}
    enter_absence(person=vp, delegate=desk, **days, by=by(vp), at=timezone.now())
    slot = slot_of(submit(make_quote(rep, 25), at=timezone.now()), desk)
    caller = api(desk)

    shown = caller.get(f"approvals/{slot.pk}/").json()
    assert shown["answers_for"]["name"] == vp.name
    facts = {"verdict": "approved", "digest": shown["request"]["digest"]}
    decision = caller.post(f"approvals/{slot.pk}/decide/", facts).json()["decision"]

    assert decision["decided_by"]["name"] == desk.name
    assert decision["on_behalf_of"]["name"] == vp.name


def test_decision_without_a_digest_is_an_error(rep, vp, api):
    slot = slot_of(submit(make_quote(rep, 25)), vp)

    response = api(vp).post(f"approvals/{slot.pk}/decide/", {"verdict": "approved"})

    assert response.status_code == 400
    assert "digest" in response.json()["errors"]


def test_decision_on_other_terms_is_a_conflict(rep, vp, api):
    slot = slot_of(submit(make_quote(rep, 25)), vp)

    response = api(vp).post(
        f"approvals/{slot.pk}/decide/", {"verdict": "approved", "digest": "0" * 64}
    )

    assert response.status_code == 409
    assert response.json()["code"] == "terms_changed"
    assert response.json()["facts"]["digest"] == slot.step.request.snapshot.digest
    assert not Decision.objects.exists()


@pytest.mark.parametrize("who", ["rep", "manager", "revops", "desk", "auditor"])
def test_nobody_else_decides(who, rep, vp, api, request):
    asked = submit(make_quote(rep, 25))
    slot = slot_of(asked, vp)
    person = request.getfixturevalue(who)

    body = {"verdict": "approved", "digest": asked.snapshot.digest}
    response = api(person).post(f"approvals/{slot.pk}/decide/", body)

    assert response.status_code == 403
    assert response.json()["code"] == "not_yours"


def test_slot_of_an_invisible_deal_is_not_there(rep, other_rep, vp, api):
    slot = slot_of(submit(make_quote(rep, 25)), vp)

    assert api(other_rep).get(f"approvals/{slot.pk}/").status_code == 404
    assert api(other_rep).post(f"approvals/{slot.pk}/decide/", {}).status_code == 404


def test_second_decision_is_a_conflict(rep, vp, api):
    asked = submit(make_quote(rep, 25))
    decide(asked, vp)

    body = {"verdict": "approved", "digest": asked.snapshot.digest}
    response = api(vp).post(f"approvals/{slot_of(asked, vp).pk}/decide/", body)

    assert response.status_code == 409


def test_own_approval_is_taken_back_in_time(rep, vp, api):
    asked = submit(make_quote(rep, 25), at=AT)
    slot = slot_of(asked, vp)
    assert api(vp).post(f"approvals/{slot.pk}/revoke/").json()["code"] == "not_decided"
    caller = api(vp)
    caller.post(
        f"approvals/{slot.pk}/decide/", {"verdict": "approved", "digest": asked.snapshot.digest}
    )

    response = caller.post(f"approvals/{slot.pk}/revoke/", {"reason": "Misread"})

    assert response.status_code == 200, response.content
    assert response.json()["request"]["status"] == "revoked"


def test_request_is_recalled_by_its_submitter(rep, vp, api):
    asked = submit(make_quote(rep, 25))

    assert api(vp).post(f"requests/{asked.pk}/recall/").status_code == 403
    response = api(rep).post(f"requests/{asked.pk}/recall/")

    assert response.json()["status"] == "recalled"
    assert response.json()["steps"][0]["slots"][0]["state"] == "cancelled"
    assert api(rep).post(f"requests/{asked.pk}/recall/").status_code == 409


@pytest.mark.parametrize("path", ["approvals/?scope=all", "requests/", "quotes/", "exceptions/"])
def test_lists_cost_the_same_for_any_number(path, rep, vp, desk, api):
    caller = api(desk)
    submit(make_quote(rep, 25))
    caller.client.get(f"/api/v1/{path}")
    with CaptureQueriesContext(connection) as few:
        caller.client.get(f"/api/v1/{path}")
    for number in range(4):
        submit(make_quote(rep, 30 + number, deal=make_deal(rep, f"Deal {number}")))

    with CaptureQueriesContext(connection) as many:
        rows = caller.client.get(f"/api/v1/{path}").json()["results"]

    assert len(rows) >= 5
    assert len(many) == len(few)
