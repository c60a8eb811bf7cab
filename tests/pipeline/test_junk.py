"""The words that count as nothing are the company's own."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from pipeline.gates import gate_of
from pipeline.junk import JUNK, is_junk
from pipeline.junkwords import deals_saying, ensure_junk, junk_words
from pipeline.models import Deal, JunkWord, Move
from pipeline.operations import add_junk_word, retire_junk_word
from revops.refusals import NotAllowed, Refused
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(days=1)


def deal_saying(rep, text):
    deal = complete(make_deal(rep, stage="discovery"))
    Deal.objects.filter(pk=deal.pk).update(pain_points=text)
    return Deal.objects.get(pk=deal.pk)


def asked(deal):
    return "pain_points" in {each.key for each in gate_of(deal, Move.ADVANCE, LATER)}


def test_the_shipped_words_are_there():
    assert junk_words() == JUNK


def test_a_word_that_is_added_is_no_answer_any_more(rep):
    deal = deal_saying(rep, "W.I.P.")
    assert not asked(deal)

    word = add_junk_word(text=" WIP! ", by=SYSTEM, at=LATER)

    assert word.text == "wip"
    assert asked(deal)
    deal.refresh_from_db()
    assert deal.missing_count


def test_a_retired_word_is_an_answer_again_and_stays_retired(rep):
    deal = deal_saying(rep, "pending")
    assert asked(deal)

    retire_junk_word(word=JunkWord.objects.get(text="pending"), by=SYSTEM, at=LATER)
    ensure_junk(LATER)

    assert not asked(deal)
    assert "pending" not in junk_words()
    add_junk_word(text="pending", by=SYSTEM, at=LATER)
    assert "pending" in junk_words()


@pytest.mark.parametrize(("text", "said"), [("TBD", "already"), ("?!", "punctuation alone")])
def test_a_word_that_changes_nothing_is_refused(text, said):
    with pytest.raises(Refused, match=said):
        add_junk_word(text=text, by=SYSTEM, at=LATER)


def test_only_administrators_say_what_is_junk(rep):
    with pytest.raises(NotAllowed):
        add_junk_word(text="wip", by=by(rep), at=LATER)


def test_deals_that_say_just_the_word_are_found(rep):
    one = deal_saying(rep, "Call back.")
    Deal.objects.filter(pk=make_deal(rep, "Other").pk).update(pain_points="Call back on Monday")

    assert deals_saying("call back") == [one.pk]


def test_pure_judgement_takes_the_words():
    assert is_junk("w.i.p.", frozenset({"wip"}))
    assert not is_junk("tbd", frozenset({"wip"}))


def test_one_word_stands_once():
    with pytest.raises(IntegrityError), transaction.atomic():
        JunkWord.objects.create(text="tbd", added_at=AT)
