from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from dealdesk.likeness import Likeness, distance, nearest


def ask(number=1, asks=("discount",), percent="20", segment="smb"):
    return Likeness(number, frozenset(asks), Decimal(percent), segment)


def test_the_same_ask_is_no_distance_away():
    assert distance(ask(1), ask(2)) == 0


def test_a_near_discount_comes_before_a_far_one():
    others = [ask(2, percent="35"), ask(3, percent="21")]

    assert [each.number for each in nearest(ask(), others)] == [3, 2]


def test_the_same_kind_of_exception_weighs_more_than_the_segment():
    others = [ask(2, asks=("payment",)), ask(3, segment="enterprise")]

    assert [each.number for each in nearest(ask(), others)] == [3]


def test_of_equals_the_newest_comes_first_and_three_are_enough():
    assert [each.number for each in nearest(ask(), [ask(n) for n in range(2, 7)])] == [6, 5, 4]


def test_what_is_not_alike_is_no_precedent():
    assert nearest(ask(), [ask(2, asks=("custom-sla",), percent="60")]) == []


likenesses = st.builds(
    ask,
    st.integers(1, 50),
    st.sets(st.sampled_from(["discount", "payment", "Custom SLA"])),
    st.integers(-20, 90).map(str),
    st.sampled_from(["smb", "enterprise"]),
)


@settings(max_examples=30)
@given(likenesses, likenesses)
def test_distance_is_the_same_both_ways_and_never_negative(one, other):
    assert distance(one, other) == distance(other, one) >= 0
