"""An administrator's way past a gate: what it goes past, what it never does, what stays."""

import pytest

from pipeline import registry
from pipeline.models import StageVisit
from pipeline.operations import override_move, win_deal
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.refusals import Missing, NotAllowed, Refused
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, stage
from tests.pipeline.test_irregular_moves import with_version


def override(deal, to, who, reason="The board decided"):
    return override_move(deal=deal, to=stage(to), reason=reason, by=by(who), at=AT)


def test_an_override_goes_past_items_and_notes_each(rep, revops):
    deal = override(complete(make_deal(rep), but=["fit_score"]), "discovery", revops)

    visit = deal.visits.get(left_at=None)
    assert deal.stage.key == "discovery"
    assert (visit.is_override, visit.via, visit.reason) == (True, "web", "The board decided")
    assert visit.bypassed == [{"key": "fit_score", "label": "Fit score", "stage": "qualified"}]


def test_what_an_override_went_past_is_owed(rep, revops):
    deal = override(complete(make_deal(rep), but=["fit_score"]), "discovery", revops)

    debt = deal.debts.get()
    assert (debt.item_key, debt.owner, debt.reason) == ("fit_score", rep, "The board decided")


def test_an_override_stands_in_the_ledger_under_its_own_verb(rep, revops):
    deal = override(complete(make_deal(rep), but=["fit_score"]), "discovery", revops)

    entry = Entry.objects.about(deal).get(verb="deal.overridden")
    assert entry.after["bypassed"] == ["Fit score"]
    assert entry.why == "The board decided"


def test_owner_and_manager_are_told_of_an_override(rep, manager, revops):
    override(make_deal(rep), "discovery", revops)

    told = Notification.objects.filter(event="deal.overridden")
    assert {each.person for each in told} == {rep, manager}


def test_an_override_wins_past_debt(rep, revops):
    deal = complete(make_deal(rep, stage="negotiation"), but=["contract_reference"])

    assert override(deal, "closed-won", revops).status == "won"


def test_an_override_skips_where_skipping_is_forbidden(rep, revops):
    with_version(skipping="never")

    deal = override(complete(make_deal(rep)), "proposal", revops)

    assert deal.visits.get(left_at=None).bypassed[0]["key"] == "skipping"


def test_an_override_never_goes_past_what_another_app_asks(rep, revops):
    registry.register_check(lambda move, at: [Missing("cover", "Approval", "Submit the quote.")])

    with pytest.raises(Refused, match="Approval"):
        override(make_deal(rep), "discovery", revops)

    assert not StageVisit.objects.filter(is_override=True).exists()


@pytest.mark.parametrize("who", ["rep", "manager", "auditor"])
def test_only_administrators_override(request, rep, who):
    with pytest.raises(NotAllowed, match="RevOps administrators"):
        override(make_deal(rep), "discovery", request.getfixturevalue(who))


def test_the_installation_itself_overrides_nothing(rep):
    with pytest.raises(NotAllowed):
        override_move(deal=make_deal(rep), to=stage("discovery"), reason="So", by=SYSTEM, at=AT)


def test_an_override_needs_a_reason(rep, revops):
    with pytest.raises(Refused, match="Give a reason"):
        override(make_deal(rep), "discovery", revops, reason=" ")


def test_there_is_no_override_of_nothing(rep, revops):
    with pytest.raises(Refused, match="Nothing stands in the way"):
        override(complete(make_deal(rep)), "discovery", revops)


def test_losing_is_no_matter_for_an_override(rep, revops):
    with pytest.raises(Refused, match="Lose it instead"):
        override(make_deal(rep), "closed-lost", revops)


def test_what_was_gone_past_is_asked_again_by_the_win(rep, revops):
    deal = override(make_deal(rep, stage="proposal"), "negotiation", revops)

    with pytest.raises(Refused) as refusal:
        win_deal(deal=deal, by=by(rep), at=AT)

    assert "stakeholder_map" in {each.key for each in refusal.value.missing}
