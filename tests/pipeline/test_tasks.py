"""What people are asked to do: opened, finished, listed, and told on the deal."""

from datetime import timedelta

import pytest
from django.urls import reverse

from pipeline.models import Deal
from pipeline.operations import lose_deal, win_deal
from pipeline.timeline import timeline_of
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.refusals import Conflict, NotAllowed, Refused
from revops.work.models import Task
from revops.work.operations import close_task, open_task
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal
from tests.pipeline.visiting import NOW, SWAP, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]

LEARNT = "We came too late; the budget was gone in June."
LIST = "/tasks/"


@pytest.fixture
def lost(rep):
    """A deal that Rita lost, with her post-mortem still to write."""
    deal = make_deal(rep)
    lose_deal(deal=deal, loss_reason="price", competitor_none=True, by=by(rep), at=AT)
    return Deal.objects.get(pk=deal.pk)


@pytest.fixture
def won(rep, customer_success):
    """A deal that Rita won; Cem takes the customer over."""
    deal = complete(make_deal(rep, stage="negotiation"))
    return win_deal(deal=deal, by=by(rep), at=AT)


def task_of(deal) -> Task:
    return Task.objects.about(deal).get()


def url(name, task):
    return reverse(f"pipeline:task-{name}", args=[task.pk])


def ask(assignee, title="Review it", *, about, **facts) -> Task:
    return open_task(
        kind="review", about=about, title=title, assignee=assignee, by=SYSTEM, at=AT, **facts
    )


# Who


MAY = [
    ("rep", 200, 302),
    ("manager", 200, 302),
    ("vp", 200, 302),
    ("revops", 200, 302),
    ("desk", 200, 403),
    ("finance", 200, 403),
    ("legal", 200, 403),
    ("auditor", 200, 403),
    ("customer_success", 404, 404),
    ("other_rep", 404, 404),
    ("outsider", 404, 404),
]


@pytest.mark.parametrize(("who", "read", "closed"), MAY)
def test_task_is_read_and_finished_by_whom_it_concerns(request, visit, lost, who, read, closed):
    client, task = visit(request.getfixturevalue(who)), task_of(lost)

    assert client.get(url("detail", task)).status_code == read
    assert client.post(url("close", task), {"result": LEARNT}).status_code == closed
    assert Task.objects.get(pk=task.pk).is_open == (closed != 302)


@pytest.mark.parametrize("name", ["detail", "close"])
def test_task_asks_for_a_sign_in(client, lost, name):
    answer = client.post(url(name, task_of(lost))) if name == "close" else None
    answer = answer or client.get(url(name, task_of(lost)))

    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_reader_is_told_why_they_cannot_finish_it(visit, lost, desk):
    text = text_of(visit(desk).get(url("detail", task_of(lost))))

    assert "Only Rita Reyes, the people above them and RevOps may finish this." in text
    assert "Finish</" not in text


def test_operation_refuses_whom_it_does_not_concern(lost, other_rep):
    with pytest.raises(NotAllowed):
        close_task(task=task_of(lost), result=LEARNT, by=by(other_rep), at=NOW)


def test_somebody_who_has_left_finishes_nothing(lost, rep):
    rep.is_active = False

    with pytest.raises(NotAllowed):
        close_task(task=task_of(lost), result=LEARNT, by=Actor.of(rep), at=NOW)


# Finishing


def test_nothing_is_finished_without_saying_what_came_of_it(lost, rep):
    with pytest.raises(Refused) as refused:
        close_task(task=task_of(lost), result="  ", by=by(rep), at=NOW)

    assert refused.value.missing[0].key == "result"


@pytest.mark.parametrize("result", ["", "tbd"])
def test_empty_result_is_refused_beside_its_field(visit, lost, rep, result):
    answer = visit(rep).post(url("close", task_of(lost)), {"result": result})

    assert answer.status_code == 422
    assert "result" in answer.context["form"].errors
    assert task_of(lost).is_open


def test_finished_task_is_in_the_ledger_and_on_the_deals_timeline(visit, lost, rep):
    visit(rep).post(url("close", task_of(lost)), {"result": LEARNT})

    told = timeline_of(lost, rep).entries[0]
    assert Entry.objects.about(lost)[0].verb == "task.done"
    assert (told.sentence, told.body) == ("logged the post-mortem", LEARNT)


def test_timeline_says_for_whom_a_manager_finished_it(visit, lost, rep, manager):
    visit(manager).post(url("close", task_of(lost)), {"result": LEARNT})

    assert timeline_of(lost, rep).entries[0].sentence == "logged the post-mortem, for Rita Reyes"


def test_other_work_is_told_by_its_title(visit, rep):
    deal = make_deal(rep)
    task = ask(rep, "Review the redlines", about=deal)

    close_task(task=task, result="Two of nine stay.", by=by(rep), at=NOW)

    assert timeline_of(deal, rep).entries[0].sentence == "finished: Review the redlines"


def test_work_called_off_is_told_so(rep):
    deal = make_deal(rep)
    task = ask(rep, "Review the redlines", about=deal)

    close_task(task=task, result="They took ours.", cancelled=True, by=SYSTEM, at=NOW)

    assert timeline_of(deal, rep).entries[0].sentence.startswith("called off: Review")


def test_second_finish_says_that_it_is_done(visit, lost, rep, manager):
    task = task_of(lost)
    close_task(task=task, result=LEARNT, by=by(manager), at=NOW)

    answer = visit(rep).post(url("close", task), {"result": "Mine."})

    assert answer.status_code == 409
    assert LEARNT in text_of(answer)


