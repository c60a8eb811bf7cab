from datetime import date

import pytest
from django.db import IntegrityError

from pipeline import operations
from pipeline.models import Account, Contact, Deal
from revops.imports.operations import choose_winners
from tests.factories.dealdesk import make_quote
from tests.factories.people import AT, SYSTEM
from tests.factories.pipeline import complete, make_account, make_deal

pytestmark = pytest.mark.django_db

ACCOUNT = "accounts/by-external/crm/A-1/"
DEAL = "deals/by-external/crm/D-1/"


def enter(caller, **facts):
    caller.put(ACCOUNT, {"name": "Acme"})
    body = {"name": "Rollout", "account_external_id": "A-1", "close_date": "2026-12-15"}
    return caller.put(DEAL, {**body, **facts})


def test_first_put_enters_and_the_second_changes(rep, api):
    caller = api(rep)

    first = caller.put(ACCOUNT, {"name": "Acme", "employees": 10})
    second = caller.put(ACCOUNT, {"name": "Acme", "employees": 20})
    third = caller.put(ACCOUNT, {"name": "Acme", "employees": 20})

    assert [r.status_code for r in (first, second, third)] == [201, 200, 200]
    assert [r.json()["version"] for r in (first, second, third)] == [1, 2, 2]
    account = Account.objects.get()
    assert (account.source, account.external_id, account.employees) == ("crm", "A-1", 20)


def test_record_is_read_by_its_external_number(rep, api):
    caller = api(rep)
    caller.put("accounts/by-external/crm/6%2F7/", {"name": "Acme"})

    assert caller.get("accounts/by-external/crm/6%2F7/").json()["external_id"] == "6/7"
    assert caller.get("accounts/by-external/crm/8/").status_code == 404


def test_new_deal_begins_in_the_first_stage(rep, api):
    response = enter(api(rep))

    assert response.status_code == 201, response.content
    deal = Deal.objects.get()
    assert deal.stage.key == "qualified"
    assert deal.account.external_id == "A-1"


@pytest.mark.parametrize(
    ("facts", "status"), [({"stage": "negotiation"}, 422), ({"status": "won"}, 400)]
)
def test_upsert_moves_no_deal_past_its_gate(rep, api, facts, status):
    caller = api(rep)
    enter(caller)

    assert enter(caller, **facts).status_code == status
    assert caller.put("deals/by-external/crm/D-2/", facts).status_code == 400
    assert Deal.objects.get().stage.key == "qualified"


def test_close_date_of_a_known_deal_moves_by_its_own_verb(rep, api):
    caller = api(rep)
    enter(caller)

    response = enter(caller, close_date="2027-03-01", fit_score=50)

    assert response.status_code == 422
    assert "push_reason" in [item["key"] for item in response.json()["missing"]]
    deal = Deal.objects.get()
    assert (str(deal.close_date), deal.fit_score, deal.push_count) == ("2026-12-15", None, 0)


def test_facts_and_close_date_of_a_known_deal_change_in_one_step(rep, api):
    caller = api(rep)
    enter(caller)

    why = {"push_reason": "budget", "push_note": "The board meets in February"}
    response = enter(caller, close_date="2027-03-01", fit_score=50, **why)

    assert response.status_code == 200, response.content
    deal = Deal.objects.get()
    assert (str(deal.close_date), deal.fit_score, deal.push_count) == ("2027-03-01", 50, 1)
    assert deal.pushes.get().note == "The board meets in February"


def test_earlier_close_date_is_pulled_in(rep, api):
    caller = api(rep)
    enter(caller)

    assert enter(caller, close_date="2026-12-01").status_code == 200
    assert Deal.objects.get().pull_ins.count() == 1


def test_stage_of_a_known_deal_changes_by_its_gate(rep, api):
    caller = api(rep)
    enter(caller)

    response = enter(caller, stage="discovery", fit_score=50)

    assert response.status_code == 422
    assert response.json()["code"] == "gate"
    assert Deal.objects.get().fit_score is None
    complete(Deal.objects.get())
    assert enter(caller, stage="discovery").json()["stage"]["key"] == "discovery"


def test_owner_of_a_known_deal_changes_by_its_own_verb(rep, other_rep, api):
    caller = api(rep)
    enter(caller)

    assert enter(caller, owner=rep.email).status_code == 200
    assert enter(caller, owner=other_rep.email).status_code in (200, 204)
    assert Deal.objects.get().owner == other_rep


