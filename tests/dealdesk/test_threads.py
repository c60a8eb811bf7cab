from datetime import timedelta

import pytest

from dealdesk.models import ApprovalRequest, DeskThread
from dealdesk.operations import (
    ask_desk,
    close_thread,
    hand_thread_on,
    remind_late_threads,
    reply_in_thread,
)
from revops.outbox.models import Notification
from revops.people.operations import deactivate_person
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR
from tests.factories.people import by, make_person, signed_in
from tests.factories.pipeline import make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rep):
    return make_deal(rep, "Acme rollout")


@pytest.fixture
def thread(deal, rep, desk):
    return ask_desk(deal=deal, body="May they pay in pounds?", by=by(rep), at=AT)


def told(person, event):
    return Notification.objects.filter(person=person, event=event).count()


def test_a_question_has_an_owner_and_a_clock_and_grants_nothing(thread, desk, deal):
    assert thread.owner == desk
    assert thread.due_at > AT
    assert told(desk, "desk.asked") == 1
    assert not ApprovalRequest.objects.filter(deal=deal).exists()


def test_a_question_goes_to_who_has_the_fewest(thread, deal, rep, desk):
    second = make_person("Second", roles=["deal_desk"])

    assert ask_desk(deal=deal, body="And this?", by=by(rep), at=AT).owner == second


def test_nobody_at_the_desk_is_a_refusal_by_name(deal, rep):
    with pytest.raises(Refused, match="Nobody works at the deal desk"):
        ask_desk(deal=deal, body="Hello?", by=by(rep), at=AT)


def test_who_does_not_sell_the_deal_cannot_ask(deal, desk, other_rep):
    with pytest.raises(NotAllowed):
        ask_desk(deal=deal, body="Hello?", by=by(other_rep), at=AT)


def test_an_answer_stops_the_clock_and_a_further_question_starts_it(thread, rep, desk):
    reply_in_thread(thread=thread, body="Yes.", by=by(desk), at=AT + HOUR)
    thread.refresh_from_db()
    assert (thread.waits_on, thread.due_at) == ("seller", None)
    assert told(rep, "desk.answered") == 1

    reply_in_thread(thread=thread, body="Since when?", by=by(rep), at=AT + 2 * HOUR)
    thread.refresh_from_db()
    assert thread.waits_on == "desk"
    assert thread.due_at > AT + 2 * HOUR


def test_writing_twice_does_not_give_the_desk_more_time(thread, rep, desk):
    due = thread.due_at
    reply_in_thread(thread=thread, body="Or in euros?", by=by(rep), at=AT + HOUR)

    thread.refresh_from_db()
    assert thread.due_at == due


def test_nothing_is_not_a_question(deal, rep, desk):
    with pytest.raises(Refused, match="Write something"):
        ask_desk(deal=deal, body="  ", by=by(rep), at=AT)
    assert not DeskThread.objects.exists()


def test_the_desk_is_reminded_once_of_what_is_overdue(thread, rep, desk):
    second = make_person("Second", roles=["deal_desk"])
    late = thread.due_at + timedelta(days=3)

    assert remind_late_threads(at=thread.due_at) == 0
    assert remind_late_threads(at=late) == 1
    assert remind_late_threads(at=late) == 0
    assert told(second, "desk.late") == told(desk, "desk.late") == 1


def test_a_colleague_takes_it_over(thread, desk, rep):
    second = make_person("Second", roles=["deal_desk"])

    hand_thread_on(thread=thread, to=second, by=by(second), at=AT)

    thread.refresh_from_db()
    assert thread.owner == second
    with pytest.raises(Refused, match="does not work at the deal desk"):
        hand_thread_on(thread=thread, to=rep, by=by(desk), at=AT)


def test_a_closed_question_opens_again_when_asked_on(thread, rep, desk):
    close_thread(thread=thread, by=by(rep), at=AT)
    with pytest.raises(Conflict):
        close_thread(thread=thread, by=by(rep), at=AT)

    reply_in_thread(thread=thread, body="One more thing.", by=by(rep), at=AT)

    thread.refresh_from_db()
    assert thread.waits_on == "desk"
    assert thread.closed_at is None


def test_a_leaver_hands_their_questions_over(thread, desk, revops):
    second = make_person("Second", roles=["deal_desk"])

    deactivate_person(person=desk, successor=second, by=by(revops), at=AT)

    thread.refresh_from_db()
    assert thread.owner == second


def test_a_question_is_asked_and_answered_in_the_pages(deal, rep, desk):
    asked = signed_in(rep).post(f"/deals/{deal.pk}/ask-the-desk/", {"body": "Pounds?"}, follow=True)
    assert "Pounds?" in asked.content.decode()
    path = asked.redirect_chain[-1][0]

    page = signed_in(desk).post(f"{path}reply/", {"body": "Yes, pounds."}, follow=True)
    assert "Yes, pounds." in page.content.decode()
    assert "Answered" in signed_in(rep).get("/desk/").content.decode()


def test_a_refused_question_loses_nothing_typed(deal, rep):
    page = signed_in(rep).post(f"/deals/{deal.pk}/ask-the-desk/", {"body": "Pounds?"})

    assert page.status_code == 422
    assert "Pounds?" in page.content.decode()


def test_a_thread_of_an_unseen_deal_is_not_there(thread, other_rep):
    assert signed_in(other_rep).get(f"/desk/{thread.pk}/").status_code == 404


@pytest.mark.parametrize("view", ["mine", "unanswered", "open", "closed", "nonsense"])
def test_the_list_costs_the_same_for_one_and_for_many(
    view, deal, rep, desk, django_assert_max_num_queries
):
    client = signed_in(desk)
    for _ in range(3):
        ask_desk(deal=deal, body="?", by=by(rep), at=AT)
    client.get("/desk/")
    with django_assert_max_num_queries(12):
        client.get(f"/desk/?show={view}")
