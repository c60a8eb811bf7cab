from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile

from pipeline import registry
from pipeline.models import Deal
from pipeline.operations import bulk_move_deals, lose_deal, reopen_deal, skip_deal, win_deal
from revops.outbox.models import Notification
from revops.refusals import Missing, NotAllowed, Refused
from revops.work.models import Attachment, Task
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_deal, stage

LATER = AT + timedelta(hours=3)


def win(deal, who, **evidence):
    return win_deal(deal=deal, evidence=evidence, by=by(who), at=LATER)


def lose(deal, who, loss_reason="price", competitor="Globex", **facts):
    return lose_deal(
        deal=deal, loss_reason=loss_reason, competitor=competitor, by=by(who), at=LATER, **facts
    )


def keys(refusal):
    return {each.key for each in refusal.value.missing}


# Win


def test_winning_closes_the_deal_and_stamps_whose_it_was(rep, team):
    deal = win(complete(make_deal(rep, stage="negotiation")), rep)

    assert (deal.status, deal.stage.key) == ("won", "closed-won")
    assert (deal.closed_on, deal.closed_owner, deal.closed_team) == (LATER.date(), rep, team)


def test_winning_asks_every_stage_from_here_to_the_end(rep):
    deal = complete(
        make_deal(rep, stage="proposal"),
        but=["stakeholder_map", "redlines", "contract_sent", "contract_reference"],
    )

    with pytest.raises(Refused) as refusal:
        win(deal, rep)

    assert keys(refusal) == {
        "stakeholder_map",
        "redlines",
        "criterion:contract_sent",
        "signed_contract",
    }


def test_winning_asks_what_a_skip_left_owed(rep):
    deal = complete(make_deal(rep), but=["pain_points"])
    deal = skip_deal(deal=deal, to=stage("negotiation"), reason="Hurry", by=by(rep), at=LATER)

    with pytest.raises(Refused) as refusal:
        win(deal, rep)

    assert keys(refusal) == {"pain_points"}


def test_winning_with_the_debt_paid_by_evidence(rep):
    deal = complete(make_deal(rep), but=["pain_points"])
    deal = skip_deal(deal=deal, to=stage("negotiation"), reason="Hurry", by=by(rep), at=LATER)

    deal = win(deal, rep, pain_points="Quotes wait for days")

    assert deal.status == "won"
    assert deal.debts.get().paid_at == LATER


