"""What the decisions given so far add up to."""

from __future__ import annotations

import pytest

from dealdesk.policy import Role, StepMode
from dealdesk.settling import Answer, GroupState, Outcome, StepState, settle, settle_step

YES, NO, OPEN, GONE = Answer.APPROVED, Answer.REJECTED, Answer.OPEN, Answer.GONE
CARRIED = Answer.CARRIED_FORWARD
FIRST, ALL, QUORUM, GROUPS = (
    StepMode.FIRST_RESPONSE,
    StepMode.UNANIMOUS,
    StepMode.QUORUM,
    StepMode.PER_GROUP,
)


def make_step(mode, *groups, needed=1, key="a", wave=1):
    return StepState(
        key,
        wave,
        mode,
        tuple(GroupState(Role.DEAL_DESK, needed, tuple(answers)) for answers in groups),
    )


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (make_step(FIRST, [OPEN, OPEN]), "pending"),
        (make_step(FIRST, [OPEN, YES]), "approved"),
        (make_step(FIRST, [OPEN, NO]), "rejected"),
        (make_step(FIRST, [CARRIED]), "approved"),
        (make_step(FIRST, [GONE]), "pending"),
        (make_step(FIRST, []), "pending"),
        (make_step(ALL, [YES, OPEN], needed=0), "pending"),
        (make_step(ALL, [YES, YES], needed=0), "approved"),
        (make_step(ALL, [YES, GONE], needed=0), "approved"),
        (make_step(ALL, [YES, NO], needed=0), "rejected"),
        (make_step(QUORUM, [YES, OPEN, OPEN], needed=2), "pending"),
        (make_step(QUORUM, [YES, YES, OPEN], needed=2), "approved"),
        (make_step(QUORUM, [YES, YES, NO], needed=2), "rejected"),
        (make_step(GROUPS, [YES], [OPEN]), "pending"),
        (make_step(GROUPS, [YES, OPEN], [OPEN, YES]), "approved"),
        (make_step(GROUPS, [YES], [NO]), "rejected"),
    ],
)
def test_where_a_step_stands(step, outcome):
    assert settle_step(step) == outcome


def test_without_a_veto_a_quorum_falls_only_when_out_of_reach():
    one_no = make_step(QUORUM, [NO, OPEN, OPEN], needed=2)
    two_no = make_step(QUORUM, [NO, NO, OPEN], needed=2)

    assert settle_step(one_no, one_veto=False) == "pending"
    assert settle_step(two_no, one_veto=False) == "rejected"


def test_a_request_is_approved_by_its_last_step():
    steps = [make_step(FIRST, [YES]), make_step(FIRST, [OPEN], key="b")]

    assert settle(steps).outcome is Outcome.PENDING
    assert settle([steps[0], make_step(FIRST, [YES], key="b")]).outcome is Outcome.APPROVED


def test_one_rejected_step_rejects_the_request():
    settled = settle([make_step(FIRST, [NO]), make_step(FIRST, [OPEN], key="b")])

    assert settled.outcome is Outcome.REJECTED
    assert settled.open_wave is None


def test_the_next_wave_opens_when_the_one_before_is_approved():
    later = make_step(FIRST, [OPEN], key="b", wave=2)

    assert settle([make_step(FIRST, [OPEN]), later]).open_wave == 1
    assert settle([make_step(FIRST, [YES]), later]).open_wave == 2


def test_nothing_to_decide_is_approved():
    assert settle([]).outcome is Outcome.APPROVED
