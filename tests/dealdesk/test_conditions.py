import pytest

from dealdesk.models import ApprovalCondition
from dealdesk.operations import meet_condition
from pipeline.gates import gate_of
from pipeline.models import Move
from revops.outbox.models import Notification
from revops.refusals import Conflict, NotAllowed, Refused
from tests.factories.dealdesk import AT, HOUR, decide, make_quote, slot_of, submit
from tests.factories.people import by

pytestmark = pytest.mark.django_db

LATER = AT + 2 * HOUR


@pytest.fixture
def asked(rep, vp):
    return submit(make_quote(rep, 25))


@pytest.fixture
def condition(asked, vp):
    decide(asked, vp, conditions=["A reference call by March", " ", "A reference call by March"])
    return ApprovalCondition.objects.get()


def meet(condition, person, note="Call held, see the notes"):
    return meet_condition(condition=condition, note=note, by=by(person), at=LATER)


def missing_for_win(asked):
    return [each.label for each in gate_of(asked.deal, Move.WIN, LATER)]


def test_each_condition_is_kept_once(condition, asked):
    asked.refresh_from_db()
    assert asked.status == "approved"
    assert condition.text == "A reference call by March"


def test_a_deal_is_not_won_before_its_conditions_are_met(condition, asked, rep):
    assert "A reference call by March" in missing_for_win(asked)

    meet(condition, rep)

    assert "A reference call by March" not in missing_for_win(asked)


def test_only_winning_asks_for_conditions(condition, asked):
    moves = gate_of(asked.deal, Move.ADVANCE, LATER)

    assert "A reference call by March" not in [each.label for each in moves]


def test_the_approver_is_told_how_it_was_met(condition, rep, vp):
    meet(condition, rep)

    told = Notification.objects.get(person=vp, event="approval.condition_met")
    assert told.context["note"] == "Call held, see the notes"


def test_the_submitter_reads_the_conditions_in_the_answer(condition, rep):
    told = Notification.objects.get(person=rep, event="approval.settled")

    assert told.context["conditions"] == ["A reference call by March"]


def test_a_condition_is_met_once_and_with_how(condition, rep):
    with pytest.raises(Refused, match="how it was done"):
        meet(condition, rep, note=" ")
    meet(condition, rep)

    with pytest.raises(Conflict, match="met already"):
        meet(condition, rep)


def test_who_neither_set_it_nor_sells_does_not_meet_it(condition, desk, vp):
    with pytest.raises(NotAllowed):
        meet(condition, desk)

    meet(condition, vp)


def test_conditions_belong_to_an_approval(asked, vp):
    with pytest.raises(Refused, match="belong to an approval"):
        decide(asked, vp, "rejected", conditions=["A call"])


def test_too_many_conditions_are_a_return(asked, vp):
    with pytest.raises(Refused, match="return it"):
        decide(asked, vp, conditions=[f"Thing {n}" for n in range(11)])


def test_the_pages_take_conditions_and_show_them_met(asked, vp, rep, client):
    client.force_login(vp)
    slot = slot_of(asked, vp)
    typed = {"verdict": "approved", "digest": asked.snapshot.digest, "conditions": "A call\n"}
    client.post(f"{slot.get_absolute_url()}decide/", typed)
    condition = ApprovalCondition.objects.get()

    client.force_login(rep)
    done = {"condition": condition.pk, "reason": "Held on Monday"}
    page = client.post(f"{asked.get_absolute_url()}condition/", done, follow=True)

    assert "Held on Monday" in page.content.decode()
