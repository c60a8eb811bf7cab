"""Frozen terms: their canonical text, their digests, their short code."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealdesk.canonical import decimal_text, fraction_text
from dealdesk.policy import TermCategory, Topic
from dealdesk.presets import AS_IN_THE_SOURCES
from dealdesk.terms import (
    CompanyMoney,
    NonStandardTerm,
    SegmentSource,
    canonical,
    digests,
    freeze,
    from_canonical,
    segment_of,
    snapshot_digest,
    terms_code,
)
from tests.dealdesk.making import (
    CUSTOM_LEGAL,
    CUSTOM_SLA,
    NET_90,
    make_concession,
    make_line,
    make_price,
    make_terms,
    unit_price,
)


def changed_topics(one, other):
    was, now = digests(one), digests(other)
    return {topic for topic in Topic if was.of(topic) != now.of(topic)}


def test_terms_are_read_back_as_they_were():
    terms = make_terms(
        make_line("99.99", off="12.3456", quantity=3),
        months=17,
        concessions=[make_concession("free_months", 2)],
        nonstandard=[CUSTOM_SLA, CUSTOM_LEGAL],
        rate="1.0837",
    )

    assert from_canonical(canonical(terms)) == terms
    assert canonical(from_canonical(canonical(terms))) == canonical(terms)


def test_the_same_terms_written_differently_have_the_same_digest():
    one = make_terms(make_line("100.00", off="10.0"), nonstandard=[CUSTOM_SLA, CUSTOM_LEGAL])
    other = make_terms(make_line(100, off=10), nonstandard=[CUSTOM_LEGAL, CUSTOM_SLA])

    assert digests(one) == digests(other)


def test_the_digest_of_known_terms_never_changes():
    """A change here means every stored snapshot is judged to be other terms."""
    assert digests(make_terms(make_line(100, off=10))).overall == (
        "4ec7e0d54f90909988b73f65777dfae7f41259b17d2f8c2b58a3b78bb726a986"
    )


@pytest.mark.parametrize(
    ("terms", "topics"),
    [
        (make_terms(make_line(off=11)), {Topic.PRICE}),
        (make_terms(make_line(off=10), months=24), {Topic.PRICE, Topic.COMMERCIAL}),
        (make_terms(make_line(off=10), payment=NET_90), {Topic.COMMERCIAL}),
        (make_terms(make_line(off=10), segment="enterprise"), {Topic.COMMERCIAL}),
        (make_terms(make_line(off=10), nonstandard=[CUSTOM_SLA]), {Topic.LEGAL}),
        (make_terms(make_line(off=10), rate="1.1"), set()),
        (make_terms(make_line(ask=unit_price(9000))), set()),
    ],
)
def test_each_change_touches_the_digest_of_its_topic_only(terms, topics):
    assert changed_topics(make_terms(make_line(off=10)), terms) == topics


def test_a_name_or_a_note_touches_no_digest():
    terms = make_terms(make_line(off=10), nonstandard=[CUSTOM_SLA])
    renamed = replace(terms, nonstandard=(replace(terms.nonstandard[0], name="Other words"),))

    assert digests(renamed) == digests(terms)
    assert snapshot_digest(renamed) != snapshot_digest(terms)


def test_a_payment_term_of_the_catalogue_is_commercial():
    opt_out = NonStandardTerm("opt_out", "Annual opt-out", TermCategory.TERM)

    assert changed_topics(make_terms(), make_terms(nonstandard=[opt_out])) == {Topic.COMMERCIAL}


def test_line_ends_and_letters_are_compared_in_one_spelling():
    one = replace(CUSTOM_LEGAL, requested_text="Caf\u00e9\nclosed")
    other = replace(CUSTOM_LEGAL, requested_text="Cafe\u0301\r\nclosed  ")

    assert digests(make_terms(nonstandard=[one])) == digests(make_terms(nonstandard=[other]))


def test_the_code_is_short_and_follows_the_digest():
    terms = digests(make_terms())
    code = terms_code(terms.overall)

    assert len(code) == 9
    assert code[4] == "-"
    assert terms_code(digests(make_terms(make_line(off=1))).overall) != code


@pytest.mark.parametrize(
    ("heads", "key"),
    [
        (None, "unknown"),
        (0, "unknown"),
        (1, "smb"),
        (50, "smb"),
        (51, "mid_market"),
        (500, "mid_market"),
        (501, "enterprise"),
        (5000, "enterprise"),
        (5001, "strategic"),
    ],
)
def test_segment_of_a_head_count(heads, key):
    assert segment_of(AS_IN_THE_SOURCES, heads).key == key


def test_a_segment_says_where_it_comes_from():
    policy = AS_IN_THE_SOURCES

    assert segment_of(policy, 40).source is SegmentSource.HEAD_COUNT
    assert segment_of(policy, 40, of_parent=True).source is SegmentSource.PARENT_HEAD_COUNT
    assert segment_of(policy, None).source is SegmentSource.UNKNOWN
    override = segment_of(policy, 40, override="enterprise", reason="Part of a group")
    assert (override.source, override.reason) == (SegmentSource.OVERRIDE, "Part of a group")


def test_money_is_compared_in_company_currency_exactly():
    company = CompanyMoney("USD", Decimal(3))

    assert company.convert(Fraction(100)) == Fraction(100, 3)
    assert CompanyMoney("USD", None).convert(Fraction(100)) is None


def test_unknown_keys_are_refused_on_reading():
    data = json.loads(canonical(make_terms()))
    data["margin"] = "1"

    with pytest.raises(ValueError, match="margin"):
        from_canonical(json.dumps(data))


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_reads_back_as_the_same_number(value):
    assert Decimal(decimal_text(value)) == value


@given(st.fractions())
def test_a_fraction_reads_back_as_the_same_ratio(value):
    assert Fraction(fraction_text(value)) == value


@given(
    st.decimals("0.01", "99999", places=2),
    st.decimals("-20", "100", places=5),
    st.integers(1, 60),
    st.integers(0, 6),
)
def test_any_terms_make_the_round_trip(price, off, months, free):
    concessions = [make_concession("free_months", free)] if free else []
    terms = make_terms(make_line(price, off=off), months=months, concessions=concessions)

    back = from_canonical(canonical(terms))

    assert back == terms
    assert digests(back) == digests(terms)


def test_freezing_twice_changes_nothing():
    terms = make_terms(nonstandard=[CUSTOM_SLA])
    again = freeze(
        make_price(),
        payment=terms.payment,
        billing=terms.billing,
        segment=terms.segment,
        company=terms.company,
        nonstandard=terms.nonstandard,
    )

    assert again == terms
