"""Whatever happens to deals, tallies say what the deals say: unfolded, folded and rebuilt."""

from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline import integrity, tallies
from pipeline.models import ClosePush, Deal, DealStanding, StageVisit, Tally, TallyMark
from pipeline.operations import bulk_move_deals, change_deal, push_close_dates, reassign_deal
from pipeline.operations.close_dates import Push
from pipeline.reports.flow import aging, funnel, pushes, stage_conversion, time_in_stage, velocity
from pipeline.reports.results import (
    cycle_length,
    losses,
    slippage,
    trend,
    win_rates,
)
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import as_json
from pipeline.tallies.measures import measures
from revops.company.models import Company
from revops.refusals import Refused
from tests.factories.people import AT, SYSTEM, by
from tests.factories.pipeline import complete, make_deal, new_business, stage

STAGES = [
    "qualified",
    "discovery",
    "demo",
    "proposal",
    "negotiation",
    "closed-won",
    "closed-lost",
]
steps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 20),
        st.one_of(
            st.tuples(st.just("move"), st.sampled_from(STAGES)),
            st.tuples(st.just("change"), st.sampled_from(["amount", "source", "competitor"])),
            st.tuples(st.just("push"), st.integers(1, 90)),
            st.tuples(st.just("give"), st.booleans()),
            st.tuples(st.just("fold"), st.just(0)),
            st.tuples(st.just("new"), st.sampled_from(STAGES[:4])),
        ),
    ),
    min_size=3,
    max_size=10,
)


def take(verb, fact, deal, people, at):
    if verb == "move":
        answers = {deal.pk: {"loss_reason": "price", "competitor": {"none": True}}}
        bulk_move_deals(
            deals=[deal],
            to=stage(fact),
            reason="So it went",
            evidence=answers if fact == "closed-lost" else None,
            by=SYSTEM,
            at=at,
        )
    elif verb == "change":
        values = {"amount": at.day * 100, "source": "outbound", "competitor": "Rival"}
        name = "deal_source" if fact == "source" else fact
        change_deal(deal=deal, changes={name: values[fact]}, by=SYSTEM, at=at)
    elif verb == "push":
        later = max(deal.close_date, at.date()) + timedelta(days=fact)
        push_close_dates(pushes=[Push(deal, later, "budget", "The CFO is away")], by=SYSTEM, at=at)
    elif verb == "give":
        reassign_deal(deal=deal, owner=people[fact], by=by(people[2]), at=at)
    elif verb == "fold":
        tallies.fold(at=at)
    else:
        make_deal(people[0], at=at, stage=fact, close_date=at.date() + timedelta(days=60))


