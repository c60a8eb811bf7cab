"""Board, list, home and accounts: what they show, and what they cost."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline import registry
from pipeline.models import Deal
from pipeline.operations import lose_deal, plan_next_step
from pipeline.registry import CardFact
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_account, make_deal
from tests.pipeline.visiting import NOW, SWAP, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]

BOARD = "/deals/board/"


def test_board_shows_cards_in_their_columns(visit, rep):
    make_deal(rep, "One")
    make_deal(rep, "Two", stage="demo")

    page = visit(rep).get(BOARD)

    columns = {column["key"]: column for column in page.context["columns"]}
    assert [card.title for card in columns["demo"]["cards"]] == ["Two"]
    assert str(columns["qualified"]["total"]) == "1"
    assert [column["key"] for column in page.context["ends"]] == ["closed-won", "closed-lost"]


def test_card_says_its_worst_finding_and_who_it_waits_for(visit, rep, monkeypatch):
    deal = make_deal(rep, close_date=date(2026, 11, 4))
    Deal.objects.filter(pk=deal.pk).update(close_date=date(2026, 11, 1))
    facts = {"x": lambda pks, at: {deal.pk: [CardFact("Waiting for Ana Ruiz")]}}
    monkeypatch.setattr(registry, "_card_facts", facts)

    text = text_of(visit(rep).get(BOARD))

    assert "Past close date" in text
    assert "Waiting for Ana Ruiz" in text


def test_column_reads_on_by_key(visit, rep):
    for number in range(23):
        make_deal(rep, f"Deal {number}", at=AT + timedelta(minutes=number))
    client = visit(rep)

    first = client.get(BOARD).context["columns"][0]
    address = reverse("pipeline:deal-column", args=["qualified"])
    rest = client.get(address, {"after": first["next"]}, headers=SWAP)

    assert len(first["cards"]) == 20
    assert len(rest.context["column"]["cards"]) == 3
    assert rest.context["column"]["next"] == ""


def test_cards_of_others_carry_no_move_form(visit, rep, auditor):
    make_deal(rep)

    text = text_of(visit(auditor).get(BOARD))

    assert "Acme rollout" in text
    assert "data-board-move" not in text


def test_filters_stay_in_the_address(visit, rep):
    make_deal(rep, "Harbour")
    make_deal(rep, "Mountain")
    client = visit(rep)

    board = client.get(BOARD, {"q": "harb", "scope": "mine"})
    listed = client.get("/deals/", {"q": "harb", "closes": "next_month"})

    assert [card.title for card in board.context["columns"][0]["cards"]] == ["Harbour"]
    assert "q=harb" in text_of(board)
    assert [row["deal"].name for row in listed.context["rows"]] == ["Harbour"]


def test_nonsense_in_the_address_counts_as_not_given(visit, rep):
    make_deal(rep)
    query = {"owner": "x", "team": "99", "closes": "?", "sort": "oops", "after": "!", "scope": "z"}

    assert visit(rep).get("/deals/", query).status_code == 200
    assert visit(rep).get(BOARD, query).status_code == 200


def test_disclosure_of_filters_names_those_in_force(visit, rep):
    make_deal(rep)
    client = visit(rep)
    query = {"scope": "all", "owner": rep.pk, "closes": "month", "problems": "on", "q": "x"}

    asked = client.get("/deals/", {**query, "status": "won", "stage": "demo"})
    usual = client.get("/deals/", {"scope": "mine", "q": "acme"})

    assert asked.context["form"].active == [
        "All I may see",
        "Rita Reyes",
        "Closes this month",
        "With problems",
        "Won",
        "Demo / Evaluation",
    ]
    assert "All I may see · Rita Reyes" in text_of(asked)
    assert usual.context["form"].active == []


def test_empty_board_offers_the_first_useful_act(visit, rep, outsider):
    assert "No deals yet" in text_of(visit(rep).get(BOARD))
    assert "No deals to see" in text_of(visit(outsider).get(BOARD))
    assert "No deal matches" in text_of(visit(rep).get(BOARD, {"q": "zzz"}))


def test_list_sorts_by_amount(visit, rep):
    make_deal(rep, "Small", amount=10)
    make_deal(rep, "Large", amount=900)

    rows = visit(rep).get("/deals/", {"sort": "-amount"}).context["rows"]

    assert [row["deal"].name for row in rows] == ["Large", "Small"]


def test_list_reads_on_by_key(visit, rep):
    for number in range(53):
        make_deal(rep, f"Deal {number:02}")
    client = visit(rep)

    first = client.get("/deals/", {"sort": "name"})
    rest = client.get("/deals/", {"sort": "name", "after": first.context["next"]})

    assert [len(page.context["rows"]) for page in (first, rest)] == [50, 3]


def test_list_of_lost_deals(visit, rep):
    make_deal(rep, "Open one")
    lose(make_deal(rep, "Lost one"), rep)

    rows = visit(rep).get("/deals/", {"status": "lost"}).context["rows"]

    assert [row["deal"].name for row in rows] == ["Lost one"]


def lose(deal, rep):
    lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT)


def test_bulk_push_asks_each_deal_and_says_what_became_of_each(visit, rep):
    one = make_deal(rep, "One", close_date=date(2026, 12, 1))
    two = make_deal(rep, "Two", close_date=date(2026, 12, 1))
    typed = {
        "deal": [one.pk, two.pk],
        f"deal-{one.pk}-to": "2026-12-08",
        f"deal-{one.pk}-reason_key": "budget",
        f"deal-{two.pk}-to": "2026-12-08",
    }

    response = visit(rep).post(reverse("pipeline:deal-bulk-push"), typed)

    assert response.status_code == 422
    assert [form.deal.name for form in response.context["forms"]] == ["Two"]
    assert "reason_key" in response.context["forms"][0].errors
    assert Deal.objects.get(pk=one.pk).close_date == date(2026, 12, 8)
    assert Deal.objects.get(pk=two.pk).close_date == date(2026, 12, 1)


def test_nobody_pushes_because_a_deal_was_reopened(visit, rep):
    deal, client = make_deal(rep), visit(rep)

    many = client.get(reverse("pipeline:deal-bulk-push"), {"deal": deal.pk})
    one = client.get(reverse("pipeline:deal-push", args=[deal.pk]))

    assert "Budget not released" in text_of(many)
    assert "Budget not released" in text_of(one)
    assert "Deal reopened" not in text_of(many) + text_of(one)


def test_bulk_move_moves_those_that_may_and_names_what_stops_the_rest(visit, rep):
    ready, wanting = complete(make_deal(rep, "Ready")), make_deal(rep, "Wanting")
    typed = {"deal": [ready.pk, wanting.pk], "stage": "discovery", "reason": ""}

    response = visit(rep).post(reverse("pipeline:deal-bulk-move"), typed)

    assert response.status_code == 422
    assert response.context["done"] == 1
    assert Deal.objects.get(pk=ready.pk).stage.key == "discovery"
    assert "Before this deal can enter Discovery" in text_of(response)


def test_bulk_acts_leave_out_what_is_not_visible(visit, rep, other_rep):
    theirs = make_deal(other_rep)

    page = visit(rep).get(reverse("pipeline:deal-bulk-push"), {"deal": theirs.pk})

    assert page.context["forms"] == []


def test_home_names_the_deals_with_problems_and_the_act_that_clears_each(visit, rep):
    deal = make_deal(rep, "No plan")
    fine = make_deal(rep, "Planned")
    plan_next_step(deal=fine, next_step="Call", by=by(rep), at=AT)

    page = visit(rep).get("/")

    (row,) = page.context["problems"]
    assert row["deal"] == deal
    assert (row["problem"].act_label, row["problem"].act_url) == (
        "Plan the next step",
        f"{deal.get_absolute_url()}#next-step",
    )


def test_home_says_everything_that_is_wrong_in_sentences_the_worst_first(visit, rep):
    deal = make_deal(rep, close_date=date(2026, 11, 4))
    Deal.objects.filter(pk=deal.pk).update(close_date=date(2026, 10, 30))

    text = text_of(visit(rep).get("/"))

    assert "The close date was 5 days ago. Nobody has said what happens next.<" in text
    assert ">1 deal<" in text


def test_home_counts_the_line_of_a_manager(visit, manager, rep, other_rep):
    make_deal(rep)
    make_deal(other_rep)

    assert visit(manager).get("/").context["numbers"].open.count == 2


# Accounts


def test_account_page_shows_only_deals_one_may_see(visit, rep, other_rep):
    account = make_account("Globex")
    make_deal(rep, "Mine", account=account)
    make_deal(other_rep, "Theirs", account=account)

    text = text_of(visit(rep).get(account.get_absolute_url()))

    assert "Mine" in text
    assert "Theirs" not in text
    assert "Ron Rossi" not in text


def test_account_is_entered_and_edited(visit, rep):
    client = visit(rep)
    client.post(reverse("pipeline:account-new"), {"name": "Globex", "owner": rep.pk})
    account = rep.accounts.get()
    typed = {"name": "Globex", "employees": "900", "owner": rep.pk, "version": account.version}

    client.post(reverse("pipeline:account-edit", args=[account.pk]), typed)

    account.refresh_from_db()
    assert account.employees == 900


def test_segment_override_needs_a_reason(visit, revops):
    account = make_account("Globex")
    address = reverse("pipeline:account-segment", args=[account.pk])
    client = visit(revops)

    refused = client.post(address, {"segment": "enterprise", "reason": ""})
    client.post(address, {"segment": "enterprise", "reason": "A group of 9,000."})

    assert refused.status_code == 422
    account.refresh_from_db()
    assert account.segment_override == "enterprise"


def test_account_names_are_offered_while_one_types(visit, rep):
    make_account("Globex")

    page = visit(rep).get(reverse("pipeline:account-options"), {"q": "glo"}, headers=SWAP)

    assert 'value="Globex"' in text_of(page)


def test_contact_is_entered_at_an_account(visit, rep):
    account = make_account("Globex", owner=rep)
    address = reverse("pipeline:contact-new", args=[account.pk])

    visit(rep).post(address, {"name": "Gus", "email": "gus@globex.example"})

    assert account.contacts.get().name == "Gus"


# What a page costs does not grow with its rows


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        response = client.get(address)
    assert response.status_code == 200
    return len(caught)


@pytest.mark.parametrize(
    "address", ["/", "/deals/", "/deals/board/", "/deals/board/qualified/", "/accounts/"]
)
@pytest.mark.parametrize("who", ["rep", "manager", "auditor"])
def test_lists_ask_the_same_number_of_questions_for_any_number_of_rows(
    request, visit, rep, who, address
):
    client = visit(request.getfixturevalue(who))
    for number in range(2):
        make_deal(rep, f"Deal {number}", account=make_account(f"Account {number}"))
    few = queries_of(client, address)
    for number in range(2, 14):
        make_deal(rep, f"Deal {number}", account=make_account(f"Account {number}"))

    assert queries_of(client, address) <= few


def test_deal_page_asks_the_same_number_of_questions_however_much_happened(visit, rep, other_rep):
    deal = complete(make_deal(rep))
    client = visit(rep)
    plan_next_step(deal=deal, next_step="Call", by=by(rep), at=AT)
    few = queries_of(client, deal.get_absolute_url())
    for number in range(12):
        plan_next_step(deal=deal, next_step=f"Call {number}", by=by(rep), at=NOW)

    assert queries_of(client, deal.get_absolute_url()) == few


def test_account_page_asks_the_same_number_of_questions_for_any_number_of_deals(visit, rep):
    account = make_account("Globex")
    client = visit(rep)
    make_deal(rep, "One", account=account)
    few = queries_of(client, account.get_absolute_url())
    for number in range(8):
        make_deal(rep, f"Deal {number}", account=account)

    assert queries_of(client, account.get_absolute_url()) == few


def test_home_of_a_reader_names_no_deals_they_could_not_mend(visit, rep, auditor, revops):
    make_deal(rep)

    assert visit(auditor).get("/").context["problems"] == []
    assert len(visit(revops).get("/").context["problems"]) == 1


def test_filters_do_not_leak_into_the_search_of_the_frame(visit, rep):
    text = text_of(visit(rep).get(BOARD, {"scope": "mine"}))

    assert 'value="scope=mine"' not in text


# What a page costs


@pytest.mark.parametrize(
    ("address", "most"), [("/", 20), ("/deals/", 16), ("/deals/board/", 29), ("/tasks/", 9)]
)
@pytest.mark.parametrize("who", ["rep", "manager", "revops"])
def test_lists_ask_no_more_questions_than_this(request, visit, rep, who, address, most):
    for number in range(6):
        make_deal(rep, f"Deal {number}", stage="demo")

    assert queries_of(visit(request.getfixturevalue(who)), address) <= most


@pytest.mark.parametrize("who", ["rep", "manager", "revops"])
def test_deal_page_asks_no_more_questions_than_this(request, visit, rep, who):
    deal = complete(make_deal(rep, stage="demo"))
    plan_next_step(deal=deal, next_step="Call", by=by(rep), at=AT)

    address = deal.get_absolute_url()
    assert queries_of(visit(request.getfixturevalue(who)), address) <= 27
