"""The quick way of replay says what `evaluate` says, of every submission and policy."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealdesk.ladder import Rung
from dealdesk.policy import (
    CashTiming,
    CashTimingFor,
    EnterpriseWith,
    Floor,
    JudgedBasis,
    PriceBand,
    PriceTable,
    Role,
    SizeMode,
    StepOrder,
    TimingKind,
)
from dealdesk.presets import AS_IN_THE_SOURCES, RECOMMENDED
from dealdesk.replayfacts import facts_from, facts_of, facts_text, limit, whole
from dealdesk.replayjudge import Judge, judge_in_full
from dealdesk.terms import Segment, SegmentSource
from tests.dealdesk.making import (
    ANNUAL,
    CUSTOM_LEGAL,
    CUSTOM_SLA,
    NET_30,
    NET_90,
    QUARTERLY,
    make_concession,
    make_line,
    make_terms,
    tier_claim,
    unit_price,
)

edges = st.sampled_from(["0", "9.99", "10", "19.999999", "20", "33.333", "40", "100"])
asks = st.one_of(
    edges.map(lambda off: {"off": off}),
    st.decimals("0", "15000", places=2).map(lambda net: {"ask": unit_price(net)}),
    st.sampled_from([{"ask": tier_claim(20)}, {"ask": tier_claim(5), "earned": 5}]),
)
lines = st.lists(
    st.tuples(st.sampled_from(["0", "40", "999.99", "10000", "25000", "400000"]), asks),
    min_size=1,
    max_size=3,
).map(lambda rows: [make_line(price, key=f"l{n}", **ask) for n, (price, ask) in enumerate(rows)])


rungs = st.fixed_dictionaries(
    {
        "rung": st.sampled_from([*Rung, Rung.FREE, Rung.FREE]),
        "rung_roles": st.sampled_from([(), (Role.FINANCE,)]),
        "is_paper": st.booleans(),
    }
)


@st.composite
def some_terms(draw):
    heads = draw(st.sampled_from([None, 0, 30, 500, 501, 9000]))
    months = draw(st.sampled_from([6, 12, 13, 36]))
    terms = make_terms(
        *draw(lines),
        months=months,
        concessions=draw(st.sampled_from([[], [make_concession("free_months", 3)]])),
        payment=draw(st.sampled_from([NET_30, NET_90])),
        billing=draw(st.sampled_from([ANNUAL, QUARTERLY])),
        nonstandard=draw(st.lists(st.sampled_from([CUSTOM_SLA, CUSTOM_LEGAL]), unique=True)),
        rate=draw(st.sampled_from(["1", "0.9137", None])),
    )
    terms = replace(
        terms,
        region=draw(st.sampled_from(["", "DACH"])),
        redlines=draw(st.sampled_from([(), ("0" * 64,)])),
        nonstandard=tuple(replace(term, **draw(rungs)) for term in terms.nonstandard),
    )
    source = draw(st.sampled_from(list(SegmentSource)))
    key = draw(st.sampled_from(["smb", "mid_market", "enterprise", "unknown"]))
    return replace(terms, segment=Segment(key, source, heads))


roles = st.lists(st.sampled_from(list(Role)), max_size=2, unique=True).map(tuple)


timings = st.builds(
    CashTimingFor,
    st.sampled_from(list(TimingKind)),
    st.sampled_from(["", "enterprise", "mid_market"]),
    st.sampled_from(["", "DACH"]),
    st.builds(CashTiming, st.just("other"), st.sampled_from([30, 90, 1000]), roles),
)


@st.composite
def some_policy(draw):
    base = draw(st.sampled_from([AS_IN_THE_SOURCES, RECOMMENDED]))
    lowers = draw(st.lists(st.sampled_from(["5", "10", "12.5", "20", "33.333333"]), unique=True))
    bands = [PriceBand(Decimal(0))]
    bands += [PriceBand(lower, draw(roles)) for lower in sorted(map(Decimal, lowers))]
    bases = draw(st.lists(st.sampled_from(list(JudgedBasis)), min_size=1, unique=True))
    needs = draw(
        st.sampled_from([None, EnterpriseWith(), EnterpriseWith(False, False, Decimal(9000))])
    )
    return replace(
        base,
        prices=(*base.prices[: draw(st.integers(0, 1))], PriceTable(tuple(bases), tuple(bands))),
        ladder=draw(st.booleans()),
        order=draw(st.sampled_from(list(StepOrder))),
        structure=replace(base.structure, only_with=needs, long_term_roles=draw(roles)),
        size=replace(base.size, mode=draw(st.sampled_from(list(SizeMode)))),
        terms=replace(
            base.terms,
            owners_too=draw(st.booleans()),
            adopted=draw(st.sampled_from([(), (CUSTOM_SLA.key,)])),
            timings=tuple(draw(st.lists(timings, max_size=2))),
        ),
        floors=draw(st.sampled_from([(), (Floor(JudgedBasis.WORST_LINE, Decimal(40)),)])),
        segments=base.segments[draw(st.integers(0, 2)) :],
    )


def quickly(judge, terms):
    """Judged from the facts as they are stored, the whole terms at hand."""
    return judge.outcome(facts_from(facts_text(terms)), lambda: terms)


@settings(max_examples=40)
@given(some_policy(), st.lists(some_terms(), min_size=1, max_size=6))
def test_the_quick_way_agrees_with_evaluate(policy, many):
    judge = Judge(policy)

    assert judge.is_quick
    for terms in many:
        assert quickly(judge, terms) == judge_in_full(policy, terms)


def test_one_class_is_evaluated_once():
    judge = Judge(AS_IN_THE_SOURCES)

    for off in (21, 22, 23, 39):
        assert quickly(judge, make_terms(make_line(off=off))).key == "vp_sales"

    assert len(judge.known) == 1


def test_a_rule_that_is_not_known_is_evaluated_in_full():
    table = replace(AS_IN_THE_SOURCES.prices[0], families=("Services",))

    assert not Judge(replace(AS_IN_THE_SOURCES, prices=(table,))).is_quick


def test_a_limit_with_too_many_places_is_evaluated_in_full():
    bands = (PriceBand(Decimal(0)), PriceBand(Decimal("10.0000001"), (Role.VP_SALES,)))
    policy = replace(AS_IN_THE_SOURCES, prices=(PriceTable((JudgedBasis.BLENDED,), bands),))
    judge = Judge(policy)

    assert not judge.is_quick
    assert quickly(judge, make_terms(make_line(off="10.00000009"))).is_automatic
    assert quickly(judge, make_terms(make_line(off="10.0000001"))).key == "vp_sales"


@given(st.fractions("-5", "120"), st.decimals("0", "100", places=6))
def test_whole_numbers_compare_as_the_exact_ones(value, edge):
    held = whole(value, 6), limit(edge, 6)

    assert (held[0] >= held[1]) == (value >= Fraction(edge))
    assert (held[0] > held[1]) == (value > Fraction(edge))


def test_segments_are_cut_anew_by_the_policy_that_is_tried():
    terms = replace(
        make_terms(make_line(off=5)), segment=Segment("smb", SegmentSource.HEAD_COUNT, 40)
    )
    strict = replace(
        AS_IN_THE_SOURCES,
        segments=(replace(AS_IN_THE_SOURCES.segments[2], from_heads=20),),
    )

    assert quickly(Judge(AS_IN_THE_SOURCES), terms).is_automatic
    assert quickly(Judge(strict), terms).key == "finance+legal"


@pytest.mark.parametrize("rate", [None, "1"])
def test_what_cannot_be_judged_is_refused(rate):
    terms = make_terms(make_line(0 if rate else 100), rate=rate)

    assert facts_of(terms).refused
    assert quickly(Judge(AS_IN_THE_SOURCES), terms).is_refused
