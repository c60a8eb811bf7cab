"""Exit criteria: confirmed by a person who says how they know, or by a fact."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from pipeline.criteria import derived_kinds
from pipeline.gates import gate_of
from pipeline.models import CriterionTick, ExitCriterion, Move, PipelineVersion
from pipeline.operations import (
    advance_deal,
    fill_items,
    log_activity,
    plan_next_step,
    tick_criterion,
    withdraw_tick,
)
from pipeline.operations.buying import link_contact
from pipeline.operations.recounting import recount_open_deals
from revops.ledger.models import Entry
from revops.refusals import Refused
from revops.work.models import Attachment
from revops.work.operations import attach_file
from tests.factories.dealdesk import make_quote, submit
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_contact, make_deal, new_business

pytestmark = pytest.mark.django_db

KEY = "discovery_call_scheduled"
LATER = AT + timedelta(hours=2)
SOON = AT + timedelta(hours=3)


def publish(key=KEY, *, stage="qualified", **facts) -> None:
    """Publish rules in which one criterion is confirmed in another way."""
    old = new_business().versions.order_by("-number").first()
    version = PipelineVersion.objects.create(pipeline=old.pipeline, number=old.number + 1)
    for rule in old.rules.order_by("position"):
        criteria = list(rule.criteria.all())
        rule.pk, rule.version = None, version
        rule.save()
        for each in criteria:
            each.pk, each.rule = None, rule
            if (rule.stage.key, each.key) == (stage, key):
                for name, value in facts.items():
                    setattr(each, name, value)
            each.save()
    assert ExitCriterion.objects.filter(rule__version=version, key=key).exists()
    PipelineVersion.objects.filter(pk=version.pk).update(published_at=AT)


def open_criterion(deal, key=KEY) -> bool:
    return f"criterion:{key}" in {each.key for each in gate_of(deal, Move.ADVANCE, SOON)}


def test_confirmation_asks_how_one_knows(rep):
    publish(needs_note=True)
    deal = make_deal(rep)

    for note in ("", "  ", "n/a", "tbd"):
        with pytest.raises(Refused, match="how you know it"):
            tick_criterion(deal=deal, criterion_key=KEY, note=note, by=by(rep), at=LATER)
    said = "Their calendar has it on Monday"
    tick_criterion(deal=deal, criterion_key=KEY, note=said, by=by(rep), at=LATER)

    tick = CriterionTick.objects.get()
    assert (tick.note, tick.ticked_by, tick.ticked_at) == (said, rep, LATER)
    entry = Entry.objects.about(deal).get(verb="deal.criterion_ticked")
    assert (entry.actor, entry.after["criterion"], entry.why) == (rep, KEY, said)


def test_a_file_is_evidence_in_place_of_a_note(rep):
    publish(needs_note=True)
    deal = make_deal(rep)
    file = ContentFile(b"%PDF", name="invitation.pdf")

    tick_criterion(deal=deal, criterion_key=KEY, evidence=file, by=by(rep), at=LATER)

    tick = CriterionTick.objects.get()
    assert tick.evidence == Attachment.objects.about(deal).get()
    assert not open_criterion(deal)


def test_evidence_is_a_file_of_this_deal(rep):
    deal, other = make_deal(rep), make_deal(rep, "Second")
    file = attach_file(file=ContentFile(b"x", name="x.txt"), about=other, by=SYSTEM, at=AT)

    with pytest.raises(Refused, match="no file that is attached to the deal"):
        tick_criterion(deal=deal, criterion_key=KEY, evidence=file.pk, by=by(rep), at=LATER)


def test_a_move_confirms_with_a_note_too(rep):
    publish(needs_note=True)
    deal = complete(make_deal(rep), but=[KEY])

    with pytest.raises(Refused, match="how you know it"):
        advance_deal(deal=deal, evidence={f"criterion:{KEY}": True}, by=by(rep), at=SOON)
    said = {f"criterion:{KEY}": {"note": "They accepted the invitation"}}
    moved = advance_deal(deal=deal, evidence=said, by=by(rep), at=SOON)

    assert moved.stage.key == "discovery"


def test_a_withdrawn_confirmation_is_asked_again(rep):
    deal = make_deal(rep)
    tick_criterion(deal=deal, criterion_key=KEY, by=by(rep), at=LATER)

    withdraw_tick(deal=deal, criterion_key=KEY, by=by(rep), at=SOON)

    assert open_criterion(deal)


def meet(deal, kind, at):
    facts = {"kind": kind, "side": "us", "body": "Came to see us", "happened_at": at}
    log_activity(deal=deal, **facts, by=SYSTEM, at=max(at, LATER))


def test_a_meeting_after_entering_confirms(rep):
    publish(derived_from="meeting_held")
    deal = make_deal(rep)
    meet(deal, "meeting", AT - timedelta(days=1))
    meet(deal, "call", LATER)
    assert open_criterion(deal)

    meet(deal, "meeting", LATER)

    assert not open_criterion(deal)


def test_what_is_missing_says_how_to_make_the_fact_true(rep):
    publish(derived_from="meeting_held")

    found = [each for each in gate_of(make_deal(rep), Move.ADVANCE, SOON) if KEY in each.key]

    assert [each.sentence for each in found] == ["Hold a meeting and log it."]


def test_a_linked_decision_maker_confirms(rep):
    publish(derived_from="decision_maker_linked")
    deal = make_deal(rep)
    contact = make_contact(deal.account)

    link_contact(deal=deal, contact=contact, role="champion", by=SYSTEM, at=LATER)
    assert open_criterion(deal)
    link_contact(deal=deal, contact=contact, role="decision_maker", by=SYSTEM, at=LATER)

    assert not open_criterion(deal)


def test_an_attached_contract_confirms(rep):
    publish(derived_from="contract_attached")
    deal = make_deal(rep)
    assert open_criterion(deal)

    file = ContentFile(b"%PDF", name="contract.pdf")
    fill_items(deal=deal, evidence={"signed_contract": file}, by=SYSTEM, at=LATER)

    assert not open_criterion(deal)


def test_a_submitted_quote_confirms(rep, vp, finance, legal, desk):
    publish(derived_from="quote_submitted")
    deal = make_deal(rep)
    quote = make_quote(rep, 25, deal=deal)
    assert open_criterion(deal)

    submit(quote)

    assert not open_criterion(deal)


def test_a_fact_nobody_registers_leaves_it_to_a_person(rep):
    publish(derived_from="moon_phase")
    deal = make_deal(rep)
    assert open_criterion(deal)

    tick_criterion(deal=deal, criterion_key=KEY, by=by(rep), at=LATER)

    assert not open_criterion(deal)


def test_the_facts_are_told_with_their_labels():
    kinds = {each.key: each.label for each in derived_kinds()}

    assert {"meeting_held", "contract_attached", "quote_submitted"} <= set(kinds)
    assert all(kinds.values())


@pytest.mark.django_db(transaction=True)
def test_a_planned_step_counts_until_its_day_is_over(rep):
    publish(derived_from="next_step_planned")
    deal = make_deal(rep)
    plan_next_step(deal=deal, next_step="Call Bea", next_step_date=AT.date(), by=by(rep), at=AT)
    recount_open_deals(by=SYSTEM, at=AT)
    deal.refresh_from_db()
    before = deal.missing_count

    changed = recount_open_deals(by=SYSTEM, at=AT + timedelta(days=1))

    deal.refresh_from_db()
    assert (changed, deal.missing_count) == (1, before + 1)
    assert recount_open_deals(by=SYSTEM, at=AT + timedelta(days=1)) == 0
