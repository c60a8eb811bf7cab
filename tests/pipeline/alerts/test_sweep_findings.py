from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.models import AlertPreference, Deal, FindingAlert
from pipeline.operations import (
    add_member,
    advance_deal,
    change_deal,
    log_activity,
    lose_deal,
    plan_next_step,
    pull_in_close_date,
    push_close_date,
    reassign_deal,
    set_alert_preference,
    win_deal,
)
from revops.ledger.models import Entry
from revops.outbox.bodies import render
from revops.outbox.models import Delivery, Notification
from revops.people.operations import deactivate_person
from revops.work.models import Task
from tests.factories.people import by
from tests.factories.pipeline import complete
from tests.pipeline.alerts.telling import DAY, STALE_AT, found, stale_deal, standing, sweep, told

pytestmark = pytest.mark.django_db


def choose(person, cadence, at=STALE_AT - DAY, weekly_digest=True):
    return set_alert_preference(
        person=person, cadence=cadence, weekly_digest=weekly_digest, by=by(person), at=at
    )


def only_task() -> Task:
    return Task.objects.get(kind="update_or_close")


# What is told, and to whom


def test_owner_is_told_of_a_stale_deal_and_asked_for_an_update(rep, manager):
    deal = stale_deal(rep)

    sweep()

    [notice] = told(rep)
    assert found(notice) == [("Acme rollout", "Stale")]
    assert notice.link == f"deal:{deal.pk}"
    task = only_task()
    assert task.assignee == rep
    assert task.title == "Update or close Acme rollout"
    assert task.due_at == STALE_AT + 2 * DAY + timedelta(hours=8)  # Thursday evening
    assert told(manager) == []
    assert Entry.objects.about(deal).filter(verb="task.opened").exists()


def test_a_deal_with_which_nothing_is_wrong_is_not_told(rep):
    stale_deal(rep)

    sweep(STALE_AT - 2 * DAY)

    assert told(rep) == []
    assert not FindingAlert.objects.exists()


def test_several_findings_of_one_sweep_come_as_one_mail(rep):
    for number in range(30):
        stale_deal(rep, f"Deal {number}", next_step="")

    sweep()

    [notice] = told(rep)
    assert notice.context["count"] == 60
    assert notice.context["deal_count"] == 30
    assert len(notice.context["entries"]) == 25
    assert notice.context["more"] == 35
    assert Delivery.objects.count() == 1


def test_manager_is_told_too_when_a_close_date_has_passed(rep, manager):
    stale_deal(rep, close_date=date(2026, 6, 10))

    sweep()

    assert ("Acme rollout", "Past close date") in found(told(rep)[0])
    [notice] = told(manager)
    assert found(notice) == [("Acme rollout", "Past close date")]
    assert notice.context["entries"][0]["owner"] == rep.name


def test_a_deal_entered_just_now_has_a_day_to_get_a_next_step(rep):
    stale_deal(rep, next_step="")

    sweep(STALE_AT - 15 * DAY + timedelta(hours=2))

    assert told(rep) == []

    sweep(STALE_AT - 14 * DAY)

    assert found(told(rep)[0]) == [("Acme rollout", "No next step")]


def test_findings_of_whoever_left_reach_the_manager(rep, manager):
    stale_deal(rep)
    type(rep).objects.filter(pk=rep.pk).update(is_active=False, deactivated_at=STALE_AT - DAY)

    sweep()

    assert told(rep) == []
    assert found(told(manager)[0]) == [("Acme rollout", "Stale")]
    assert only_task().assignee == manager


# Never twice in a row


def test_a_standing_finding_is_told_once(rep):
    stale_deal(rep)
    for days in range(6):
        sweep(STALE_AT + days * DAY)

    assert len(told(rep)) == 1
    assert Task.objects.filter(kind="update_or_close").count() == 1


def test_a_sweep_after_three_dead_days_tells_each_finding_once(rep):
    stale_deal(rep)
    stale_deal(rep, "Late", close_date=date(2026, 6, 17))

    sweep(STALE_AT + 3 * DAY)
    sweep(STALE_AT + 3 * DAY)

    assert len(told(rep)) == 1
    assert sorted(found(told(rep)[0])) == [
        ("Acme rollout", "Stale"),
        ("Late", "Past close date"),
        ("Late", "Stale"),
    ]


