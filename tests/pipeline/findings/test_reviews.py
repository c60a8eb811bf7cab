"""A second push asks for a forecast review, which is a task with a result."""

from datetime import date

import pytest

from pipeline.findings import findings_of, read_context
from pipeline.models import Deal
from pipeline.operations import pull_in_close_date, push_close_date
from pipeline.operations.reviews import Asked, review_forecast
from revops.ledger.models import Entry
from revops.outbox.models import Notification
from revops.refusals import NotAllowed, Refused
from revops.work.models import Task
from tests.factories.people import AT, by
from tests.factories.pipeline import make_deal
from tests.pipeline.visiting import text_of


@pytest.fixture
def pushed(rep):
    deal = make_deal(rep, close_date=date(2026, 12, 1), next_step="Call")
    for day in (5, 9):
        deal = push_close_date(
            deal=deal, to=date(2026, 12, day), reason_key="budget", note="CFO away",
            by=by(rep), at=AT,
        )  # fmt: skip
    return deal


def review(deal, who, outcome="keep", note="The CFO signs on Friday", **asked):
    return review_forecast(
        deal=deal, outcome=outcome, note=note, asked=Asked(**asked), by=by(who), at=AT
    )


def kinds(deal):
    deal = Deal.objects.get(pk=deal.pk)
    return [finding.kind for finding in findings_of(deal, read_context(AT))]


def test_the_second_push_asks_the_manager_once(pushed, rep, manager):
    push_close_date(
        deal=pushed, to=date(2026, 12, 20), reason_key="budget", note="Again", by=by(rep), at=AT
    )

    task = Task.objects.open().get(kind="forecast_review")
    assert (task.assignee, task.about_id) == (manager, pushed.pk)
    assert task.due_at is not None
    assert "pushed" in kinds(pushed)


def test_a_review_finishes_the_task_and_clears_the_finding(pushed, manager):
    review(pushed, manager)

    task = Task.objects.get(kind="forecast_review")
    assert (task.state, task.closed_by) == ("done", manager)
    assert "The CFO signs on Friday" in task.result
    assert "pushed" not in kinds(pushed)
    entry = Entry.objects.about(pushed).filter(verb="deal.forecast_reviewed").get()
    assert (entry.after["outcome"], entry.why) == ("keep", "The CFO signs on Friday")
    assert Notification.objects.filter(event="deal.forecast_reviewed", person=pushed.owner).exists()


def test_another_push_after_the_review_asks_again(pushed, rep, manager):
    review(pushed, manager)

    push_close_date(
        deal=pushed, to=date(2026, 12, 20), reason_key="budget", note="Again", by=by(rep), at=AT
    )

    assert "pushed" in kinds(pushed)
    assert Task.objects.open().filter(kind="forecast_review").count() == 1


def test_a_downgrade_forecasts_the_deal_lower(pushed, manager):
    review(pushed, manager, "downgrade")

    assert Deal.objects.get(pk=pushed.pk).forecast_category == "omitted"
    with pytest.raises(Refused, match="left out of the forecast already"):
        review(pushed, manager, "downgrade")


def test_another_date_moves_the_deal_without_asking_once_more(pushed, manager):
    review(pushed, manager, "new_date", close_date=date(2026, 12, 28), reason_key="budget")

    deal = Deal.objects.get(pk=pushed.pk)
    assert (deal.close_date, deal.push_count, deal.reviewed_pushes) == (date(2026, 12, 28), 3, 3)
    assert not Task.objects.open().filter(kind="forecast_review").exists()


def test_closing_loses_the_deal_by_its_own_gate(pushed, manager):
    with pytest.raises(Refused) as refusal:
        review(pushed, manager, "close")
    assert {each.key for each in refusal.value.missing} == {"loss_reason", "competitor"}
    assert Task.objects.open().filter(kind="forecast_review").exists()

    review(
        pushed, manager, "close", evidence={"loss_reason": "timing", "competitor": {"none": True}}
    )
    assert Deal.objects.get(pk=pushed.pk).status == "lost"


@pytest.mark.parametrize(("outcome", "note"), [("", "Why"), ("maybe", "Why"), ("keep", "tbd")])
def test_a_review_needs_an_outcome_and_a_note(pushed, manager, outcome, note):
    with pytest.raises(Refused):
        review(pushed, manager, outcome, note)


def test_the_owner_does_not_review_their_own_forecast(pushed, rep, other_rep):
    for who in (rep, other_rep):
        with pytest.raises(NotAllowed, match="managers above the owner"):
            review(pushed, who)


def test_a_pull_in_is_a_row_and_shown(visit, pushed, rep):
    pull_in_close_date(deal=pushed, to=date(2026, 12, 3), by=by(rep), at=AT)

    row = pushed.pull_ins.get()
    assert (row.from_date, row.to_date, row.pulled_by) == (
        date(2026, 12, 9),
        date(2026, 12, 3),
        rep,
    )
    text = text_of(visit(rep).get(pushed.get_absolute_url()))
    assert "2 times, 8 days" in text
    assert "1 time, 6 days" in text


def test_the_owner_is_told_who_reviews(visit, pushed, manager, rep):
    address = f"/deals/{pushed.pk}/review/"

    page = visit(rep).get(address)

    assert f"{manager.name} is asked what becomes of its forecast" in text_of(page)
    assert "Outcome" not in text_of(page)
    answer = visit(rep).post(address, {"outcome": "keep", "note": "All is well"})
    assert answer.status_code == 403


def test_the_review_has_its_page(visit, pushed, manager, rep):
    address = f"/deals/{pushed.pk}/review/"

    page = visit(manager).get(address)
    assert "pushed 2 times" in text_of(page)
    answer = visit(manager).post(address, {"outcome": "keep", "note": ""})
    assert answer.status_code == 422
    answer = visit(manager).post(address, {"outcome": "keep", "note": "The CFO signs"}, follow=True)
    assert "The CFO signs" in text_of(answer)
    assert Task.objects.get(kind="forecast_review").state == "done"
