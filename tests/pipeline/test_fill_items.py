"""Filling in what a stage asks, without moving the deal."""

from datetime import date

import pytest
from django.core.files.base import ContentFile

from pipeline.models import Deal
from pipeline.operations import declare_none, fill_items, skip_deal, tick_criterion
from revops.ledger.models import Entry
from revops.refusals import Conflict, NotAllowed, Refused
from revops.work.models import Attachment
from tests.factories.people import AT, by
from tests.factories.pipeline import complete, make_contact, make_deal, stage

pytestmark = pytest.mark.django_db


def fill(deal, rep, /, version=None, **evidence) -> Deal:
    return fill_items(deal=deal, evidence=evidence, version=version, by=by(rep), at=AT)


def verbs(deal) -> list[str]:
    return [entry.verb for entry in Entry.objects.about(deal)]


def test_fields_are_filled_and_the_deal_stays_where_it_is(rep):
    deal = make_deal(rep)

    fill(deal, rep, source="referral", fit_score=70)

    deal.refresh_from_db()
    assert (deal.deal_source, deal.fit_score, deal.stage.key) == ("referral", 70, "qualified")
    assert verbs(deal)[0] == "deal.changed"


def test_contact_is_made_and_linked(rep):
    deal = make_deal(rep)

    fill(deal, rep, contact_info={"name": "Bea Buyer", "email": "bea@acme.example"})

    link = deal.deal_contacts.get()
    assert (link.contact.name, link.contact.account) == ("Bea Buyer", deal.account)


def test_known_contact_is_linked_once(rep):
    deal = make_deal(rep)
    known = make_contact(deal.account)

    for _ in range(2):
        fill(deal, rep, decision_makers=known.pk)

    assert [link.role for link in deal.deal_contacts.all()] == ["decision_maker"]


def test_contract_is_kept_as_a_file(rep):
    deal = make_deal(rep)

    fill(deal, rep, signed_contract=ContentFile(b"%PDF-1.4", name="contract.pdf"))

    assert Attachment.objects.about(deal).get().kind == "signed_contract"


def test_place_of_the_contract_serves_as_well(rep):
    deal = make_deal(rep)

    fill(deal, rep, signed_contract="Cabinet 7, folder 12")

    deal.refresh_from_db()
    assert deal.contract_reference == "Cabinet 7, folder 12"


def test_criterion_is_confirmed_once(rep):
    deal = make_deal(rep)
    tick_criterion(deal=deal, criterion_key="discovery_call_scheduled", by=by(rep), at=AT)

    fill(deal, rep, **{"criterion:discovery_call_scheduled": True})

    assert deal.ticks.filter(withdrawn_at=None).count() == 1


def test_criterion_left_unconfirmed_writes_nothing(rep):
    deal = make_deal(rep)

    fill(deal, rep, **{"criterion:discovery_call_scheduled": False})

    assert not deal.ticks.exists()


@pytest.mark.parametrize("answer", [{"none": True}, "none", "There is none"])
def test_none_is_kept_as_somebodys_word(rep, answer):
    deal = make_deal(rep, stage="demo")

    fill(deal, rep, technical_requirements=answer)

    assert deal.declared_none.get().declared_by == rep


def test_text_takes_the_place_of_an_earlier_none(rep):
    deal = make_deal(rep, stage="demo")
    declare_none(deal=deal, item_key="technical_requirements", by=by(rep), at=AT)

    fill(deal, rep, technical_requirements="Single sign-on")

    assert not deal.declared_none.exists()
    assert "deal.none_withdrawn" in verbs(deal)


def test_none_is_no_answer_where_the_stage_does_not_take_it(rep):
    with pytest.raises(Refused) as refused:
        fill(make_deal(rep, stage="discovery"), rep, pain_points={"none": True})

    assert refused.value.code == "none_not_allowed"


def test_first_close_date_is_set(rep):
    deal = make_deal(rep)
    Deal.objects.filter(pk=deal.pk).update(close_date=None, close_date_waived=True)

    fill(deal, rep, close_date="2026-12-20")

    deal.refresh_from_db()
    assert deal.close_date == date(2026, 12, 20)
    assert verbs(deal)[0] == "deal.close_date_set"


def test_close_date_that_is_there_is_not_typed_over(rep):
    with pytest.raises(Refused) as refused:
        fill(make_deal(rep), rep, close_date="2027-01-20")

    assert refused.value.code == "has_close_date"


def test_what_is_no_day_is_refused(rep):
    deal = make_deal(rep)
    Deal.objects.filter(pk=deal.pk).update(close_date=None, close_date_waived=True)

    with pytest.raises(Refused) as refused:
        fill(deal, rep, close_date="soon")

    assert refused.value.missing[0].key == "close_date"


@pytest.mark.parametrize(
    ("key", "code"), [("nonsense", "unknown_item"), ("criterion:nonsense", "unknown_criterion")]
)
def test_what_nobody_asks_is_refused(rep, key, code):
    with pytest.raises(Refused) as refused:
        fill(make_deal(rep), rep, **{key: True})

    assert refused.value.code == code


def test_one_wrong_answer_keeps_none_of_them(rep):
    deal = make_deal(rep)

    with pytest.raises(Refused):
        fill(deal, rep, source="referral", fit_score=900)

    deal.refresh_from_db()
    assert (deal.deal_source, deal.fit_score) == ("", None)


def test_what_a_skipped_stage_is_owed_is_paid(rep):
    deal = complete(make_deal(rep), but=["pain_points"])
    skip_deal(deal=deal, to=stage("demo"), reason="They know us.", by=by(rep), at=AT)

    fill(deal, rep, pain_points="Quotes wait for days")

    assert not deal.debts.filter(paid_at=None).exists()
    assert "deal.debt_paid" in verbs(deal)


def test_deal_changed_meanwhile_is_not_written_over(rep):
    deal = make_deal(rep)

    with pytest.raises(Conflict):
        fill(deal, rep, version=deal.version + 1, fit_score=70)


@pytest.mark.parametrize("who", ["manager", "vp", "revops"])
def test_those_above_and_revops_fill_in_too(request, rep, who):
    deal = make_deal(rep)

    fill(deal, request.getfixturevalue(who), fit_score=70)

    assert Deal.objects.get(pk=deal.pk).fit_score == 70


@pytest.mark.parametrize("who", ["other_rep", "desk", "auditor", "outsider"])
def test_others_fill_in_nothing(request, rep, who):
    deal = make_deal(rep)

    with pytest.raises(NotAllowed):
        fill(deal, request.getfixturevalue(who), fit_score=70)

    assert Deal.objects.get(pk=deal.pk).fit_score is None