def test_a_finding_cleared_and_found_again_is_told_again(rep):
    deal = stale_deal(rep, next_step="")
    sweep()
    plan_next_step(deal=deal, next_step="Call", by=by(rep), at=STALE_AT + DAY)
    sweep(STALE_AT + DAY)

    assert standing(rep) == {("Acme rollout", "stale")}

    deal.refresh_from_db()
    plan_next_step(deal=deal, next_step="", by=by(rep), at=STALE_AT + 2 * DAY)
    sweep(STALE_AT + 2 * DAY)

    assert [found(notice) for notice in told(rep)][1:] == [[("Acme rollout", "No next step")]]


def test_a_cosmetic_edit_clears_nothing_and_tells_nothing(rep):
    deal = stale_deal(rep)
    sweep()
    change_deal(deal=deal, changes={"name": "Acme roll-out"}, by=by(rep), at=STALE_AT + DAY)

    sweep(STALE_AT + DAY)

    assert len(told(rep)) == 1
    assert standing(rep) == {("Acme roll-out", "stale")}


def test_moving_the_deal_on_clears_the_alert_and_ends_the_task(rep):
    deal = complete(stale_deal(rep))
    sweep()
    advance_deal(deal=deal, by=by(rep), at=STALE_AT + DAY)

    sweep(STALE_AT + DAY)

    assert standing(rep) == set()
    assert only_task().state == Task.State.CANCELLED


def test_closing_the_deal_clears_the_alert_and_ends_the_task(rep):
    deal = stale_deal(rep)
    sweep()
    lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=STALE_AT + DAY)

    sweep(STALE_AT + DAY)

    assert standing(rep) == set()
    assert only_task().state == Task.State.CANCELLED


def test_a_new_owner_is_told_and_asked_instead(rep, other_rep, manager):
    deal = stale_deal(rep)
    sweep()
    reassign_deal(deal=deal, owner=other_rep, by=by(manager), at=STALE_AT + DAY)

    sweep(STALE_AT + DAY)

    assert standing(rep) == set()
    assert found(told(other_rep)[0]) == [("Acme rollout", "Stale")]
    asked = Task.objects.filter(kind="update_or_close").order_by("pk")
    assert [(task.assignee, task.state) for task in asked] == [
        (rep, "cancelled"),
        (other_rep, "open"),
    ]


# Answered or not

ANSWERS = {
    "a call": lambda deal, rep, at: log_activity(
        deal=deal, kind="call", side="us", body="Called", by=by(rep), at=at
    ),
    "a next step": lambda deal, rep, at: plan_next_step(
        deal=deal, next_step="Send the offer", by=by(rep), at=at
    ),
    "a push": lambda deal, rep, at: push_close_date(
        deal=deal, to=date(2026, 12, 20), reason_key="budget", by=by(rep), at=at
    ),
    "a pull-in": lambda deal, rep, at: pull_in_close_date(
        deal=deal, to=date(2026, 12, 1), by=by(rep), at=at
    ),
}
NO_ANSWERS = {
    "nothing": lambda deal, rep, at: None,
    "another name": lambda deal, rep, at: change_deal(
        deal=deal, changes={"name": "Acme roll-out"}, by=by(rep), at=at
    ),
    "another amount": lambda deal, rep, at: change_deal(
        deal=deal, changes={"amount": 1}, by=by(rep), at=at
    ),
    "a next step taken away": lambda deal, rep, at: plan_next_step(
        deal=deal, next_step="", by=by(rep), at=at
    ),
    "a colleague let in": lambda deal, rep, at: add_member(
        deal=deal, person=rep.manager, by=by(rep), at=at
    ),
}


def escalations(person):
    return [
        each for notice in told(person) for each in notice.context["entries"] if each["unanswered"]
    ]


@pytest.mark.parametrize("act", NO_ANSWERS)
def test_an_unanswered_alert_reaches_the_manager_after_seven_days(rep, manager, act):
    deal = stale_deal(rep)
    sweep()
    NO_ANSWERS[act](deal, rep, STALE_AT + 2 * DAY)

    sweep(STALE_AT + 7 * DAY - timedelta(seconds=1))
    assert escalations(manager) == []

    sweep(STALE_AT + 7 * DAY)
    assert len(escalations(manager)) == 1

    sweep(STALE_AT + 8 * DAY)
    sweep(STALE_AT + 30 * DAY)
    assert len(escalations(manager)) == 1


@pytest.mark.parametrize("act", ANSWERS)
def test_an_answered_alert_does_not_reach_the_manager(rep, manager, act):
    deal = stale_deal(rep)
    sweep()
    ANSWERS[act](deal, rep, STALE_AT + 2 * DAY)

    sweep(STALE_AT + 7 * DAY)

    assert escalations(manager) == []