def test_the_signed_contract_can_be_attached_while_winning(rep, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    deal = complete(make_deal(rep, stage="negotiation"), but=["contract_reference"])

    deal = win(deal, rep, signed_contract=ContentFile(b"%PDF-1.7", name="contract.pdf"))

    assert deal.status == "won"
    assert Attachment.objects.about(deal).get().kind == "signed_contract"


def test_winning_from_an_earlier_stage_tells_which_were_skipped(rep, manager):
    win(complete(make_deal(rep, stage="demo")), rep)

    alert = Notification.objects.get(event="deal.skipped", person=manager)
    assert alert.context["skipped"] == "Proposal, Negotiation"


def test_winning_asks_customer_success_to_take_over(rep, customer_success):
    deal = win(complete(make_deal(rep, stage="negotiation")), rep)

    task = Task.objects.about(deal).get()
    assert (task.kind, task.assignee) == ("cs_handoff", customer_success)
    assert task.due_at == LATER + timedelta(days=2)


def test_checks_of_other_apps_are_asked_with_what_is_left(rep):
    asked = []

    def no_cover(move, *, at):
        asked.append(move.leaves)
        return [Missing("cover", "Approval", "These terms are not approved.")]

    registry.register_check(no_cover)

    with pytest.raises(Refused) as refusal:
        win(complete(make_deal(rep, stage="proposal")), rep)

    assert keys(refusal) == {"cover"}
    assert asked == [("proposal", "negotiation")]


def test_an_effect_that_refuses_undoes_the_win(rep):
    def refuse(move, *, by, at):
        raise Refused("Not on these terms.")

    registry.register_effect(refuse)
    deal = complete(make_deal(rep, stage="negotiation"))

    with pytest.raises(Refused, match="Not on these terms"):
        win(deal, rep)

    assert Deal.objects.get(pk=deal.pk).status == "open"


# Lose


@pytest.mark.parametrize("key", ["qualified", "discovery", "demo", "proposal", "negotiation"])
def test_a_deal_is_lost_from_any_stage_asking_nothing_else(rep, key):
    deal = lose(make_deal(rep, stage=key), rep)

    assert (deal.status, deal.stage.key, deal.closed_owner) == ("lost", "closed-lost", rep)


def test_losing_asks_reason_and_competitor(rep):
    with pytest.raises(Refused) as refusal:
        lose(make_deal(rep), rep, loss_reason="", competitor="")

    assert keys(refusal) == {"loss_reason", "competitor"}


@pytest.mark.parametrize(
    "answer", [{"competitor": "", "competitor_none": True}, {"competitor": "None"}]
)
def test_no_competitor_is_an_answer(rep, answer):
    deal = lose(make_deal(rep), rep, **answer)

    assert deal.declared_none.get().item_key == "competitor"


def test_losing_for_another_reason_needs_a_note(rep):
    with pytest.raises(Refused, match="Say in a note"):
        lose(make_deal(rep), rep, loss_reason="other")

    assert lose(make_deal(rep), rep, loss_reason="other", note="Bought by us").loss_note


def test_a_loss_reason_outside_the_list_is_refused(rep):
    with pytest.raises(Refused, match="not in the list"):
        lose(make_deal(rep), rep, loss_reason="weather")


def test_losing_asks_the_owner_for_a_post_mortem(rep):
    deal = lose(make_deal(rep), rep)

    task = Task.objects.about(deal).get()
    assert (task.kind, task.assignee) == ("post_mortem", rep)


@pytest.mark.parametrize("verb", [win, lose])
def test_a_closed_deal_does_not_close_again(rep, verb):
    deal = lose(make_deal(rep), rep)

    with pytest.raises(Refused, match="closed"):
        verb(deal, rep)


# Reopen


def reopen(deal, who, at=LATER, **facts):
    return reopen_deal(deal=deal, reason="They came back", by=by(who), at=at, **facts)


def test_a_manager_reopens_a_deal_where_it_was_closed(rep, manager):
    deal = reopen(lose(make_deal(rep, stage="demo"), rep), manager)

    assert (deal.status, deal.stage.key) == ("open", "demo")
    assert (deal.closed_on, deal.closed_owner, deal.loss_reason) == (None, None, "")


def test_the_owner_may_not_reopen_their_own_win(rep):
    deal = win(complete(make_deal(rep, stage="negotiation")), rep)

    with pytest.raises(NotAllowed, match="Only managers above"):
        reopen(deal, rep)


def test_reopening_after_the_close_date_needs_a_new_one_and_counts_as_a_push(rep, manager):
    deal = lose(make_deal(rep, close_date=date(2026, 11, 10)), rep)
    later = AT + timedelta(days=30)
    with pytest.raises(Refused, match="lies in the past"):
        reopen(deal, manager, at=later)

    deal = reopen(deal, manager, at=later, close_date=date(2027, 1, 31))

    assert (deal.close_date, deal.push_count) == (date(2027, 1, 31), 1)
    assert deal.pushes.get().reason_key == "reopened"


def test_an_open_deal_is_not_reopened(rep, manager):
    with pytest.raises(Refused, match="is open"):
        reopen(make_deal(rep), manager)


# Many at once


def test_many_deals_move_each_by_its_own_gate(rep):
    ready, not_ready = complete(make_deal(rep, "Ready")), make_deal(rep, "Not ready")
    elsewhere = make_deal(rep, "Elsewhere", stage="demo")

    results = bulk_move_deals(
        deals=[ready, not_ready, elsewhere],
        to=stage("discovery"),
        reason="Spring cleaning",
        by=by(rep),
        at=LATER,
    )

    assert [result.move for result in results] == ["advance", None, "send_back"]
    assert "Fit score" in str(results[1].refusal)