@contextmanager
def taken_back():
    """A block that leaves no trace, in which operations may end their transactions."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)
    cache.clear()


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps=steps)
def test_tallies_say_what_the_deals_say(steps, rep, other_rep, revops):
    with taken_back():
        at = go_through(steps, [rep, other_rep, revops])
        agree(at, rep)


def go_through(steps, people):
    """Take the steps with a deal of each seller; return when the last was taken."""
    at = AT
    due = at.date() + timedelta(days=40)
    deals = [
        complete(make_deal(owner, at=at, close_date=due, name=owner.name)) for owner in people[:2]
    ]
    for which, days, (verb, fact) in steps:
        at += timedelta(days=days, hours=3)
        deal = Deal.objects.get(pk=deals[which].pk)
        try:
            take(verb, fact, deal, people, at)
        except Refused:
            pass
    return at


def agree(at, rep):
    scopes = periods(at)
    unfolded = everything(scopes, rep)
    check_naively(scopes)
    assert list(integrity.check_standings()) == []
    tallies.turn_of_month(at)
    while tallies.fold(at=at):
        pass
    assert not TallyMark.objects.exists()
    assert everything(scopes, rep) == unfolded
    assert list(tallies.differences(at=at)) == []
    kept = contents()
    tallies.rebuild(at=at)
    assert contents() == kept


def contents():
    """What is kept; reports that read the same say the same."""
    columns = ("pipeline", "grain", "start", "measure", "dimension", "cells")
    return {str(row) for row in Tally.objects.values_list(*columns) if row[-1]}


def periods(at):
    today = Company.get().local_day(at)
    return [
        Scope(new_business(), since, until, at)
        for since, until in (
            (AT.date().replace(day=1), (today + timedelta(days=40)).replace(day=1)),
            (AT.date() + timedelta(days=9), today - timedelta(days=3)),
            (date(2026, 1, 1), date(2030, 12, 31)),
        )
    ]


def everything(scopes, rep):
    """All that the reports say, for everybody and for one owner."""
    said = []
    for whole in scopes:
        for scope in (whole, Scope(whole.pipeline, whole.since, whole.until, whole.at, owner=rep)):
            said += [win_rates(scope, by) for by in ("owner", "team")]
            said += [cycle_length(scope), losses(scope), trend(scope), slippage(scope)]
            said += [report(scope) for report in (stage_conversion, time_in_stage, funnel)]
            said += [report(scope) for report in (aging, pushes, velocity)]
    return as_json(said)


# The same from the rows themselves, in the plainest words


def check_naively(scopes):
    for scope in scopes:
        results_agree(scope)
        stages_agree(scope)
        pushes_agree(scope)
        due_agree(scope)


def results_agree(scope):
    within = [
        deal
        for deal in Deal.objects.all()
        if deal.closed_on and scope.since <= deal.closed_on <= scope.until
    ]
    by_owner = defaultdict(Counter)
    for deal in within:
        by_owner[str(deal.closed_owner_id)][deal.status] += 1
    said = win_rates(scope, "owner")
    counted = {row.of.key: (row.won, row.lost) for row in said.rows if row.won + row.lost}
    assert counted == {key: (n["won"], n["lost"]) for key, n in by_owner.items()}
    won = [deal for deal in within if deal.status == "won"]
    assert said.total.won_value.amount == sum((deal.amount for deal in won), Decimal(0))
    days = [(deal.closed_on - deal.opened_on).days for deal in won]
    assert sorted(days) == sorted(Counter(dict(said.total.cycle.counts)).elements())
    created = [d for d in Deal.objects.all() if scope.since <= d.opened_on <= scope.until]
    assert said.total.created == len(created)
    assert said.total.created_won == len([deal for deal in created if deal.status == "won"])


def stages_agree(scope):
    zone = scope.company.zone_info
    order = {stage(key).pk: place for place, key in enumerate(STAGES)}
    places = {key: order[stage(key).pk] for key in STAGES}
    entered, passed, left, onward = Counter(), Counter(), Counter(), Counter()
    for deal in Deal.objects.all():
        visits = list(StageVisit.objects.filter(deal=deal).order_by("pk"))
        first = {}
        for number, visit in enumerate(visits):
            day = visit.entered_at.astimezone(zone).date()
            for place in [*(places[key] for key in visit.skipped), order[visit.stage_id]]:
                jumped = place != order[visit.stage_id]
                later = [order[v.stage_id] for v in visits[number + (0 if jumped else 1) :]]
                first.setdefault(place, (day, any(place < other < 6 for other in later)))
                if jumped and scope.since <= day <= scope.until:
                    left[place] += 1
                    onward[place] += 1
            if visit.left_at:
                day = visit.left_at.astimezone(zone).date()
                following = visits[number + 1]
                if scope.since <= day <= scope.until and following.move != "reopen":
                    left[order[visit.stage_id]] += 1
                    forward = order[visit.stage_id] < order[following.stage_id] < 6
                    onward[order[visit.stage_id]] += forward
        for place, (day, went_on) in first.items():
            if scope.since <= day <= scope.until:
                entered[place] += 1
                passed[place] += went_on
    for row in stage_conversion(scope).rows:
        place = places[row.stage.key]
        assert (row.entered, row.passed) == (entered[place], passed[place]), row
        assert (row.left, row.onward) == (left[place], onward[place]), row


def pushes_agree(scope):
    zone = scope.company.zone_info
    within = [
        push
        for push in ClosePush.objects.all()
        if scope.since <= push.pushed_at.astimezone(zone).date() <= scope.until
    ]
    said = pushes(scope)
    assert said.count == len(within) == sum(row.count for row in said.rows)
    assert said.total_days == sum((push.to_date - push.from_date).days for push in within)


def due_agree(scope):
    moment = AT.replace(
        year=scope.since.year,
        month=scope.since.month,
        day=scope.since.day,
        hour=0,
        minute=0,
        second=0,
        microsecond=0,
    ).astimezone(scope.company.zone_info)
    moment = moment.replace(
        year=scope.since.year, month=scope.since.month, day=scope.since.day, hour=0
    )
    due = slipped = 0
    for standing in DealStanding.objects.filter(status="open").select_related("deal"):
        if not (standing.since <= moment and (not standing.until or standing.until > moment)):
            continue
        if standing.close_date and scope.since <= standing.close_date <= scope.until:
            due += 1
            closed_on = standing.deal.closed_on
            slipped += not closed_on or closed_on > scope.until
    total = slippage(scope).total
    assert (total.due, total.slipped) == (due, slipped)


@pytest.mark.parametrize("measure", [measure.name for measure in measures()])
def test_every_measure_has_its_dimensions_once(measure):
    found = {each.name: each for each in measures()}[measure]

    assert len(set(found.kept)) == len(found.kept)
