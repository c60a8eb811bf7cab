"""Any sequence of moves and edits by anybody leaves history, numbers, debts and ledger agreeing."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.findings import keeping
from pipeline.models import Deal, DealStanding, GateDebt, Pipeline, Stage, StageVisit
from pipeline.operations import (
    assign_debt,
    bulk_move_deals,
    change_deal,
    override_move,
    push_close_dates,
    reassign_deal,
    transfer_deal,
)
from pipeline.operations.close_dates import Push
from pipeline.stages import process_of
from revops import integrity
from revops.ledger.models import Entry
from revops.ledger.verification import verify
from revops.people.models import User
from revops.refusals import Refused
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, make_pipeline, new_business

MOVE_VERBS = [
    "deal.advanced",
    "deal.skipped",
    "deal.sent_back",
    "deal.won",
    "deal.lost",
    "deal.reopened",
    "deal.overridden",
    "deal.transferred",
]
ANYBODY = st.sampled_from(["rep", "other_rep", "manager", "revops", "system"])
steps = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("move"), st.integers(0, 6)),
            st.tuples(st.just("override"), st.integers(0, 6)),
            st.tuples(st.just("transfer"), st.integers(0, 1)),
            st.tuples(st.just("amount"), st.integers(0, 1000)),
            st.tuples(st.just("item"), st.sampled_from(["timeline", "pain_points", "redlines"])),
            st.tuples(st.just("push"), st.integers(1, 40)),
            st.tuples(st.just("give"), st.booleans()),
            st.tuples(st.just("owe"), st.booleans()),
        ),
        ANYBODY,
    ),
    max_size=14,
)


def stage_at(deal, number):
    """The stage of the deal's present pipeline at that place, the last for a number too high."""
    rules = process_of(deal.pipeline).rules
    return Stage.objects.get(pk=rules[min(number, len(rules) - 1)].stage_id)


def take(verb, fact, deal, who, at):
    deal = Deal.objects.select_related("pipeline").get(pk=deal.pk)
    told = {"by": who, "at": at}
    if verb == "move":
        answers = {deal.pk: {"loss_reason": "price", "competitor": {"none": True}}}
        to = stage_at(deal, fact)
        lost = to.key.endswith("lost")
        facts = {"to": to, "reason": "So it went", "evidence": answers if lost else None}
        bulk_move_deals(deals=[deal], **facts, **told)
    elif verb == "override":
        override_move(deal=deal, to=stage_at(deal, fact), reason="The board", **told)
    elif verb == "transfer":
        other = process_of(the_other(deal))
        to = Stage.objects.get(pk=other.open_rules[min(fact, len(other.open_rules) - 1)].stage_id)
        transfer_deal(deal=deal, to_pipeline=to.pipeline, to_stage=to, reason="It renews", **told)
    elif verb == "amount":
        change_deal(deal=deal, changes={"amount": fact}, **told)
    elif verb == "item":
        change_deal(deal=deal, changes={fact: "Written down"}, **told)
    elif verb == "push":
        later = deal.close_date + timedelta(days=fact)
        push_close_dates(pushes=[Push(deal, later, "budget", "The CFO is away")], **told)
    elif verb == "give":
        reassign_deal(deal=deal, owner=person("other_rep" if fact else "rep"), **told)
    elif debt := deal.debts.filter(paid_at=None).first():
        assign_debt(debt=debt, owner=person("manager" if fact else "rep"), **told)


NAMES = {}


def person(name):
    return User.objects.get(pk=NAMES[name])


def the_other(deal):
    return Pipeline.objects.exclude(pk=deal.pipeline_id).get()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=steps)
def test_after_any_sequence_everything_agrees(steps, rep):
    deal = complete(make_deal(rep), but=["timeline", "pain_points"])

    for number, ((verb, fact), who) in enumerate(steps, start=1):
        actor = SYSTEM if who == "system" else by(person(who))
        try:
            take(verb, fact, deal, actor, AT + timedelta(hours=number))
        except Refused:
            continue

    check_agreement(Deal.objects.get(pk=deal.pk))


def check_agreement(deal):
    visits = list(StageVisit.objects.filter(deal=deal).order_by("pk"))
    moves = Entry.objects.about(deal).filter(verb__in=MOVE_VERBS).count()
    assert len(visits) == moves + 1
    assert [one.left_at for one in visits[:-1]] == [two.entered_at for two in visits[1:]]
    assert visits[-1].stage_id == deal.stage_id
    standing = DealStanding.objects.get(deal=deal, until=None)
    assert (standing.stage_id, standing.owner_id) == (deal.stage_id, deal.owner_id)
    assert standing.pipeline_id == deal.pipeline_id
    assert not GateDebt.objects.filter(deal=deal, owner=None).exists()
    assert not GateDebt.objects.filter(deal=deal, due_on=None).exists()
    assert kept_agrees(deal)
    assert [each for each in integrity.findings() if each.check.startswith("pipeline.")] == []
    assert verify().is_intact


def kept_agrees(deal):
    """Whether what findings read of an open deal is what its rows say."""
    at = deal.entered_stage_at
    return not deal.is_open or not keeping.recount_deals(Deal.objects.filter(pk=deal.pk), at)


@pytest.fixture(autouse=True)
def _office(rep, other_rep, manager, revops):
    """People and a second pipeline, made once, before the examples begin."""
    make_pipeline()
    assert new_business().pk
    people = {"rep": rep, "other_rep": other_rep, "manager": manager, "revops": revops}
    NAMES.clear()
    NAMES.update({name: each.pk for name, each in people.items()})
