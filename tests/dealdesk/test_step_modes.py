"""Modes and orders of steps through the operations, and what else a policy may say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dealdesk.models import ApprovalRequest, ApprovalSlot
from dealdesk.operations import decide_approval, publish_policy
from dealdesk.policy import (
    CashTiming,
    CashTimingFor,
    Floor,
    JudgedBasis,
    PriceBand,
    PriceTable,
    Role,
    SamePerson,
    StepMode,
    StepOrder,
    TimingKind,
)
from dealdesk.presets import AS_IN_THE_SOURCES
from revops.people.actor import Actor
from revops.refusals import Refused
from tests.factories.dealdesk import (
    AT,
    HOUR,
    by,
    decide,
    line,
    make_quote,
    payment,
    product_of,
    slot_of,
    submit,
)
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db
State = ApprovalSlot.State
LATER = AT + HOUR


def in_force(**changes):
    policy = replace(AS_IN_THE_SOURCES, version="test", **changes)
    publish_policy(policy=policy, label="Test", by=Actor.system(), at=AT)


def desk_rule(**changes):
    return tuple(
        replace(rule, **changes) if rule.role is Role.DEAL_DESK else rule
        for rule in AS_IN_THE_SOURCES.roles
    )


@pytest.fixture
def desks(db):
    return [make_person(f"Desk {name}", roles=["deal_desk"]) for name in ("A", "B", "C")]


def forty_percent(rep):
    return submit(make_quote(rep, 40))


def status(request):
    request.refresh_from_db()
    return request.status


def test_a_share_of_those_asked_approves(rep, desks):
    in_force(roles=desk_rule(mode=StepMode.PERCENT, percent=50))
    request = forty_percent(rep)
    assert request.steps.get().groups == {"deal_desk": 2}

    decide(request, desks[0])
    assert status(request) == "pending"
    decide(request, desks[1], "rejected")
    assert status(request) == "pending"
    decide(request, desks[2])

    assert status(request) == "approved"


def test_a_share_that_cannot_be_reached_any_more_rejects(rep, desks):
    in_force(roles=desk_rule(mode=StepMode.PERCENT, percent=50))
    request = forty_percent(rep)

    decide(request, desks[0], "rejected")
    decide(request, desks[1], "rejected")

    assert status(request) == "rejected"


def test_where_all_must_answer_one_yes_of_all_approves(rep, desks):
    in_force(roles=desk_rule(mode=StepMode.ALL_ANSWERED))
    request = forty_percent(rep)

    decide(request, desks[0])
    decide(request, desks[1], "rejected")
    assert status(request) == "pending"
    assert slot_of(request, desks[2]).is_open
    decide(request, desks[2], "rejected")

    assert status(request) == "approved"


def test_where_all_must_answer_only_no_rejects(rep, desks):
    in_force(roles=desk_rule(mode=StepMode.ALL_ANSWERED))
    request = forty_percent(rep)

    for person in desks:
        decide(request, person, "rejected")

    assert status(request) == "rejected"


def test_a_quorum_larger_than_its_group_is_refused(rep, desks):
    in_force(roles=desk_rule(mode=StepMode.QUORUM, needed=4))

    with pytest.raises(Refused, match="needs 4 to agree, but only 3 may"):
        forty_percent(rep)


def test_waves_open_one_after_another(rep, manager, desk, finance, legal):
    in_force(order=StepOrder.WAVES)
    request = submit(make_quote(rep, 15, term_months=36))
    assert slot_of(request, manager).is_open
    assert slot_of(request, desk).is_open
    assert slot_of(request, legal).state == State.NOT_YET_REQUESTED

    decide(request, manager)
    assert slot_of(request, legal).state == State.NOT_YET_REQUESTED
    decide(request, desk)

    assert slot_of(request, legal).is_open


def test_who_comes_later_may_read_the_request_before(client, rep, manager, desk, finance, legal):
    in_force(order=StepOrder.WAVES)
    request = submit(make_quote(rep, 15, term_months=36))
    client.force_login(legal)

    assert client.get(request.get_absolute_url()).status_code == 200
    assert client.get(slot_of(request, legal).get_absolute_url()).status_code == 200


def test_a_sequence_asks_one_step_at_a_time(rep, manager, desk, finance, legal):
    in_force(order=StepOrder.SEQUENCE)
    request = submit(make_quote(rep, 15, term_months=36))

    waves = list(request.steps.order_by("position").values_list("key", "wave"))

    assert waves == [("sales_manager", 1), ("deal_desk", 2), ("finance+legal", 3)]
    assert not slot_of(request, desk).is_open


@pytest.fixture
def both(vp):
    return make_person("Bea Both", roles=["finance", "deal_desk"])


def same_topics():
    return desk_rule(topics=AS_IN_THE_SOURCES.rule(Role.FINANCE).topics)


def long_term(rep):
    return submit(make_quote(rep, 5, term_months=36))


def test_the_same_person_answers_once_for_the_same_topics(rep, both, legal):
    in_force(same_person=SamePerson.CARRIED, roles=same_topics())
    request = long_term(rep)
    first, second = ApprovalSlot.objects.filter(person=both).order_by("pk")

    decide_slot(first, both)

    second.refresh_from_db()
    assert second.state == State.CARRIED_FORWARD
    assert second.carried_from == first.decision
    decide(request, legal)
    assert status(request) == "approved"


def test_the_same_person_is_asked_for_each_step_by_default(rep, both, legal):
    in_force(roles=same_topics())
    long_term(rep)
    first, second = ApprovalSlot.objects.filter(person=both).order_by("pk")

    decide_slot(first, both)

    second.refresh_from_db()
    assert second.is_open


def test_an_answer_is_not_carried_to_topics_it_did_not_judge(rep, both, legal):
    in_force(same_person=SamePerson.CARRIED)
    long_term(rep)
    finance = ApprovalSlot.objects.get(person=both, role="finance")

    decide_slot(finance, both)

    assert ApprovalSlot.objects.get(person=both, role="deal_desk").is_open


def decide_slot(slot, person):
    digest = slot.step.request.snapshot.digest
    return decide_approval(slot=slot, verdict="approved", digest=digest, by=by(person), at=LATER)


# What else a policy may say


def test_beyond_a_floor_nobody_can_approve(rep, vp, desk):
    in_force(floors=(Floor(JudgedBasis.BLENDED, Decimal(50)),))
    assert submit(make_quote(rep, "49.99")).is_pending

    with pytest.raises(Refused, match="from 50 % nobody can approve") as refused:
        submit(make_quote(rep, 50))

    assert refused.value.code == "floor"
    assert ApprovalRequest.objects.count() == 1


def test_a_table_for_a_family_judges_its_lines_alone(rep, vp, finance):
    services = PriceTable(
        (JudgedBasis.BLENDED,),
        (PriceBand(Decimal(0)), PriceBand(Decimal(5), (Role.FINANCE,))),
        ("Services",),
    )
    in_force(prices=(*AS_IN_THE_SOURCES.prices, services))
    advice = product_of("advice", family="Services")

    request = submit(make_quote(rep, lines=[line(), line(5, product=advice)]))

    assert request.route_key == "finance"
    assert submit(make_quote(rep, lines=[line(5), line(product=advice)])).is_automatic


def test_a_region_has_its_own_standard(rep, team, desk):
    team.region = "Asia"
    team.save()
    asia = CashTimingFor(TimingKind.PAYMENT, "", "Asia", CashTiming("net 60", 60))
    in_force(terms=replace(AS_IN_THE_SOURCES.terms, timings=(asia,)))

    assert submit(make_quote(rep, payment_terms=payment("net-60"))).is_automatic
    assert submit(make_quote(rep, payment_terms=payment("net-90"))).is_pending