def test_task_of_another_version_is_not_closed_over(lost, rep):
    task = task_of(lost)

    with pytest.raises(Conflict):
        close_task(task=task, result=LEARNT, version=task.version + 1, by=by(rep), at=NOW)


def test_finishing_in_the_dialog_swaps_the_deal(visit, lost, rep):
    client, task = visit(rep), task_of(lost)

    form = client.get(url("detail", task), headers=SWAP)
    answer = client.post(url("close", task), {"result": LEARNT}, headers=SWAP)

    assert "<html" not in text_of(form)
    assert answer["HX-Retarget"] == "#deal"
    assert LEARNT in text_of(answer)


@pytest.mark.parametrize(
    ("asked", "led"), [("/", "/"), ("https://evil.example/", LIST), ("", LIST)]
)
def test_finishing_leads_back_to_a_page_of_ours(visit, lost, rep, asked, led):
    answer = visit(rep).post(url("close", task_of(lost)), {"result": LEARNT, "next": asked})

    assert answer["Location"] == led


# On the deal


def closing_of(page):
    (line,) = page.context["closing"]
    return line.label, line.done


def test_won_deal_shows_whether_the_hand_off_is_complete(visit, won, rep, customer_success):
    client = visit(rep)
    before = client.get(won.get_absolute_url())
    close_task(task=task_of(won), result="Kick-off on Monday.", by=by(customer_success), at=NOW)
    after = client.get(won.get_absolute_url())

    assert closing_of(before) == ("CS hand-off complete", False)
    assert closing_of(after) == ("CS hand-off complete", True)
    assert "Kick-off on Monday." in text_of(after)


def test_lost_deal_shows_whether_the_post_mortem_is_logged(visit, lost, rep):
    client = visit(rep)
    before = client.get(lost.get_absolute_url())
    close_task(task=task_of(lost), result=LEARNT, by=by(rep), at=NOW)

    assert closing_of(before) == ("Post-mortem logged", False)
    assert closing_of(client.get(lost.get_absolute_url())) == ("Post-mortem logged", True)


def test_closed_deal_of_which_nobody_was_asked_says_so(visit, lost, rep):
    Task.objects.about(lost).delete()

    assert "Nobody was asked." in text_of(visit(rep).get(lost.get_absolute_url()))


def test_open_deal_lists_what_people_were_asked(visit, rep, other_rep):
    deal = make_deal(rep)
    ask(other_rep, "Prepare the room", about=deal)

    page = visit(rep).get(deal.get_absolute_url())

    assert [task.title for task in page.context["tasks"]] == ["Prepare the room"]
    assert page.context["closing"] == []


def test_who_takes_the_customer_over_may_read_the_deal(visit, won, customer_success):
    client = visit(customer_success)

    assert client.get(won.get_absolute_url()).status_code == 200
    assert client.post(url("close", task_of(won)), {"result": "Done on a call."}).status_code == 302


# Home and list


def test_home_leads_to_each_task(visit, won, customer_success):
    page = visit(customer_success).get("/")

    assert [each.deal for each in page.context["tasks"]] == [won]
    assert f'href="{url("detail", task_of(won))}?next=/"' in text_of(page)


def test_list_shows_mine_open_or_done(visit, lost, rep, other_rep):
    ask(other_rep, "Not mine", about=lost)
    client = visit(rep)
    close_task(task=ask(rep, "Finished", about=lost), result="Yes.", by=by(rep), at=NOW)

    def titles(**query):
        return [each.task.title for each in client.get(LIST, query).context["asked"]]

    assert titles() == ["Post-mortem of Acme rollout"]
    assert titles(state="done") == ["Finished"]
    assert titles(whose="all", state="x") == ["Post-mortem of Acme rollout"]


@pytest.mark.parametrize(
    ("who", "whose", "seen"),
    [
        ("manager", "line", 2),
        ("vp", "line", 2),
        ("revops", "all", 3),
        ("auditor", "all", 3),
        ("desk", "all", 0),
        ("rep", "line", 1),
    ],
)
def test_list_goes_as_far_as_ones_part(request, visit, rep, other_rep, outsider, who, whose, seen):
    deal = make_deal(rep)
    for person in (rep, other_rep, outsider):
        ask(person, f"Of {person.name}", about=deal)

    page = visit(request.getfixturevalue(who)).get(LIST, {"whose": whose})

    assert len(page.context["asked"]) == seen


def test_list_reads_on_by_key_and_puts_the_undated_last(visit, rep):
    deal = make_deal(rep)
    for number in range(31):
        ask(rep, f"{number:02}", about=deal, due_at=NOW + timedelta(hours=number))
    ask(rep, "Some day", about=deal)
    client = visit(rep)

    first = client.get(LIST)
    rest = client.get(LIST, {"after": first.context["next"]})

    assert [each.task.title for each in first.context["asked"]][:2] == ["00", "01"]
    assert [each.task.title for each in rest.context["asked"]] == ["30", "Some day"]
    assert rest.context["next"] == ""


def test_empty_list_says_what_would_appear(visit, outsider):
    client = visit(outsider)

    assert "Nothing to do" in text_of(client.get(LIST))
    assert "Nothing finished yet" in text_of(client.get(LIST, {"state": "done"}))


def test_list_costs_the_same_for_any_number_of_tasks(
    visit, rep, revops, django_assert_max_num_queries
):
    deals = [make_deal(rep, f"Deal {number}") for number in range(12)]
    for deal in deals:
        ask(rep, "Review", about=deal)
    client = visit(revops)
    client.get(LIST)

    with django_assert_max_num_queries(11):
        page = client.get(LIST, {"whose": "all"})

    assert len(page.context["asked"]) == 12
