from datetime import date, timedelta
from decimal import Decimal

import pytest

from pipeline.cards import shown_deals
from pipeline.keyset import Order, page_of
from pipeline.models import Account, Deal, DealMember
from pipeline.operations import plan_next_step, push_close_date
from pipeline.queries import (
    DealFilter,
    Money,
    board,
    column,
    deal_list,
    deals_with_problems,
    my_numbers,
)
from tests.factories.people import AT, by
from tests.factories.pipeline import make_account, make_deal, new_business, put_into


def names(cards):
    return [card.deal.name for card in cards]


def test_board_has_every_stage_with_its_count_and_sum(rep):
    make_deal(rep, "One", amount=100)
    make_deal(rep, "Two", amount=50)
    make_deal(rep, "Three", amount=7, stage="demo")

    columns = board(rep, new_business(), DealFilter("mine"), at=AT)

    assert [(column.rule.key, column.total.count) for column in columns][:3] == [
        ("qualified", 2),
        ("discovery", 0),
        ("demo", 1),
    ]
    assert columns[0].total.sums == (Money("USD", Decimal("150.00")),)


def test_board_shows_a_rep_their_own_deals_alone(rep, other_rep):
    make_deal(rep, "Mine")
    make_deal(other_rep, "Theirs")

    columns = board(rep, new_business(), DealFilter("all"), at=AT)

    assert names(columns[0].cards) == ["Mine"]


def test_line_of_a_manager_holds_the_deals_below(manager, rep, other_rep):
    make_deal(rep, "Rita's")
    make_deal(other_rep, "Ron's")

    columns = board(manager, new_business(), DealFilter("line"), at=AT)

    assert columns[0].total.count == 2
    assert sorted(names(columns[0].cards)) == ["Rita's", "Ron's"]


def test_asking_for_somebody_elses_deals_shows_none(rep, other_rep):
    make_deal(other_rep, "Theirs")

    page = deal_list(rep, DealFilter("mine", owner=other_rep.pk), at=AT)

    assert (page.cards, page.total.count) == ([], 0)


def test_all_i_may_see_holds_the_deals_i_was_let_in_on(rep, other_rep):
    DealMember.objects.create(deal=make_deal(other_rep, "Shared"), person=rep)

    page = deal_list(rep, DealFilter("all"), at=AT)

    assert names(page.cards) == ["Shared"]


def test_a_column_pages_by_key(rep):
    for number in range(5):
        make_deal(rep, f"Deal {number}", at=AT + timedelta(minutes=number))

    first = column(rep, new_business(), "qualified", DealFilter(), at=AT, size=2)
    second = column(rep, new_business(), "qualified", DealFilter(), at=AT, size=2, after=first.next)

    assert names(first.cards) == ["Deal 4", "Deal 3"]
    assert names(second.cards) == ["Deal 2", "Deal 1"]


@pytest.mark.parametrize("descending", [False, True])
def test_paging_meets_every_row_once_and_rows_without_a_value_last(rep, descending):
    for amount in (5, None, 3, 5, None, 1, 5):
        make_deal(rep, f"Deal {amount}", amount=amount)
    order, found, mark = Order("amount", descending), [], ""

    while True:
        page = page_of(Deal.objects.all(), order, after=mark, size=2)
        found += page.rows
        mark = page.next
        if not mark:
            break

    amounts = [deal.amount for deal in found]
    assert len({deal.pk for deal in found}) == 7
    assert amounts == sorted(
        amounts, key=lambda a: (a is None, 0 if a is None else -a if descending else a)
    )


def test_rows_that_are_read_whole_afterwards_come_in_the_same_order(rep):
    for amount in (5, None, 3, 5, None, 1):
        make_deal(rep, f"Deal {amount}", amount=amount)
    rows, order = Deal.objects.filter(owner=rep), Order("amount", descending=True)

    plain = page_of(rows, order, size=5)
    whole = page_of(rows, order, size=5, whole=shown_deals(order.field))

    assert [deal.pk for deal in whole.rows] == [deal.pk for deal in plain.rows]
    assert whole.next == plain.next


def test_a_damaged_mark_begins_at_the_beginning(rep):
    make_deal(rep)

    assert len(page_of(Deal.objects.all(), Order("amount"), after="rubbish").rows) == 1


def test_search_finds_words_of_deal_and_account_without_accents(rep):
    make_deal(rep, "Rollout", account=make_account("Café Müller"))
    make_deal(rep, "Other")

    page = deal_list(rep, DealFilter(text="muller CAFE roll"), at=AT)

    assert names(page.cards) == ["Rollout"]


def test_a_filtered_list_counts_up_to_the_cap(rep, monkeypatch):
    monkeypatch.setattr("pipeline.queries.CAP", 2)
    for number in range(4):
        make_deal(rep, f"Deal {number}")

    total = deal_list(rep, DealFilter(text="deal"), at=AT).total

    assert (str(total), total.sums) == ("2+", ())


def test_problems_are_found_for_home(rep):
    fine = make_deal(rep, "Fine", next_step="Call Bea")
    make_deal(rep, "Without a next step")
    late = make_deal(rep, "Late", next_step="Call Bea")
    Deal.objects.filter(pk=late.pk).update(close_date=date(2026, 11, 1))

    found = deals_with_problems(rep, at=AT)

    assert names(found.cards) == ["Late", "Without a next step"]
    assert fine.name not in names(found.cards)


def test_numbers_of_a_rep(rep):
    make_deal(rep, amount=100)
    make_deal(rep, amount=100, currency="EUR")

    numbers = my_numbers(rep, at=AT)

    assert numbers.open.count == 2
    assert numbers.open.sums == (Money("EUR", Decimal(100)), Money("USD", Decimal(100)))
    assert numbers.since == date(2026, 10, 1)


def make_many(owner, count):
    account = Account.objects.first() or make_account()
    for number in range(count):
        deal = make_deal(owner, f"Deal {owner.pk} {number}", account=account)
        if number % 2:
            put_into(deal, "demo")


@pytest.mark.parametrize("read", [
    lambda user: board(user, new_business(), DealFilter("line"), at=AT),
    lambda user: deal_list(user, DealFilter("line"), at=AT),
    lambda user: deal_list(user, DealFilter("all", text="deal"), at=AT),
    lambda user: deals_with_problems(user, at=AT),
], ids=["board", "list", "search", "problems"])  # fmt: skip
def test_the_number_of_queries_does_not_grow_with_the_deals(
    read, manager, rep, django_assert_max_num_queries
):
    make_many(rep, 4)
    read(manager)
    with django_assert_max_num_queries(40) as few:
        read(manager)
    make_many(rep, 16)

    with django_assert_max_num_queries(len(few)):
        read(manager)


def test_pushed_twice_and_stale_are_problems(rep):
    deal = make_deal(rep, next_step="Call", close_date=date(2026, 12, 1))
    for day in (5, 9):
        deal = push_close_date(
            deal=deal, to=date(2026, 12, day), reason_key="budget", note="CFO away",
            by=by(rep), at=AT,
        )  # fmt: skip
    much_later = AT + timedelta(days=15)
    plan_next_step(deal=deal, next_step="Call again", by=by(rep), at=AT)

    cards = deals_with_problems(rep, at=much_later).cards

    assert [problem.key for problem in cards[0].problems] == [
        "stale",
        "pushed",
        "buyer_silent",
    ]
