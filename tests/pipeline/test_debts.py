"""A skip with its receipt: who owes what until when, where it shows, and how it is paid."""

from datetime import timedelta

import pytest
from django.urls import reverse

from pipeline.operations import (
    add_member,
    assign_debt,
    change_deal,
    reassign_deal,
    skip_deal,
)
from revops.company.models import Company
from revops.refusals import Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, stage
from tests.pipeline.visiting import text_of


def owing(rep, *items):
    deal = complete(make_deal(rep), but=items or ["timeline"])
    return skip_deal(deal=deal, to=stage("proposal"), reason="Hurry", by=by(rep), at=AT)


def test_a_debt_has_an_owner_and_a_due_day(rep):
    debt = owing(rep).debts.get()

    assert debt.owner == rep
    assert debt.due_on == Company.get().local_day(AT) + timedelta(days=14)


def test_the_card_says_what_is_owed_and_when_it_is_due(visit, rep):
    owing(rep, "timeline", "pain_points")

    assert "Owes 2, due 17 Nov" in text_of(visit(rep).get(reverse("pipeline:deal-board")))


def test_the_page_lists_each_debt_with_its_reason(visit, rep):
    text = text_of(visit(rep).get(owing(rep).get_absolute_url()))

    assert "Still owed to earlier stages" in text
    assert "owes it" in text
    assert "Hurry" in text


def test_a_debt_is_paid_in_place(visit, rep):
    deal = owing(rep)

    visit(rep).post(
        reverse("pipeline:deal-item-fill", args=[deal.pk, "timeline"]),
        {"item-timeline": "Before the new year"},
    )

    assert deal.debts.get().paid_by == rep


def test_somebody_who_may_change_the_deal_can_owe_it(rep, other_rep):
    deal = owing(rep)
    add_member(deal=deal, person=other_rep, access="edit", by=by(rep), at=AT)

    assign_debt(debt=deal.debts.get(), owner=other_rep, by=by(rep), at=AT)

    assert deal.debts.get().owner == other_rep


def test_who_may_not_change_the_deal_cannot_owe_it(rep, other_rep):
    with pytest.raises(Refused, match="may not change this deal"):
        assign_debt(debt=owing(rep).debts.get(), owner=other_rep, by=by(rep), at=AT)


def test_a_paid_debt_is_nobody_else_s(rep, manager):
    deal = owing(rep)
    change_deal(deal=deal, changes={"timeline": "Before the new year"}, by=by(rep), at=AT)

    with pytest.raises(Refused, match="paid off already"):
        assign_debt(debt=deal.debts.get(), owner=manager, by=by(rep), at=AT)


def test_what_the_owner_owes_goes_with_the_deal(rep, other_rep, revops):
    deal = owing(rep)

    reassign_deal(deal=deal, owner=other_rep, by=by(revops), at=AT)

    assert deal.debts.get().owner == other_rep


def test_the_page_lets_somebody_else_be_asked(visit, rep, manager):
    deal = owing(rep)
    address = reverse("pipeline:deal-debt-assign", args=[deal.pk, deal.debts.get().pk])

    response = visit(rep).post(address, {"owner": manager.pk})

    assert response.status_code == 302
    assert deal.debts.get().owner == manager
