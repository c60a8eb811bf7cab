"""What stands around a deal, by the API: team, contacts, files, checklist, fields of its own."""

import pytest
from django.core.files.base import ContentFile
from django.test import RequestFactory

from pipeline.models import CriterionTick, DealMember
from pipeline.operations import change_deal
from revops.frame.views import broken
from revops.work.models import Attachment
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_contact, make_deal
from tests.pipeline.test_fields import define

pytestmark = pytest.mark.django_db


def upload(caller, deal, name="plan.pdf", **facts):
    data = {"file": ContentFile(b"%PDF-1.4 plan", name=name), **facts}
    return caller.client.post(f"/api/v1/deals/{deal.pk}/attachments/", data)


def test_colleague_joins_the_team_and_leaves_it(rep, desk, api):
    deal, caller = make_deal(rep), api(rep)
    path = f"deals/{deal.pk}/team/"

    made = caller.post(path, {"person": desk.email, "access": "edit", "role": "Pricing"})

    assert made.status_code == 201, made.content
    assert [each["person"]["email"] for each in caller.get(path).json()] == [desk.email]
    assert caller.send("delete", f"{path}{made.json()['id']}/").status_code == 204
    assert not DealMember.objects.exists()


def test_contact_is_unlinked(rep, api):
    deal, caller = make_deal(rep), api(rep)
    contact = make_contact(deal.account)
    caller.post(f"deals/{deal.pk}/link-contact/", {"contact": contact.pk, "role": "champion"})

    (linked,) = caller.get(f"deals/{deal.pk}/contacts/").json()
    assert caller.send("delete", f"deals/{deal.pk}/contacts/{linked['id']}/").status_code == 204
    assert caller.get(f"deals/{deal.pk}/contacts/").json() == []


def test_file_goes_up_comes_down_and_is_removed(rep, api):
    deal, caller = make_deal(rep), api(rep)

    made = upload(caller, deal)

    assert made.status_code == 201, made.content
    path = f"deals/{deal.pk}/attachments/"
    assert [each["name"] for each in caller.get(path).json()] == ["plan.pdf"]
    down = caller.get(f"{path}{made.json()['id']}/")
    assert b"".join(down.streaming_content) == b"%PDF-1.4 plan"
    assert 'filename="plan.pdf"' in down["Content-Disposition"]
    assert caller.send("delete", f"{path}{made.json()['id']}/").status_code == 204
    assert caller.get(path).json() == []


@pytest.mark.parametrize(
    ("name", "facts", "status"),
    [("run.exe", {}, 422), ("plan.pdf", {"colour": "red"}, 400), ("plan.pdf", {"field": "x"}, 422)],
)
def test_file_that_is_not_kept_says_why(rep, api, name, facts, status):
    deal = make_deal(rep)

    assert upload(api(rep), deal, name, **facts).status_code == status
    assert not Attachment.objects.exists()


def test_file_is_the_value_of_a_field(rep, api):
    define("plan", "file")
    deal, caller = make_deal(rep), api(rep)

    made = upload(caller, deal, field="plan")

    assert made.status_code == 201, made.content
    assert caller.get(f"deals/{deal.pk}/").json()["custom"] == {"plan": made.json()["id"]}


def test_signed_contract_is_evidence(rep, api):
    deal = make_deal(rep)

    assert upload(api(rep), deal, kind="signed_contract").json()["kind"] == "signed_contract"


def test_checklist_is_filled_without_a_move(rep, api):
    deal, caller = complete(make_deal(rep, stage="negotiation"), but=["redlines"]), api(rep)
    path = f"deals/{deal.pk}"

    assert "redlines" in missing(caller, deal)
    assert caller.post(f"{path}/none/", {"item": "redlines"}).status_code == 200
    assert "redlines" not in missing(caller, deal)
    assert caller.post(f"{path}/withdraw-none/", {"item": "redlines"}).status_code == 200
    assert caller.post(f"{path}/fill/", {"evidence": {"redlines": "Cap"}}).status_code == 200
    assert "redlines" not in missing(caller, deal)


def missing(caller, deal):
    return {each["key"] for each in caller.get(f"deals/{deal.pk}/").json()["missing"]}


def test_criterion_is_confirmed_with_note_and_file_and_taken_back(rep, api):
    deal, caller = make_deal(rep), api(rep)
    file = upload(caller, deal).json()["id"]
    told = {"criterion": "discovery_call_scheduled", "note": "On Monday", "evidence": file}

    assert caller.post(f"deals/{deal.pk}/tick/", told).status_code == 200

    (row,) = caller.get(f"deals/{deal.pk}/confirmations/").json()
    assert (row["criterion"], row["note"], row["evidence"]) == tuple(told.values())
    assert row["ticked_by"]["id"] == rep.pk
    assert caller.post(f"deals/{deal.pk}/tick/", told).status_code == 422
    back = {"criterion": "discovery_call_scheduled"}
    assert caller.post(f"deals/{deal.pk}/withdraw-tick/", back).status_code == 200
    assert CriterionTick.objects.get().withdrawn_by == rep


def test_own_fields_are_told_read_and_written(rep, api):
    define("budget", "money", help_text="Approved")
    define("sponsor", "person")
    deal, caller = make_deal(rep), api(rep)

    told = {each["key"]: each for each in caller.get("fields/", entity="deal").json()}
    assert (told["budget"]["kind"], told["budget"]["help_text"]) == ("money", "Approved")
    custom = {"budget": {"amount": "12.50", "currency": "EUR"}, "sponsor": rep.email}
    answer = caller.patch(f"deals/{deal.pk}/", {"custom": custom})

    assert answer.status_code == 200, answer.content
    assert answer.json()["custom"] == {**custom, "sponsor": rep.pk}
    wrong = caller.patch(f"deals/{deal.pk}/", {"custom": {"budget": "much"}})
    assert (wrong.status_code, wrong.json()["missing"][0]["key"]) == (422, "budget")
    assert caller.get("fields/", entity="ship").status_code == 400


def test_product_and_forecast_category_are_written(rep, api):
    deal, caller = make_deal(rep), api(rep)

    answer = caller.patch(f"deals/{deal.pk}/", {"product": "Plan", "forecast_category": "commit"})

    assert (answer.json()["product"], answer.json()["forecast_category"]) == ("Plan", "commit")
    assert caller.patch(f"deals/{deal.pk}/", {"forecast_category": "closed"}).status_code == 400


def test_stale_change_is_told_what_the_fields_say_now(rep, manager, api):
    define("seats", "integer")
    deal, caller = make_deal(rep), api(rep)
    version = f'"{deal.version}"'
    theirs = {"fit_score": 70, "custom": {"seats": 55}}
    change_deal(deal=deal, changes=theirs, by=by(manager), at=AT)

    mine = {"fit_score": 60, "timeline": "", "custom": {"seats": 60}}
    answer = caller.patch(f"deals/{deal.pk}/", mine, If_Match=version)

    assert answer.status_code == 409
    fields = answer.json()["facts"]["fields"]
    assert {name: each["current"] for name, each in fields.items()} == {
        "fit_score": 70,
        "custom.seats": 55,
    }
    assert {each["changed_by"] for each in fields.values()} == {manager.name}


def test_failure_of_ours_is_a_problem_in_json():
    answer = broken(RequestFactory().get("/api/v1/deals/"))

    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b'"code": "broken"' in answer.content
    assert broken(RequestFactory().get("/deals/"))["Content-Type"].startswith("text/html")
