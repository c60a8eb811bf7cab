import pytest

from pipeline.gates import gate_of
from pipeline.models import Deal, Move
from pipeline.operations import advance_deal
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_contact, make_deal, put_into, stage

LATER = AT.replace(hour=12)

EVIDENCE = {
    "source": "inbound",
    "fit_score": "80",
    "contact_info": {"name": "Bea Buyer", "email": "bea@acme.example"},
    "criterion:discovery_call_scheduled": True,
}


def missing_keys(refusal):
    return [each.key for each in refusal.value.missing]


def test_a_complete_stage_lets_the_deal_advance(rep):
    deal = complete(make_deal(rep))

    deal = advance_deal(deal=deal, by=by(rep), at=LATER)

    assert deal.stage.key == "discovery"
    assert deal.entered_stage_at == LATER


def test_a_refusal_lists_every_missing_item_at_once(rep):
    deal = make_deal(rep)

    with pytest.raises(Refused) as refusal:
        advance_deal(deal=deal, by=by(rep), at=LATER)

    assert missing_keys(refusal) == [
        "contact_info",
        "source",
        "fit_score",
        "criterion:discovery_call_scheduled",
    ]
    assert {each.stage for each in refusal.value.missing} == {"qualified"}


def test_the_page_and_the_operation_ask_the_same(rep):
    deal = make_deal(rep)

    with pytest.raises(Refused) as refusal:
        advance_deal(deal=deal, by=by(rep), at=LATER)

    assert gate_of(deal, Move.ADVANCE, LATER) == refusal.value.missing


def test_evidence_fills_in_what_is_missing_and_then_the_deal_advances(rep):
    deal = make_deal(rep)

    deal = advance_deal(deal=deal, evidence=EVIDENCE, by=by(rep), at=LATER)

    assert deal.stage.key == "discovery"
    assert (deal.deal_source, deal.fit_score) == ("inbound", 80)
    assert deal.ticks.get().ticked_by == rep
    assert deal.deal_contacts.get().contact.name == "Bea Buyer"


def test_a_refused_move_keeps_nothing_of_its_evidence(rep):
    deal = make_deal(rep)
    entries = Entry.objects.count()

    with pytest.raises(Refused):
        advance_deal(
            deal=deal, evidence={"fit_score": 80, "source": "inbound"}, by=by(rep), at=LATER
        )

    deal = Deal.objects.get(pk=deal.pk)
    assert (deal.fit_score, deal.deal_source) == (None, "")
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("junk", ["n/a", "TBD", " - ", "...", "x", "xxx", "To be determined", "?"])
def test_junk_counts_as_absent(rep, junk):
    deal = complete(put_into(make_deal(rep), "discovery"), but=["pain_points"])

    with pytest.raises(Refused) as refusal:
        advance_deal(deal=deal, evidence={"pain_points": junk}, by=by(rep), at=LATER)

    assert missing_keys(refusal) == ["pain_points"]


@pytest.mark.parametrize("answer", [{"none": True}, "none"])
def test_none_is_an_answer_where_the_item_allows_it(rep, answer):
    deal = complete(make_deal(rep, stage="demo"), but=["technical_requirements"])

    deal = advance_deal(
        deal=deal, evidence={"technical_requirements": answer}, by=by(rep), at=LATER
    )

    declared = deal.declared_none.get()
    assert (declared.item_key, declared.declared_by, declared.declared_at) == (
        "technical_requirements",
        rep,
        LATER,
    )


def test_none_is_no_answer_where_the_item_does_not_allow_it(rep):
    deal = make_deal(rep, stage="discovery")

    with pytest.raises(Refused, match="not an answer"):
        advance_deal(deal=deal, evidence={"pain_points": {"none": True}}, by=by(rep), at=LATER)


def test_evidence_that_nobody_asks_is_refused(rep):
    with pytest.raises(Refused, match="Nothing asks"):
        advance_deal(deal=make_deal(rep), evidence={"owner": 7}, by=by(rep), at=LATER)


def test_wrong_evidence_is_refused_by_name(rep):
    with pytest.raises(Refused) as refusal:
        advance_deal(
            deal=make_deal(rep),
            evidence={"fit_score": 101, "source": "the moon"},
            by=by(rep),
            at=LATER,
        )

    assert sorted(missing_keys(refusal)) == ["deal_source", "fit_score"]


def test_a_contact_without_mail_and_telephone_is_no_contact_info(rep):
    deal = complete(make_deal(rep), but=["contact_info"])
    deal.deal_contacts.create(contact=make_contact(deal.account, email=""), role="other")

    with pytest.raises(Refused) as refusal:
        advance_deal(deal=deal, by=by(rep), at=LATER)

    assert missing_keys(refusal) == ["contact_info"]


def test_the_last_stage_is_left_by_winning_or_losing(rep):
    deal = complete(make_deal(rep, stage="negotiation"))

    with pytest.raises(Refused, match="win or lose"):
        advance_deal(deal=deal, by=by(rep), at=LATER)


def test_a_stale_version_is_a_conflict(rep):
    deal = complete(make_deal(rep))
    advance_deal(deal=deal, version=deal.version, by=by(rep), at=LATER)

    with pytest.raises(Conflict):
        advance_deal(deal=deal, version=deal.version, by=by(rep), at=LATER)


def test_a_stranger_may_not_advance_a_deal(rep, other_rep):
    with pytest.raises(NotAllowed, match="Only the owner"):
        advance_deal(deal=complete(make_deal(rep)), by=by(other_rep), at=LATER)


def test_history_says_who_moved_the_deal_and_when(rep):
    deal = advance_deal(deal=complete(make_deal(rep)), by=by(rep), at=LATER)

    first, second = deal.visits.order_by("pk")
    assert (first.stage, first.left_at) == (stage("qualified"), LATER)
    assert (second.stage, second.entered_by, second.move) == (stage("discovery"), rep, "advance")
    assert Entry.objects.about(deal)[0].verb == "deal.advanced"