def test_amount_under_a_primary_quote_is_refused(rep, api):
    caller = api(rep)
    enter(caller)
    make_quote(rep, deal=Deal.objects.get())

    response = enter(caller, amount="1.00")

    assert response.status_code == 422
    assert response.json()["code"] == "locked"


def test_record_of_somebody_else_is_not_there(rep, other_rep, api):
    enter(api(rep))

    assert enter(api(other_rep)).status_code == 404


def test_stale_upsert_is_a_conflict(rep, api):
    caller = api(rep)
    caller.put(ACCOUNT, {"name": "Acme"})
    caller.put(ACCOUNT, {"name": "Acme Inc"})

    assert caller.put(ACCOUNT, {"name": "Acme Ltd"}, If_Match='"1"').status_code == 409


def test_contact_finds_its_account_in_the_same_source(rep, api):
    caller = api(rep)
    caller.put(ACCOUNT, {"name": "Acme", "owner": rep.pk})

    path = "contacts/by-external/crm/C-1/"
    made = caller.put(path, {"name": "Bea", "account_external_id": "A-1"})
    assert made.status_code == 201, made.content
    assert Contact.objects.get().account.external_id == "A-1"
    assert caller.put(path, {"name": "Bea B."}).status_code == 200
    assert caller.put(path, {"name": "B", "account_external_id": "A-9"}).status_code == 400


def test_number_with_control_characters_is_an_error(rep, api):
    assert api(rep).put("accounts/by-external/crm/a%00b/", {"name": "A"}).status_code == 400


def test_imported_record_is_found_by_its_source(rep, api):
    make_account("Old", source="crm", external_id="A-1")

    assert api(rep).put(ACCOUNT, {"name": "New"}).status_code == 200
    assert Account.objects.get().name == "New"


def test_loser_of_a_race_changes_what_the_winner_entered(rep, api, monkeypatch):
    create = operations.create_deal

    def come_second(**facts):
        create(**{**facts, "name": "The winner's"})
        raise IntegrityError("pipeline_deal_one_per_external_id")

    monkeypatch.setattr(operations, "create_deal", come_second)

    response = enter(api(rep))

    assert response.status_code == 200
    assert Deal.objects.get().name == "Rollout"


def test_debts_of_a_skip_are_shown(rep, api):
    deal = complete(make_deal(rep), but=["pain_points"])
    caller = api(rep)
    caller.post(f"deals/{deal.pk}/skip/", {"to": "proposal", "reason": "They know us"})

    debts = caller.get(f"deals/{deal.pk}/").json()["debts"]

    assert [(debt["item_key"], debt["stage"]) for debt in debts] == [("pain_points", "discovery")]


# Which system wins


def ours(*fields):
    winners = {("deal", name): "ours" for name in fields}
    choose_winners(source="crm", winners=winners, by=SYSTEM, at=AT)


def test_what_is_set_here_stays_where_ours_wins(rep, api):
    caller = api(rep)
    enter(caller, pain_points="Paper forms")
    ours("pain_points")

    enter(caller, pain_points="Something else", timeline="Before summer")

    deal = Deal.objects.get()
    assert (deal.pain_points, deal.timeline) == ("Paper forms", "Before summer")


def test_what_is_empty_here_is_filled_where_ours_wins(rep, api):
    caller = api(rep)
    enter(caller)
    ours("pain_points")

    enter(caller, pain_points="Paper forms")

    assert Deal.objects.get().pain_points == "Paper forms"


def test_our_close_date_stays_where_ours_wins(rep, api):
    caller = api(rep)
    enter(caller)
    ours("close_date")

    response = enter(caller, close_date="2027-03-01")

    assert response.status_code == 200, response.content
    assert Deal.objects.get().close_date == date(2026, 12, 15)


def test_our_facts_of_an_account_stay_where_ours_wins(rep, api):
    caller = api(rep)
    caller.put(ACCOUNT, {"name": "Acme", "employees": 10})
    choose_winners(source="crm", winners={("account", "employees"): "ours"}, by=SYSTEM, at=AT)

    caller.put(ACCOUNT, {"name": "Acme", "employees": 20})

    assert Account.objects.get().employees == 10
