"""Any sequence of moves leaves visits, rollups, status and ledger in agreement."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.models import Deal, StageVisit
from pipeline.operations import bulk_move_deals, change_deal, push_close_dates, reassign_deal
from pipeline.operations.close_dates import Push
from revops import integrity
from revops.ledger.models import Entry
from revops.ledger.verification import verify
from revops.refusals import Refused
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, stage

STAGES = [
    "qualified",
    "discovery",
    "demo",
    "proposal",
    "negotiation",
    "closed-won",
    "closed-lost",
]
MOVE_VERBS = [
    "deal.advanced",
    "deal.skipped",
    "deal.sent_back",
    "deal.won",
    "deal.lost",
    "deal.reopened",
]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.sampled_from(STAGES)),
        st.tuples(st.just("amount"), st.integers(0, 1000)),
        st.tuples(st.just("push"), st.integers(1, 40)),
        st.tuples(st.just("give"), st.booleans()),
    ),
    max_size=12,
)


def take(step, deal, people, at):
    verb, fact = step
    deal = Deal.objects.get(pk=deal.pk)
    if verb == "move":
        answers = {deal.pk: {"loss_reason": "price", "competitor": {"none": True}}}
        lost = fact == "closed-lost"
        bulk_move_deals(
            deals=[deal],
            to=stage(fact),
            reason="So it went",
            evidence=answers if lost else None,
            by=SYSTEM,
            at=at,
        )
    elif verb == "amount":
        change_deal(deal=deal, changes={"amount": fact}, by=SYSTEM, at=at)
    elif verb == "push":
        later = deal.close_date + timedelta(days=fact)
        push_close_dates(pushes=[Push(deal, later, "budget", "The CFO is away")], by=SYSTEM, at=at)
    else:
        reassign_deal(deal=deal, owner=people[fact], by=by(people[2]), at=at)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_after_any_sequence_everything_agrees(steps, rep, other_rep, revops):
    deal = complete(make_deal(rep))

    for number, step in enumerate(steps, start=1):
        try:
            take(step, deal, (rep, other_rep, revops), AT + timedelta(hours=number))
        except Refused:
            continue

    moves = Entry.objects.about(deal).filter(verb__in=MOVE_VERBS).count()
    assert StageVisit.objects.filter(deal=deal).count() == moves + 1
    assert [each for each in integrity.findings() if each.check.startswith("pipeline.")] == []
    assert verify().is_intact


@pytest.fixture(autouse=True)
def _people(rep, other_rep, revops):
    """Made once, before the examples begin."""
