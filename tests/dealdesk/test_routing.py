"""Evaluation beyond the boundary table: bases, trace, waves, problems, properties."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealdesk.policy import (
    JudgedBasis,
    PriceTable,
    Role,
    RoleRule,
    SizeMode,
    StepMode,
    StepOrder,
    TermCategory,
    Topic,
    price_authority,
)
from dealdesk.presets import AS_IN_THE_SOURCES, BANDS, RECOMMENDED
from dealdesk.pricing import Period
from dealdesk.routing import Result, evaluate, route_from_plain, route_plain
from dealdesk.terms import NonStandardTerm
from tests.dealdesk.making import (
    ANNUAL,
    CUSTOM_LEGAL,
    CUSTOM_SLA,
    NET_90,
    QUARTERLY,
    make_concession,
    make_line,
    make_terms,
    net_of,
    percent_off,
)

SOURCES = AS_IN_THE_SOURCES


def tried(route, rule):
    return next(t for t in route.trace if t.rule == rule)


def test_a_discounted_line_hiding_in_the_quote_decides():
    terms = make_terms(make_line(8000, key="big"), make_line(2000, key="small", off=45))

    route = evaluate(SOURCES, terms)

    assert route.key == "deal_desk"
    assert tried(route, "price.worst_line").sentence == (
        "Small is 45 % below standard: the deal desk from 40 %."
    )
    assert tried(route, "price.blended").result is Result.NOT_MET


def test_a_small_giveaway_counts_in_blended_only():
    terms = make_terms(make_line(9900, key="big", off="9.95"), make_line(100, key="cap", off=100))

    route = evaluate(SOURCES, terms)

    assert route.key == "sales_manager"
    assert [reason.rule for reason in route.reasons] == ["price.blended"]


def test_a_price_ramp_is_decided_by_its_worst_year():
    line = make_line(periods=[(1, percent_off(45)), (1, percent_off(0)), (1, percent_off(0))])

    route = evaluate(SOURCES, make_terms(line, months=36))

    assert tried(route, "price.worst_year").result is Result.ASKS
    assert tried(route, "price.blended").result is Result.OUTRANKED
    assert Role.SALES_MANAGER not in route.roles


def test_twelve_months_and_three_free_is_the_vp_and_a_longer_term():
    terms = make_terms(concessions=[make_concession("free_months", 3)])

    assert evaluate(SOURCES, terms).key == "deal_desk+finance+legal+vp_sales"


def test_sold_above_standard_is_automatic_and_the_trace_says_so():
    route = evaluate(SOURCES, make_terms(make_line(off=-5)))

    assert route.automatic
    assert route.trace[0].sentence == "The whole quote is 5 % above standard: automatic."


def test_rep_authority_is_automatic_and_written_down():
    route = evaluate(SOURCES, make_terms(make_line(off=5)))

    assert route.automatic
    assert "rep's own authority" in route.trace[0].sentence


def test_a_sentence_never_rounds_a_discount_into_the_next_band():
    route = evaluate(SOURCES, make_terms(make_line(off="19.99999")))

    assert route.trace[0].sentence.startswith("The whole quote is 19.99 % below standard")
    assert route.trace[0].value == "19.99999"


def test_sooner_cash_than_standard_never_fires():
    prepaid = replace(ANNUAL, name="all up front", rank=0)
    at_once = replace(NET_90, name="net 0", rank=0)

    assert evaluate(SOURCES, make_terms(billing=prepaid, payment=at_once)).automatic


def test_a_one_off_quote_is_judged_without_a_term():
    terms = make_terms(make_line(5000, off=25, period=Period.ONCE), months=None)

    assert evaluate(SOURCES, terms).key == "vp_sales"


def test_an_adopted_term_asks_nobody():
    policy = replace(SOURCES, terms=replace(SOURCES.terms, adopted=("custom_sla",)))

    route = evaluate(policy, make_terms(nonstandard=[CUSTOM_SLA]))

    assert route.automatic
    assert "has become a standard term" in tried(route, "terms.catalogue.custom_sla").sentence


def test_owner_roles_of_a_term_are_asked_where_the_policy_says():
    privacy = NonStandardTerm(
        "dpa", "Own privacy terms", TermCategory.SECURITY, owner_roles=(Role.LEGAL,)
    )

    assert evaluate(SOURCES, make_terms(nonstandard=[privacy])).key == "deal_desk"
    assert evaluate(RECOMMENDED, make_terms(nonstandard=[privacy])).key == "deal_desk+legal"


def test_an_unknown_segment_is_judged_as_the_policy_says_and_the_trace_says_so():
    lenient = replace(SOURCES, structure=replace(SOURCES.structure, unknown_as="smb"))

    assert evaluate(lenient, make_terms(segment="unknown")).automatic
    assert "unknown and judged as Enterprise" in (
        tried(evaluate(SOURCES, make_terms(segment="unknown")), "structure.segment").sentence
    )


@pytest.mark.parametrize(
    ("mode", "key", "alerts"),
    [
        (SizeMode.REVIEW, "deal_desk", []),
        (SizeMode.ALERT, "automatic", [Role.DEAL_DESK]),
        (SizeMode.OFF, "automatic", []),
    ],
)
def test_size_reviews_alerts_or_is_off(mode, key, alerts):
    policy = replace(SOURCES, size=replace(SOURCES.size, mode=mode))

    route = evaluate(policy, make_terms(make_line(30000)))

    assert (route.key, [alert.role for alert in route.alerts]) == (key, alerts)


def test_size_compares_in_company_currency_at_the_frozen_rate():
    in_yen = make_terms(make_line(3_000_000), currency="JPY", rate=150)

    route = evaluate(SOURCES, in_yen)

    assert route.automatic
    assert ("per_company_unit", "150") in tried(route, "size.annual_value").operands


def test_one_offs_count_in_the_annual_value():
    setup = make_line("0.01", key="setup", period=Period.ONCE)

    assert evaluate(SOURCES, make_terms(make_line(25000), setup)).key == "deal_desk"


def test_a_cap_on_the_total_off_list_is_a_table_of_its_own():
    capped = PriceTable((JudgedBasis.OFF_LIST,), (*BANDS[:1], BANDS[3]))
    policy = replace(SOURCES, prices=(*SOURCES.prices, capped))

    route = evaluate(policy, make_terms(make_line(earned=45)))

    assert route.key == "deal_desk"
    assert "below list" in tried(route, "price.off_list").sentence


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (make_terms(make_line(0, included=True)), "zero_standard"),
        (make_terms(make_line(0)), "zero_list_not_included"),
        (make_terms(make_line(ask=net_of(-1))), "negative_net"),
        (make_terms(currency="EUR", rate=None), "rate_missing"),
        (make_terms(currency="EUR", rate=0), "rate_missing"),
        (make_terms(months=None), "term_missing"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name_and_never_automatic(terms, code):
    route = evaluate(SOURCES, terms)

    assert code in [problem.code for problem in route.problems]
    assert not route.automatic
    assert route.key == "refused"


# Steps


def test_finance_and_legal_are_two_groups_of_one_step():
    route = evaluate(SOURCES, make_terms(make_line(off=15), months=36))

    step = next(step for step in route.steps if step.key == "finance+legal")

    assert step.mode is StepMode.PER_GROUP
    assert [(g.role, g.needed, g.hours) for g in step.groups] == [
        (Role.FINANCE, 1, 24),
        (Role.LEGAL, 1, 48),
    ]
    assert {step.wave for step in route.steps} == {1}
    assert route.hours == 48
    assert route.working_days == 6


def test_each_role_judges_its_topics():
    route = evaluate(SOURCES, make_terms(make_line(off=15), months=36))

    assert {group.role: group.topics for step in route.steps for group in step.groups} == {
        Role.SALES_MANAGER: (Topic.PRICE,),
        Role.DEAL_DESK: (Topic.PRICE, Topic.COMMERCIAL, Topic.LEGAL),
        Role.FINANCE: (Topic.PRICE, Topic.COMMERCIAL),
        Role.LEGAL: (Topic.COMMERCIAL, Topic.LEGAL),
    }


def test_a_ladder_asks_every_lower_band_first():
    policy = replace(SOURCES, ladder=True)

    route = evaluate(policy, make_terms(make_line(off=45), nonstandard=[CUSTOM_LEGAL]))

    assert [(step.key, step.wave) for step in route.steps] == [
        ("sales_manager", 1),
        ("vp_sales", 2),
        ("deal_desk", 3),
    ]
    assert route.hours == 4 + 8 + 24


def test_price_may_go_first():
    policy = replace(SOURCES, order=StepOrder.PRICE_FIRST)

    route = evaluate(policy, make_terms(make_line(off=25), nonstandard=[CUSTOM_SLA]))

    assert [(step.key, step.wave) for step in route.steps] == [("vp_sales", 1), ("deal_desk", 2)]


def test_a_quorum_says_how_many():
    desk = RoleRule(Role.DEAL_DESK, tuple(Topic), 24, StepMode.QUORUM, needed=2)
    rules = tuple(desk if rule.role is Role.DEAL_DESK else rule for rule in SOURCES.roles)

    step = evaluate(replace(SOURCES, roles=rules), make_terms(payment=NET_90)).steps[0]

    assert (step.mode, step.groups[0].needed) == (StepMode.QUORUM, 2)


def test_lower_bands_are_told_when_a_higher_one_decides():
    route = evaluate(SOURCES, make_terms(make_line(off=45)))

    assert [alert.role for alert in route.alerts] == [Role.SALES_MANAGER, Role.VP_SALES]


def test_a_route_is_read_back_as_it_was():
    route = evaluate(SOURCES, make_terms(make_line(off=45), nonstandard=[CUSTOM_LEGAL]))

    assert route_from_plain(route_plain(route)) == route


# Properties

lines = st.lists(
    st.tuples(
        st.decimals("0", "200000", places=2),
        st.decimals("-30", "130", places=3),
        st.sampled_from(list(Period)),
        st.booleans(),
    ),
    max_size=4,
)
any_terms = st.builds(
    lambda rows, months, free, segment, payment, billing, nonstandard, rate: make_terms(
        *(
            make_line(price, key=f"l{i}", off=off, period=period, included=included)
            for i, (price, off, period, included) in enumerate(rows)
        ),
        months=months,
        concessions=[make_concession("free_months", free)] if free else [],
        segment=segment,
        payment=payment,
        billing=billing,
        nonstandard=nonstandard,
        rate=rate,
    ),
    lines,
    st.none() | st.integers(0, 61),
    st.integers(0, 4),
    st.sampled_from(["smb", "mid_market", "enterprise", "strategic", "unknown", "nonsense"]),
    st.sampled_from([NET_90, replace(NET_90, rank=30)]),
    st.sampled_from([ANNUAL, QUARTERLY]),
    st.lists(st.sampled_from([CUSTOM_SLA, CUSTOM_LEGAL]), unique=True),
    st.none() | st.decimals("0", "200", places=4),
)


@given(any_terms, st.sampled_from([AS_IN_THE_SOURCES, RECOMMENDED]))
def test_every_terms_get_steps_or_automatic_or_a_named_problem(terms, policy):
    route = evaluate(policy, terms)

    assert bool(route.steps) + route.automatic + bool(route.problems) == 1
    assert route == evaluate(policy, terms)
    assert all(group.reasons for step in route.steps for group in step.groups)
    assert all(tried.sentence.endswith(".") for tried in route.trace)


@given(
    st.decimals("0.01", "100000", places=2),
    st.decimals("0", "100", places=6),
    st.decimals("0", "100", places=6),
)
def test_a_larger_discount_never_needs_a_lower_authority(price, one, other):
    less, more = sorted((one, other))
    policy = replace(SOURCES, size=replace(SOURCES.size, mode=SizeMode.OFF))

    def asked(off):
        route = evaluate(policy, make_terms(make_line(price, off=off)))
        return max((price_authority(policy, t.roles) for t in route.trace if t.asks), default=0)

    assert asked(less) <= asked(more)


@given(
    st.decimals("0.01", "100000", places=2),
    st.sampled_from([10, 20, 40]),
    st.integers(1, 47),
    st.integers(1, 25),
)
def test_the_edge_belongs_to_the_upper_band_at_any_price_and_term(price, edge, months, tiny):
    """The judged discount is never rounded, however small the distance to the edge."""
    expected = {10: 1, 20: 2, 40: 3}[edge]
    policy = replace(
        SOURCES,
        size=replace(SOURCES.size, mode=SizeMode.OFF),
        structure=replace(SOURCES.structure, custom_multiyear_roles=()),
    )

    def asked(off):
        route = evaluate(policy, make_terms(make_line(price, off=off), months=months))
        return max(price_authority(policy, t.roles) for t in route.trace if t.asks or not t.roles)

    assert asked(Decimal(edge)) == expected
    assert asked(Decimal(edge) - Decimal(10) ** -tiny) == expected - 1


def test_a_thousand_terms_are_judged_within_a_second():
    terms = make_terms(make_line(off=23, quantity=7), months=36, nonstandard=[CUSTOM_SLA])

    began = time.perf_counter()
    for _ in range(1000):
        evaluate(SOURCES, terms)

    assert time.perf_counter() - began < 1
