"""Every row of the table of boundary cases and combinations, built through pricing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dealdesk.policy import Role
from dealdesk.presets import AS_IN_THE_SOURCES, RECOMMENDED
from dealdesk.routing import evaluate
from tests.dealdesk.making import (
    CUSTOM_LEGAL,
    CUSTOM_SLA,
    NET_90,
    QUARTERLY,
    make_line,
    make_terms,
    net_of,
    tier_claim,
)

ROWS = [
    ("list price, 10,000 a year", make_terms(make_line(10000)), "automatic"),
    ("exactly 25,000.00 a year", make_terms(make_line(25000)), "automatic"),
    ("25,000.01 a year", make_terms(make_line("25000.01")), "deal_desk"),
    ("5 %", make_terms(make_line(off=5)), "automatic"),
    ("9.99 %", make_terms(make_line(off="9.99")), "automatic"),
    ("10.00 %", make_terms(make_line(off="10.00")), "sales_manager"),
    ("15 %, 20,000 a year", make_terms(make_line(20000, off=15)), "sales_manager"),
    ("19.99 %", make_terms(make_line(off="19.99")), "sales_manager"),
    ("19.996 % is not rounded up", make_terms(make_line(off="19.996")), "sales_manager"),
    ("20.00 %", make_terms(make_line(off="20.00")), "vp_sales"),
    ("39.99 %", make_terms(make_line(off="39.99")), "vp_sales"),
    ("40.00 %", make_terms(make_line(off="40.00")), "deal_desk"),
    (
        "15 % off the price book over 36 months",
        make_terms(make_line(off=15), months=36),
        "deal_desk+finance+legal+sales_manager",
    ),
    (
        "15 % that is the published 36-month discount",
        make_terms(make_line(term_percent=15), months=36),
        "finance+legal",
    ),
    ("24 months at list, 12,000 a year", make_terms(make_line(12000), months=24), "finance+legal"),
    (
        "enterprise at list, 80,000 a year",
        make_terms(make_line(80000), segment="enterprise"),
        "deal_desk+finance+legal",
    ),
    ("quarterly billing", make_terms(make_line(5000), billing=QUARTERLY), "deal_desk"),
    ("net-90 and 30,000 a year", make_terms(make_line(30000), payment=NET_90), "deal_desk"),
    (
        "25 % and a custom SLA",
        make_terms(make_line(off=25), nonstandard=[CUSTOM_SLA]),
        "deal_desk+vp_sales",
    ),
    (
        "45 %, custom legal and 36 months",
        make_terms(make_line(off=45), months=36, nonstandard=[CUSTOM_LEGAL]),
        "deal_desk+finance+legal",
    ),
    ("12 % inside the published tier", make_terms(make_line(earned=12)), "automatic"),
    (
        "12 % claimed and earned",
        make_terms(make_line(earned=12, ask=tier_claim(12))),
        "automatic",
    ),
    (
        "volume claim 2 points beyond the tier",
        make_terms(make_line(earned=10, ask=tier_claim(12))),
        "deal_desk",
    ),
    (
        "volume claim whose excess is exactly 10 %",
        make_terms(make_line(earned=10, ask=tier_claim(19))),
        "deal_desk+sales_manager",
    ),
    ("strategic", make_terms(make_line(), segment="strategic"), "finance+legal"),
    ("unknown segment", make_terms(make_line(), segment="unknown"), "finance+legal"),
    ("sold above list", make_terms(make_line(off=-5)), "automatic"),
]


@pytest.mark.parametrize(("terms", "key"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_route_under_the_sources(terms, key):
    assert evaluate(AS_IN_THE_SOURCES, terms).key == key


def test_two_reasons_ask_the_deal_desk_once():
    route = evaluate(AS_IN_THE_SOURCES, make_terms(make_line(30000), payment=NET_90))

    assert [step.key for step in route.steps] == ["deal_desk"]
    assert [reason.rule for reason in route.group(Role.DEAL_DESK).reasons] == [
        "terms.payment",
        "size.annual_value",
    ]


@pytest.mark.parametrize("edge", [10, 20, 40])
@pytest.mark.parametrize("standard", ["100000.00", "99999.99", "0.03", "123456789.37"])
def test_edges_are_exact_to_the_minor_unit(edge, standard):
    """The net of the edge is the upper band; the smallest bit more is the lower one."""
    decider = {10: Role.SALES_MANAGER, 20: Role.VP_SALES, 40: Role.DEAL_DESK}[edge]
    net = Decimal(standard) * (100 - edge) / 100

    on_it = evaluate(AS_IN_THE_SOURCES, make_terms(make_line(standard, ask=net_of(net))))
    above = evaluate(
        AS_IN_THE_SOURCES, make_terms(make_line(standard, ask=net_of(net + Decimal("1e-18"))))
    )

    assert on_it.trace[0].roles == (decider,)
    assert above.trace[0].roles != (decider,)


RECOMMENDED_ROWS = [
    ("size only informs", make_terms(make_line(80000)), "automatic"),
    ("enterprise alone", make_terms(make_line(80000), segment="enterprise"), "automatic"),
    (
        "enterprise above the setting",
        make_terms(make_line("100000.01"), segment="enterprise"),
        "finance+legal",
    ),
    (
        "enterprise with a discount beyond rep authority",
        make_terms(make_line(off=10), segment="enterprise"),
        "finance+legal+sales_manager",
    ),
    (
        "enterprise within rep authority",
        make_terms(make_line(off=9), segment="enterprise"),
        "automatic",
    ),
    (
        "enterprise with net-90",
        make_terms(make_line(), payment=NET_90, segment="enterprise"),
        "deal_desk+finance+legal",
    ),
    ("40 %", make_terms(make_line(off=40)), "deal_desk+vp_sales"),
]


@pytest.mark.parametrize(
    ("terms", "key"), [r[1:] for r in RECOMMENDED_ROWS], ids=[r[0] for r in RECOMMENDED_ROWS]
)
def test_route_under_the_recommended_preset(terms, key):
    assert evaluate(RECOMMENDED, terms).key == key
