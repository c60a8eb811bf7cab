from datetime import timedelta

import pytest

from dealdesk.operations import answer_question, ask_submitter, comment_on_request
from revops.outbox.models import Notification
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit, term
from tests.factories.people import by, make_person

pytestmark = pytest.mark.django_db

LATER = AT + HOUR


@pytest.fixture
def asked(rep, vp, desk):
    """The VP for the discount and the deal desk for the SLA, both asked on a working morning."""
    return submit(make_quote(rep, 25, terms=[term()]))


@pytest.fixture
def question(asked, vp):
    return ask_submitter(slot=slot_of(asked, vp), body="How many seats?", by=by(vp), at=LATER)


def answer(question, person, body="80", at=LATER + timedelta(days=7)):
    return answer_question(question=question, body=body, by=by(person), at=at)


def told(person, event):
    return Notification.objects.filter(person=person, event=event).exists()


def test_a_question_stops_the_clock_of_who_asks_and_of_nobody_else(asked, question, vp, desk):
    assert slot_of(asked, vp).paused_at == LATER
    assert slot_of(asked, desk).paused_at is None
    asked.refresh_from_db()
    assert asked.status == "pending"


def test_the_answer_lets_the_clock_go_on_with_what_was_left(asked, question, vp, rep):
    due = slot_of(asked, vp).due_at

    answer(question, rep)

    slot = slot_of(asked, vp)
    assert slot.paused_at is None
    assert slot.due_at == due + timedelta(days=7)


def test_a_stopped_clock_is_never_late(asked, question, vp, desk):
    much_later = AT + timedelta(days=60)

    assert not slot_of(asked, vp).is_late(much_later)
    assert slot_of(asked, desk).is_late(much_later)


def test_who_asked_may_decide_without_waiting(asked, question, vp, rep):
    decide(asked, vp, at=LATER + HOUR)

    assert slot_of(asked, vp).state == "approved"
    answer(question, rep)
    assert slot_of(asked, vp).state == "approved"


def test_question_and_answer_reach_each_other(question, asked, vp, rep):
    answer(question, rep)

    assert told(rep, "approval.question")
    assert told(vp, "approval.answer")
    assert not told(rep, "approval.answer")


def test_a_second_question_waits_for_the_first_answer(asked, question, vp):
    with pytest.raises(Conflict, match="not answered yet"):
        ask_submitter(slot=slot_of(asked, vp), body="And?", by=by(vp), at=LATER)


def test_a_question_is_answered_once(question, rep):
    answer(question, rep)

    with pytest.raises(Conflict, match="answered already"):
        answer(question, rep)


def test_only_the_person_asked_asks_back(asked, vp, desk):
    with pytest.raises(NotAllowed):
        ask_submitter(slot=slot_of(asked, vp), body="Why?", by=by(desk), at=LATER)


def test_an_approver_does_not_answer_for_the_rep(question, desk):
    with pytest.raises(NotAllowed):
        answer(question, desk)


def test_a_comment_reaches_everybody_who_takes_part(asked, vp, desk, rep):
    comment_on_request(request=asked, body="Board on Tuesday", by=by(rep), at=LATER)

    assert told(vp, "approval.comment")
    assert told(desk, "approval.comment")
    assert not told(rep, "approval.comment")


def test_who_takes_no_part_does_not_comment(asked):
    stranger = make_person("Sid Stone", roles=["auditor"])

    with pytest.raises(NotAllowed):
        comment_on_request(request=asked, body="Hm", by=by(stranger), at=LATER)


def test_an_empty_message_is_refused(asked, rep):
    with pytest.raises(Refused, match="Write something"):
        comment_on_request(request=asked, body="  ", by=by(rep), at=LATER)


def test_words_stay_out_of_the_ledger(asked, rep):
    comment_on_request(request=asked, body="Ann Lee is ill", by=by(rep), at=LATER)

    from revops.ledger.models import Entry

    entry = Entry.objects.get(verb="approval.commented")
    assert "Ann Lee" not in entry.facts_json


def test_the_page_shows_the_question_and_takes_the_answer(asked, question, rep, client):
    client.force_login(rep)
    page = client.get(asked.get_absolute_url()).content.decode()
    assert "How many seats?" in page

    typed = {"question": question.pk, "body": "80"}
    client.post(f"{asked.get_absolute_url()}answer/", typed)

    assert "80" in client.get(asked.get_absolute_url()).content.decode()
    assert not question.__class__.objects.get(pk=question.pk).is_open_question


def test_what_was_typed_stays_when_it_is_refused(asked, question, vp, client):
    client.force_login(vp)
    slot = slot_of(asked, vp)

    page = client.post(f"{slot.get_absolute_url()}ask/", {"body": "And the term?"})

    assert page.status_code == 409
    assert "And the term?" in page.content.decode()
