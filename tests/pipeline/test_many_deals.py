"""Acts on many deals, and handing over everything that a person holds."""

import pytest
from django.urls import reverse

from pipeline.models import Account, Deal
from pipeline.operations import hand_over_deals, reassign_deals, skip_deal
from pipeline.operations.accounts import create_account
from revops.people.operations import hand_over_work, what_is_left_open
from revops.refusals import NotAllowed, Refused
from revops.work.models import Task
from revops.work.operations import open_task
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, stage
from tests.pipeline.visiting import text_of

HAND_OVER = "/settings/hand-over/"


def test_many_deals_are_given_each_by_itself(rep, other_rep, manager, outsider):
    mine, foreign = make_deal(rep, "Mine"), make_deal(outsider, "Foreign")

    given, refused = reassign_deals(deals=[mine, foreign], owner=other_rep, by=by(manager), at=AT)

    assert given.refusal is None
    assert "may hand this deal over" in refused.refusal.message
    assert Deal.objects.get(pk=mine.pk).owner == other_rep
    assert Deal.objects.get(pk=foreign.pk).owner == outsider


def test_every_open_deal_of_a_person_is_handed_over(rep, other_rep, revops):
    for number in range(3):
        make_deal(rep, f"Deal {number}")

    results = hand_over_deals(person=rep, successor=other_rep, by=by(revops), at=AT)

    assert [result.refusal for result in results] == [None] * 3
    assert not Deal.objects.filter(owner=rep).exists()


def test_a_page_gives_many_and_says_what_was_refused(visit, rep, other_rep, manager):
    deals = [make_deal(rep, "One"), make_deal(other_rep, "Two")]
    typed = {"deal": [deal.pk for deal in deals], "owner": other_rep.pk, "reason": ""}

    response = visit(manager).post(reverse("pipeline:deal-bulk-reassign"), typed)

    assert response.context["done"] == 1
    assert [deal.name for deal in response.context["refused_deals"]] == ["Two"]
    assert "Try the refused ones again" in text_of(response)


def test_a_long_run_goes_on_a_few_at_a_time(visit, rep, monkeypatch):
    monkeypatch.setattr("pipeline.views.bulk.AT_ONCE", 2)
    deals = [complete(make_deal(rep, f"Deal {number}")) for number in range(3)]
    typed = {"deal": [deal.pk for deal in deals], "stage": "discovery", "reason": ""}
    address, client = reverse("pipeline:deal-bulk-move"), visit(rep)

    first = client.post(address, typed)
    left = [deal.pk for deal in first.context["deals"]]
    then = client.post(address, {**typed, "deal": left, "done": first.context["done"]})

    assert (first.context["done"], first.context["total"]) == (2, 3)
    assert (then.context["done"], then.context["total"]) == (3, 3)
    assert set(Deal.objects.values_list("stage__key", flat=True)) == {"discovery"}


def test_a_bulk_move_leaves_out_what_is_not_visible(visit, rep, other_rep):
    theirs = complete(make_deal(other_rep))
    typed = {"deal": [theirs.pk], "stage": "discovery", "reason": "So"}

    visit(rep).post(reverse("pipeline:deal-bulk-move"), typed)

    assert Deal.objects.get(pk=theirs.pk).stage.key == "qualified"


@pytest.fixture
def holder(rep, other_rep):
    """A rep with a deal, a debt on somebody else's, a task and an account."""
    deal = make_deal(rep)
    create_account(name="Held", owner=rep, by=SYSTEM, at=AT)
    other = complete(make_deal(other_rep, "Other"), but=["timeline"])
    skip_deal(deal=other, to=stage("proposal"), reason="Hurry", by=SYSTEM, at=AT)
    other.debts.update(owner=rep)
    open_task(kind="note", about=deal, title="Call", assignee=rep, by=SYSTEM, at=AT)
    return rep


def test_everything_a_person_holds_goes_over_in_one_step(holder, manager, revops):
    hand_over_work(person=holder, successor=manager, by=by(revops), at=AT)

    assert what_is_left_open(holder) == []
    assert Deal.objects.get(name="Acme rollout").owner == manager
    assert Account.objects.get(name="Held").owner == manager
    assert Task.objects.get(title="Call").assignee == manager
    assert Deal.objects.get(name="Other").debts.get().owner == manager


def test_only_administrators_hand_over_everything(holder, manager):
    with pytest.raises(NotAllowed):
        hand_over_work(person=holder, successor=manager, by=by(manager), at=AT)


def test_handing_over_nothing_is_refused(outsider, rep, revops):
    with pytest.raises(Refused, match="holds nothing"):
        hand_over_work(person=outsider, successor=rep, by=by(revops), at=AT)


def test_the_page_says_what_it_is_before_and_what_became_of_it(visit, holder, manager, revops):
    client = visit(revops)
    before = text_of(client.get(HAND_OVER, {"person": holder.pk}))

    after = text_of(client.post(HAND_OVER, {"person": holder.pk, "successor": manager.pk}))

    assert "1 open deal" in before
    assert "1 account" in before
    assert "holds nothing any more" in after


def test_a_person_who_leaves_is_handed_over_and_out(visit, holder, manager, revops):
    typed = {"person": holder.pk, "successor": manager.pk, "leaves": "on"}

    visit(revops).post(HAND_OVER, typed)

    holder.refresh_from_db()
    assert not holder.is_active


def test_the_page_is_for_administrators(visit, rep):
    assert visit(rep).get(HAND_OVER).status_code == 403
