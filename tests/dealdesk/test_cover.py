"""Whether an approval still covers the terms as they are now, and which field says not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dealdesk.cover import covers, diff, in_words, unchanged_topics, worsened_topics
from dealdesk.policy import Role, TermCategory, Topic, billing_rank
from dealdesk.presets import AS_IN_THE_SOURCES
from dealdesk.pricing import Ask, Period
from dealdesk.routing import evaluate
from dealdesk.terms import Billing, NonStandardTerm, PaymentTerms
from tests.dealdesk.making import (
    CUSTOM_LEGAL,
    CUSTOM_SLA,
    NET_90,
    QUARTERLY,
    make_concession,
    make_line,
    make_terms,
    net_of,
    tier_claim,
)

SOURCES = AS_IN_THE_SOURCES
NET_60 = PaymentTerms("net_60", "net 60", 60)
UP_FRONT = Billing("up_front", "all up front", billing_rank(0))


def fields(approved, current, policy=SOURCES):
    return [change.field for change in covers(approved, current, policy).worsened]


def base(**changes):
    line = make_line(10000, off=15, quantity=10)
    return make_terms(changes.pop("line", line), **{"months": 24, **changes})


SAME_OR_BETTER = [
    ("nothing changed", base(), base()),
    ("less discount", base(), base(line=make_line(off=14, quantity=10))),
    ("more seats at the same discount", base(), base(line=make_line(off=15, quantity=11))),
    ("sooner payment", base(payment=NET_90), base(payment=NET_60)),
    ("billed ahead", base(billing=QUARTERLY), base(billing=UP_FRONT)),
    ("a term dropped", base(nonstandard=[CUSTOM_SLA]), base()),
    ("only the rate moved", base(), base(rate="0.9")),
    (
        "another product at standard price",
        base(),
        make_terms(make_line(off=15, quantity=10), make_line(key="more", off=0), months=24),
    ),
    (
        "free months taken back",
        base(concessions=[make_concession("free_months", 2)]),
        base(),
    ),
    ("mid-market became small", base(), base(segment="smb")),
    ("an unknown segment became enterprise", base(segment="unknown"), base(segment="enterprise")),
    (
        "typed differently, the same net",
        base(line=make_line(100, off=20)),
        base(line=make_line(100, ask=net_of(160))),
    ),
]


@pytest.mark.parametrize(
    ("approved", "current"), [r[1:] for r in SAME_OR_BETTER], ids=[r[0] for r in SAME_OR_BETTER]
)
def test_the_same_or_better_is_covered(approved, current):
    assert covers(approved, current, SOURCES).ok


WORSE = [
    ("more discount", base(), base(line=make_line(off="15.01", quantity=10)), "discount.blended"),
    (
        "fewer seats",
        base(),
        base(line=make_line(off=15, quantity=9)),
        "line.platform.year1.quantity",
    ),
    ("later payment", base(payment=NET_60), base(payment=NET_90), "payment"),
    ("prepayment taken back", base(billing=UP_FRONT), base(), "billing"),
    ("a shorter term", base(), base(months=12), "term"),
    ("a longer term beyond standard", base(), base(months=36), "term"),
    ("a new term", base(), base(nonstandard=[CUSTOM_SLA]), "terms.custom_sla"),
    (
        "a term worded differently",
        base(nonstandard=[CUSTOM_LEGAL]),
        base(nonstandard=[replace(CUSTOM_LEGAL, requested_text="Thrice the fees.")]),
        "terms.liability",
    ),
    (
        "a term with another value",
        base(nonstandard=[CUSTOM_SLA]),
        base(nonstandard=[replace(CUSTOM_SLA, requested_value="99.999 %")]),
        "terms.custom_sla",
    ),
    ("became enterprise", base(), base(segment="enterprise"), "segment"),
    ("another currency", base(), base(currency="EUR"), "currency"),
    (
        "a credit",
        base(),
        base(concessions=[make_concession("credit", 1)]),
        "concession.credit",
    ),
    (
        "another product at a discount",
        base(),
        make_terms(make_line(off=15, quantity=10), make_line(key="more", off=1), months=24),
        "line.more",
    ),
    (
        "another product for nothing",
        base(),
        make_terms(
            make_line(off=15, quantity=10), make_line(0, key="gift", included=True), months=24
        ),
        "line.gift",
    ),
    (
        "a product taken off",
        make_terms(make_line(off=15, quantity=10), make_line(key="more"), months=24),
        base(),
        "line.more",
    ),
    (
        "a lower list price at the same discount",
        base(),
        base(line=make_line(9999, off=15, quantity=10)),
        "line.platform.net",
    ),
    (
        "recurring became one-off",
        base(),
        base(line=make_line(off=15, quantity=10, period=Period.ONCE)),
        "line.platform",
    ),
    (
        "a larger volume claim",
        base(line=make_line(earned=10, ask=tier_claim(11))),
        base(line=make_line(earned=10, ask=tier_claim(12))),
        "line.platform.year1.claim",
    ),
    (
        "the volume step is lost",
        base(line=make_line(quantity=100, earned=10)),
        base(line=make_line(quantity=99, earned=5)),
        "line.platform.year1.volume_step",
    ),
    (
        "one year dearer, another cheaper",
        base(line=make_line(periods=[(1, Ask()), (1, net_of(9000))])),
        base(line=make_line(periods=[(1, net_of(10500)), (1, net_of(8500))])),
        "line.platform.year2.discount",
    ),
    ("another kind of quote", base(), base(kind="renewal"), "kind"),
]


@pytest.mark.parametrize(
    ("approved", "current", "field"), [r[1:] for r in WORSE], ids=[r[0] for r in WORSE]
)
def test_worse_or_reduced_is_not_covered_and_the_field_is_named(approved, current, field):
    cover = covers(approved, current, SOURCES)

    assert not cover.ok
    assert field in [change.field for change in cover.worsened]


def test_a_price_change_of_the_only_line_is_said_once():
    changes = covers(base(), base(line=make_line(10000, off=30, quantity=10)), SOURCES).worsened

    assert len(changes) > 2
    told = [sentence for sentence in in_words(changes) if "30 %" in sentence or "net" in sentence]
    assert [sentence.split(" from ")[0].split(".")[0] for sentence in told] == [
        "The blended discount rose",
        "The total net fell",
        "The VP of sales was not asked before",
    ]


def test_a_change_is_said_in_words():
    changes = covers(base(), base(payment=NET_90), SOURCES).worsened

    assert "Payment changed from net 30 to net 90, which is later." in in_words(changes)
    assert (changes[0].topic, changes[0].was, changes[0].now) == (
        Topic.COMMERCIAL,
        "net 30",
        "net 90",
    )


def test_more_of_the_same_that_needs_somebody_new_is_not_covered():
    """Twice the seats are better for us, and yet the annual value now needs the deal desk."""
    approved = make_terms(make_line(off=15, quantity=2))
    current = make_terms(make_line(off=15, quantity=4))

    cover = covers(approved, current, SOURCES)

    assert [change.field for change in cover.worsened] == ["route.deal_desk"]
    assert cover.holds_for([Topic.PRICE])


def test_a_rate_that_moved_across_the_size_threshold_re_opens_nothing():
    approved = make_terms(make_line(24000), currency="EUR", rate=1)
    current = make_terms(make_line(24000), currency="EUR", rate="0.5")

    assert evaluate(SOURCES, current).key == "deal_desk"
    assert covers(approved, current, SOURCES).ok


def test_decisions_on_untouched_topics_may_be_carried_forward():
    cover = covers(base(), base(nonstandard=[CUSTOM_SLA]), SOURCES)

    assert cover.holds_for([Topic.PRICE, Topic.COMMERCIAL])
    assert not cover.holds_for([Topic.PRICE, Topic.LEGAL])
    assert unchanged_topics(base(), base(nonstandard=[CUSTOM_SLA])) == {
        Topic.PRICE,
        Topic.COMMERCIAL,
    }


def test_an_improvement_makes_nobody_an_editor():
    assert worsened_topics(base(), base(line=make_line(off=14, quantity=10)), SOURCES) == set()
    assert worsened_topics(base(), base(payment=NET_90), SOURCES) == {Topic.COMMERCIAL}


def test_terms_that_cannot_be_judged_are_not_covered():
    assert "zero_standard" in fields(base(), base(line=make_line(0, included=True)))


def test_a_tolerance_lets_the_discount_rise_that_far():
    policy = replace(SOURCES, tolerance_percent=Decimal(2))

    assert not fields(base(), base(line=make_line(off=17, quantity=10)), policy)
    assert fields(base(), base(line=make_line(off="17.01", quantity=10)), policy)


def test_a_longer_term_within_the_standard_is_better():
    assert covers(base(months=6), base(months=12), SOURCES).ok


def test_a_term_that_has_become_standard_costs_no_cover():
    policy = replace(SOURCES, terms=replace(SOURCES.terms, adopted=("custom_sla",)))

    assert covers(base(), base(nonstandard=[CUSTOM_SLA]), policy).ok


def test_lines_are_matched_by_product_when_their_keys_are_new():
    renamed = replace(make_line(off=15, quantity=10), key="line-2")

    assert covers(base(), base(line=renamed), SOURCES).ok


def test_a_difference_names_better_things_too():
    sentences = in_words(diff(base(payment=NET_90), base(), SOURCES))

    assert sentences == ["Payment changed from net 90 to net 30, which is sooner."]


def test_a_payment_term_of_the_catalogue_belongs_to_commercial():
    opt_out = NonStandardTerm("opt_out", "Annual opt-out", TermCategory.TERM)

    cover = covers(base(), base(nonstandard=[opt_out]), SOURCES)

    assert cover.worsened_topics == {Topic.COMMERCIAL}


def some_base(off, quantity, months, free, payment, nonstandard):
    return base(
        line=make_line(off=off, quantity=quantity),
        months=months,
        concessions=[make_concession("free_months", free)] if free else [],
        payment=payment,
        nonstandard=nonstandard,
    )


some_terms = st.builds(
    some_base,
    st.integers(-5, 60),
    st.integers(1, 5),
    st.sampled_from([6, 12, 18, 24]),
    st.integers(0, 2),
    st.sampled_from([NET_60, NET_90]),
    st.lists(st.sampled_from([CUSTOM_SLA, CUSTOM_LEGAL]), unique=True),
)


def improving(offs, quantities, *rest):
    """Terms of which each is mostly better for us than the one before."""
    steps = zip(sorted(offs, reverse=True), sorted(quantities), strict=True)
    return [some_base(off, quantity, *rest) for off, quantity in steps]


improving_terms = st.builds(
    improving,
    st.lists(st.integers(-5, 60), min_size=3, max_size=3),
    st.lists(st.integers(1, 5), min_size=3, max_size=3),
    st.sampled_from([6, 12, 18, 24]),
    st.integers(0, 2),
    st.sampled_from([NET_60, NET_90]),
    st.lists(st.sampled_from([CUSTOM_SLA, CUSTOM_LEGAL]), unique=True),
)


@given(some_terms)
def test_terms_cover_themselves(terms):
    assert covers(terms, terms, SOURCES).ok
    assert diff(terms, terms, SOURCES) == []


def test_the_manager_is_not_asked_again_for_what_the_vp_approved():
    assert covers(base(line=make_line(off=25)), base(line=make_line(off=15)), SOURCES).ok


@given(improving_terms)
def test_what_is_covered_never_asks_more_than_was_approved(terms):
    approved, _, current = terms
    assume(covers(approved, current, SOURCES).ok)

    new = evaluate(SOURCES, current).roles - evaluate(SOURCES, approved).roles
    assert new <= {Role.SALES_MANAGER, Role.VP_SALES}
    assert current.price.blended.percent <= approved.price.blended.percent
    assert current.price.tcv >= approved.price.tcv


@given(improving_terms)
def test_cover_passes_on(terms):
    one, two, three = terms
    assume(covers(one, two, SOURCES).ok)
    assume(covers(two, three, SOURCES).ok)

    assert covers(one, three, SOURCES).ok