def test_an_answer_before_the_alert_is_none(rep, manager):
    deal = stale_deal(rep)
    ANSWERS["a call"](deal, rep, STALE_AT - DAY)
    sweep()

    sweep(STALE_AT + 7 * DAY)

    assert len(escalations(manager)) == 1


def test_switching_mails_off_does_not_keep_an_alert_from_the_manager(rep, manager):
    choose(rep, "off")
    stale_deal(rep)
    sweep()

    sweep(STALE_AT + 7 * DAY)

    assert told(rep) == []
    assert len(escalations(manager)) == 1


def test_an_escalation_is_over_when_the_deal_moves_on(rep, manager):
    deal = complete(stale_deal(rep))
    sweep()
    sweep(STALE_AT + 7 * DAY)
    advance_deal(deal=deal, by=by(rep), at=STALE_AT + 8 * DAY)

    sweep(STALE_AT + 8 * DAY)

    assert standing(manager) == set()


# What people choose


def test_who_wants_it_daily_or_weekly_is_not_told_at_once(rep, other_rep):
    choose(rep, "daily")
    choose(other_rep, "weekly")
    stale_deal(rep)
    stale_deal(other_rep, "Other")

    sweep()

    assert told(rep) == told(other_rep) == []
    assert standing(rep) == {("Acme rollout", "stale")}
    assert only_task_of(rep)
    assert only_task_of(other_rep)


def only_task_of(person):
    return Task.objects.get(assignee=person, kind="update_or_close")


def test_everybody_chooses_for_themselves_alone(rep, manager):
    from revops.refusals import NotAllowed

    with pytest.raises(NotAllowed):
        set_alert_preference(
            person=rep, cadence="off", weekly_digest=False, by=by(manager), at=STALE_AT
        )

    assert not AlertPreference.objects.exists()


def test_a_choice_is_in_the_ledger(rep):
    choose(rep, "weekly")

    assert Entry.objects.get(verb="person.alerts_chosen").after["cadence"] == "weekly"


# At any size


def queries_of_a_sweep(at) -> int:
    with CaptureQueriesContext(connection) as caught:
        sweep(at)
    return len(caught)


def test_a_sweep_asks_no_more_questions_for_more_deals(rep):
    stale_deal(rep, "First")
    sweep()
    few = queries_of_a_sweep(STALE_AT + DAY)
    for number in range(12):
        stale_deal(rep, f"Deal {number}")
    first_of_many = queries_of_a_sweep(STALE_AT + DAY)
    again = queries_of_a_sweep(STALE_AT + DAY)
    Deal.objects.exclude(name="First").update(name="Renamed")
    for number in range(12):
        stale_deal(rep, f"More {number}")
    first_of_more = queries_of_a_sweep(STALE_AT + DAY)

    assert again <= few
    assert abs(first_of_more - first_of_many) <= 1


def test_batches_cover_every_deal(rep):
    for number in range(7):
        stale_deal(rep, f"Deal {number}")

    sweep(batch=2)
    sweep(batch=3)

    assert len(standing(rep)) == 7
    assert len(told(rep)) == 1


def test_nobody_who_left_is_mailed(rep, manager, revops):
    stale_deal(rep)
    deactivate_person(person=rep, successor=manager, by=by(revops), at=STALE_AT - DAY)

    sweep()

    assert not Notification.objects.filter(person=rep, event="finding.found").exists()


# After the win


def test_a_hand_off_that_nobody_took_is_told_once(rep, manager, customer_success):
    deal = complete(stale_deal(rep, stage="negotiation"))
    win_deal(deal=deal, by=by(rep), at=STALE_AT)

    for days in (1, 4, 5):
        sweep(STALE_AT + days * DAY)

    [notice] = told(rep, "deal.handoff_late")
    assert notice.created_at == STALE_AT + 4 * DAY
    assert "Acme rollout" in render(notice).text
    assert len(told(customer_success, "deal.handoff_late")) == 1


def test_a_hand_off_that_was_taken_is_not(rep, manager, customer_success):
    win_deal(deal=complete(stale_deal(rep, stage="negotiation")), by=by(rep), at=STALE_AT)
    Task.objects.filter(kind="cs_handoff").update(state="done", closed_at=STALE_AT)

    sweep(STALE_AT + 9 * DAY)

    assert told(rep, "deal.handoff_late") == []
