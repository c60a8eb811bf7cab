"""What would avoid asking somebody, each suggestion confirmed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealdesk.counterfactual import Change, least_net_below, what_would_avoid
from dealdesk.policy import SizeMode
from dealdesk.presets import AS_IN_THE_SOURCES
from dealdesk.pricing import Ask, exact
from dealdesk.routing import evaluate
from tests.dealdesk.making import (
    CUSTOM_LEGAL,
    CUSTOM_SLA,
    NET_90,
    make_line,
    make_terms,
    net_of,
    percent_off,
    tier_claim,
)

SOURCES = replace(AS_IN_THE_SOURCES, size=replace(AS_IN_THE_SOURCES.size, mode=SizeMode.OFF))


def sentences(terms, policy=SOURCES):
    return [avoid.sentence for avoid in what_would_avoid(policy, terms)]


def test_the_least_net_of_each_lower_band_is_named_to_the_cent():
    terms = make_terms(make_line(100000, off=25))

    assert sentences(terms) == [
        "Net 80,000.01 USD and the sales manager suffices.",
        "Net 90,000.01 USD and nobody is asked about the price.",
    ]


def test_from_the_deal_desk_every_band_beneath_is_named():
    nets = [a.net for a in what_would_avoid(SOURCES, make_terms(make_line(1000, off=60)))]

    assert nets == [Decimal("600.01"), Decimal("800.01"), Decimal("900.01")]


def test_a_single_line_over_the_edge_is_named_with_its_net():
    terms = make_terms(make_line(8000, key="platform"), make_line(2000, key="support", off=45))

    first = what_would_avoid(SOURCES, terms)[0]

    assert first.sentence == "Support at 1,200.01 USD and the VP of sales suffices."
    assert (first.steps[0].change, first.steps[0].about) == (Change.LINE_NET, "support")
    assert first.steps[0].value == Decimal("1200.01")


def test_a_price_ramp_is_named_by_its_year():
    line = make_line(periods=[(1, percent_off(45)), (1, Ask())])
    policy = replace(
        SOURCES, structure=replace(SOURCES.structure, custom_multiyear_roles=(), long_term_roles=())
    )

    first = what_would_avoid(policy, make_terms(line, months=24))[0]

    assert first.sentence == "Contract year 1 at 6,000.01 USD and the VP of sales suffices."
    assert first.steps[0].change is Change.YEAR_NET


def test_dropping_the_only_odd_term_lets_the_deal_desk_drop_out():
    assert sentences(make_terms(nonstandard=[CUSTOM_SLA])) == [
        "Without Custom SLA: the deal desk is not asked."
    ]


def test_every_reason_of_a_role_has_to_go():
    assert sentences(make_terms(payment=NET_90, nonstandard=[CUSTOM_SLA, CUSTOM_LEGAL])) == [
        "Payment net 30, without Custom SLA and without Liability cap: the deal desk is not asked."
    ]


def test_a_volume_claim_may_go_back_to_its_tier():
    assert sentences(make_terms(make_line(earned=10, ask=tier_claim(12)))) == [
        "Platform at the volume tier that its quantity earns: the deal desk is not asked."
    ]


def test_a_longer_term_names_the_standard_one():
    terms = make_terms(make_line(off=15), months=36)

    assert sentences(terms) == [
        "Net 27,000.01 USD and nobody is asked about the price.",
        "Net 30,000.00 USD, the standard price: the sales manager and the deal desk are not asked.",
        "A term of 12 months: the deal desk, finance and legal are not asked.",
    ]


def test_a_term_that_earns_a_published_discount_is_not_offered_shorter():
    assert sentences(make_terms(make_line(term_percent=15), months=36)) == []


def test_what_nobody_can_change_is_not_offered():
    assert sentences(make_terms(segment="enterprise")) == []
    assert sentences(make_terms(make_line(30000)), AS_IN_THE_SOURCES) == []


def test_automatic_and_refused_quotes_have_nothing_to_avoid():
    assert sentences(make_terms()) == []
    assert sentences(make_terms(make_line(0))) == []


def test_a_currency_without_minor_unit_steps_by_one():
    assert least_net_below(exact(Decimal(100000)), exact(Decimal(20)), 0) == Decimal(80001)


lines = st.lists(
    st.tuples(st.decimals("0.05", "90000", places=2), st.decimals("-10", "99", places=2)),
    min_size=1,
    max_size=3,
)


@given(lines, st.sampled_from([6, 12, 24, 31]), st.sampled_from([[], [CUSTOM_SLA]]))
def test_every_suggestion_lets_its_roles_drop_out(rows, months, nonstandard):
    terms = make_terms(
        *(make_line(price, key=f"l{i}", off=off) for i, (price, off) in enumerate(rows)),
        months=months,
        nonstandard=nonstandard,
    )
    route = evaluate(SOURCES, terms)

    for avoid in what_would_avoid(SOURCES, terms):
        assert avoid.steps
        assert set(avoid.roles) <= route.roles
        assert not set(avoid.roles) & set(avoid.key.split("+"))


@given(st.decimals("1", "999999", places=2), st.decimals("10", "100", places=3))
def test_the_net_named_is_the_least_that_a_rep_can_type(price, off):
    terms = make_terms(make_line(price, off=off))

    for avoid in what_would_avoid(SOURCES, terms):
        typed = evaluate(SOURCES, make_terms(make_line(price, ask=net_of(avoid.net))))
        a_cent_less = evaluate(
            SOURCES, make_terms(make_line(price, ask=net_of(avoid.net - Decimal("0.01"))))
        )
        assert typed.key == avoid.key
        assert a_cent_less.key != avoid.key


@pytest.mark.parametrize("off", [0, 5, "9.99"])
def test_below_the_first_band_there_is_nothing_to_avoid(off):
    assert sentences(make_terms(make_line(off=off))) == []
