"""Standard, net and every basis, exactly; printed money rounded half-up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealdesk.pricing import (
    Ask,
    Period,
    PeriodInput,
    TermDiscount,
    VolumeTier,
    contract_years,
    earned_tier,
    published_term_discount,
    rounded,
    worst_line,
    worst_year,
)
from tests.dealdesk.making import (
    make_concession,
    make_line,
    make_price,
    net_of,
    percent_off,
    tier_claim,
    unit_price,
)


def codes(price):
    return [problem.code for problem in price.problems]


def test_standard_is_list_less_tier_less_term_discount_in_that_order():
    price = make_price(make_line(100, quantity=10, earned=10, term_percent=5))

    assert price.listed == 1000
    assert price.blended.standard == 855
    assert price.blended.percent == 0
    assert price.off_list.percent == Fraction("14.5")


def test_a_typed_percent_is_that_percent_exactly():
    price = make_price(make_line("99.99", off="33.333333", quantity=7), months=17)

    assert price.blended.percent == Fraction("33.333333")


def test_a_typed_unit_price_is_per_unit_and_period():
    price = make_price(make_line(100, quantity=10, ask=unit_price(80)), months=24)

    assert price.tcv == 1600
    assert price.blended.percent == 20


def test_a_typed_net_amount_is_for_the_whole_term_and_stays_exact():
    price = make_price(make_line(100, ask=net_of("200.01")), months=30)

    assert price.tcv == Fraction("200.01")
    assert [year.percent for year in price.years] == [price.blended.percent] * 3


def test_a_monthly_price_is_charged_every_month():
    assert make_price(make_line(10, period=Period.MONTH), months=18).tcv == 180


def test_the_last_contract_year_may_be_a_stub():
    assert contract_years(30) == (12, 12, 6)
    assert [y.net for y in make_price(make_line(1200), months=15).years] == [1200, 300]


def test_three_free_months_on_twelve_are_twenty_percent_and_fifteen_months():
    price = make_price(make_line(), concessions=[make_concession("free_months", 3)])

    assert price.blended.percent == 20
    assert price.term_months == 15
    assert price.paid_months == 12
    assert worst_year(price).percent == 20


def test_free_seats_count_in_standard():
    price = make_price(
        make_line(100, quantity=80), concessions=[make_concession("free_seats", 20, "platform")]
    )

    assert price.blended.standard == 10000
    assert price.blended.percent == 20


def test_a_credit_lowers_every_line_by_its_share():
    price = make_price(
        make_line(600, key="a"),
        make_line(400, key="b"),
        concessions=[make_concession("credit", 100)],
    )

    assert [line.net for line in price.lines] == [540, 360]
    assert price.blended.percent == 10


def test_a_waived_fee_counts_in_standard():
    price = make_price(make_line(900), concessions=[make_concession("waived_fee", 100)])

    assert price.blended.percent == 10
    assert price.one_off.percent == 100


def test_a_fee_that_is_a_line_can_be_waived():
    setup = make_line(100, key="setup", period=Period.ONCE)

    price = make_price(
        make_line(900), setup, concessions=[make_concession("waived_fee", 100, "setup")]
    )

    assert (
        price.blended
        == make_price(make_line(900), concessions=[make_concession("waived_fee", 100)]).blended
    )


def test_a_quantity_ramp_is_no_discount():
    line = make_line(100, periods=[(10, Ask()), (20, Ask()), (30, Ask())])

    price = make_price(line, months=36)

    assert price.tcv == 6000
    assert price.blended.percent == 0
    assert worst_year(price).percent == 0


def test_a_price_ramp_is_judged_in_its_own_year():
    line = make_line(100, periods=[(1, percent_off(50)), (1, Ask()), (1, Ask())])

    price = make_price(line, months=36)

    assert (worst_year(price).year, worst_year(price).percent) == (1, 50)
    assert price.blended.percent == Fraction(50, 3)


def test_the_last_period_given_goes_on_to_the_end():
    line = make_line(100, periods=[(1, Ask()), (2, Ask())])

    assert [year.net for year in make_price(line, months=36).years] == [100, 200, 200]


def test_a_net_amount_of_one_period_is_for_the_years_it_covers():
    line = make_line(100, periods=[(1, Ask()), (1, net_of(150))])

    assert [year.net for year in make_price(line, months=36).years] == [100, 75, 75]


def test_a_net_amount_of_a_ramped_line_is_for_all_its_years():
    ramp = make_line(100, periods=[(1, Ask()), (3, Ask())])
    line = replace(ramp, ask=net_of(300))

    assert [year.net for year in make_price(line, months=24).years] == [75, 225]


def test_the_wish_of_a_line_holds_in_years_without_one_of_their_own():
    ramp = make_line(100, periods=[(1, percent_off(50)), (1, Ask())])
    line = replace(ramp, ask=percent_off(10))

    assert [year.net for year in make_price(line, months=24).years] == [50, 90]


def test_one_offs_are_in_the_annual_value_and_never_in_acv():
    setup = make_line(5000, key="setup", period=Period.ONCE)

    price = make_price(make_line(12000), setup, months=24)

    assert price.tcv == 29000
    assert price.acv == 12000
    assert price.annual_value == 17000


def test_acv_of_a_short_term_is_its_recurring_net():
    assert make_price(make_line(12000), months=6).acv == 6000


def test_a_quote_of_one_offs_has_no_term():
    price = make_price(make_line(5000, period=Period.ONCE), months=None)

    assert price.term_months is None
    assert price.tcv == 5000
    assert not price.problems


def test_a_volume_claim_beyond_the_tier_is_a_discount_of_the_excess():
    price = make_price(make_line(100, earned=10, ask=tier_claim(19)))

    assert price.blended.percent == 10


def test_a_volume_claim_below_the_tier_is_above_standard():
    assert make_price(make_line(100, earned=20, ask=tier_claim(10))).blended.percent < 0


@pytest.mark.parametrize(("small", "worst"), [(500, "small"), ("499.99", "big"), (1000, "small")])
def test_a_line_counts_for_worst_line_from_five_percent(small, worst):
    """Of a standard of 10,000 in all, and with the amount out of reach."""
    small = Decimal(small)
    price = make_price(
        make_line(10000 - small, key="big", off=5), make_line(small, key="small", off=90)
    )

    assert worst_line(price, amount=Decimal(10**6)).key == worst


def test_a_line_counts_for_worst_line_from_an_amount_in_company_currency():
    price = make_price(make_line(10**6, key="big"), make_line(1000, key="small", off=90))

    assert worst_line(price).key == "small"
    assert worst_line(price, per_company_unit=Decimal("1.01")).key == "big"


def test_zero_list_line_must_be_marked_included():
    free = make_line(0, key="free")

    assert codes(make_price(make_line(), free)) == ["zero_list_not_included"]
    assert not make_price(make_line(), make_line(0, key="free", included=True)).problems


def test_zero_total_standard_is_an_error():
    assert codes(make_price(make_line(0, included=True))) == ["zero_standard"]


@pytest.mark.parametrize(
    ("lines", "concessions"),
    [([make_line(ask=net_of(-1))], []), ([make_line(100)], [make_concession("credit", 101)])],
)
def test_negative_net_is_an_error(lines, concessions):
    assert "negative_net" in codes(make_price(*lines, concessions=concessions))


def test_everything_for_nothing_is_a_hundred_percent():
    price = make_price(make_line(off=100))

    assert price.blended.percent == 100
    assert not price.problems


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (lambda: make_price(make_line(), months=None), "term_missing"),
        (lambda: make_price(make_line(periods=[(1, Ask())] * 2)), "period_beyond_term"),
        (lambda: make_price(make_line(-1)), "negative_list_price"),
        (lambda: make_price(make_line(quantity=-1)), "negative_quantity"),
        (lambda: make_price(make_line(), make_line()), "duplicate_line"),
        (
            lambda: make_price(make_line(), concessions=[make_concession("free_seats", 1, "x")]),
            "concession_without_line",
        ),
        (
            lambda: make_price(make_line(), concessions=[make_concession("free_months", "1.5")]),
            "part_of_a_month",
        ),
        (
            lambda: make_price(make_line(), concessions=[make_concession("credit", -1)]),
            "negative_concession",
        ),
    ],
)
def test_what_cannot_mean_anything_is_named(build, code):
    assert code in codes(build())


def test_printed_money_is_half_up_per_line_and_year_then_summed():
    price = make_price(make_line("0.01", key="a", off=50), make_line("0.01", key="b", off=50))

    assert price.net_amount == Decimal("0.02")
    assert price.blended.net == Fraction("0.01")
    assert price.blended.percent == 50


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("0.005", 2, "0.01"),
        ("-0.005", 2, "-0.01"),
        ("0.00499", 2, "0.00"),
        ("1234.5", 0, "1235"),
        ("1.0005", 3, "1.001"),
    ],
)
def test_rounding_is_half_up_to_the_minor_unit(value, digits, text):
    assert str(rounded(Fraction(value), digits)) == text


def test_published_tiers_and_term_discounts_are_earned_from_their_edge():
    tiers = [VolumeTier(Decimal(100), Decimal(10)), VolumeTier(Decimal(10), Decimal(5))]

    assert [earned_tier(tiers, Decimal(q)) for q in (9, 10, 99, 100)] == [0, 5, 5, 10]
    assert published_term_discount([TermDiscount(36, Decimal(15))], 35) == 0
    assert published_term_discount([TermDiscount(36, Decimal(15))], 36) == 15
    assert published_term_discount([TermDiscount(36, Decimal(15))], None) == 0


amounts = st.decimals("0.01", "1000000", places=2)
percents = st.decimals("-50", "100", places=4)


@given(amounts, percents, st.integers(1, 61), st.integers(1, 999), st.integers(0, 30))
def test_a_typed_percent_survives_any_price_term_and_tier(price, percent, months, quantity, tier):
    line = make_line(price, off=percent, quantity=quantity, earned=tier)

    assert make_price(line, months=months).blended.percent == Fraction(percent)


@given(st.lists(st.tuples(amounts, percents), min_size=1, max_size=4), st.integers(1, 40))
def test_lines_years_and_halves_add_up_to_the_whole(lines, months):
    price = make_price(
        *(make_line(p, key=f"l{i}", off=d) for i, (p, d) in enumerate(lines)), months=months
    )

    assert sum(line.net for line in price.lines) == price.tcv
    assert sum(year.net for year in price.years) == price.tcv
    assert price.recurring.net + price.one_off.net == price.tcv
    assert sum((line.net_amount for line in price.lines), Decimal(0)) == price.net_amount


@given(st.fractions(-(10**9), 10**9), st.integers(0, 4))
def test_rounding_moves_an_amount_by_half_a_unit_at_most(value, digits):
    assert abs(Fraction(rounded(value, digits)) - value) * 2 * 10**digits <= 1


def test_period_input_earns_its_own_tier():
    line = make_line(100)
    ramped = type(line)(
        key="a",
        product="a",
        name="A",
        list_price=Decimal(100),
        periods=(
            PeriodInput(Decimal(1)),
            PeriodInput(Decimal(10), earned_percent=Decimal(10)),
        ),
    )

    assert [year.standard for year in make_price(ramped, months=24).years] == [100, 900]
