"""Whose delay a deal's time was."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipeline.forecasting.delay import (
    SECOND,
    Gathered,
    Stay,
    Timeline,
    Wait,
    by_stage,
    segments,
    shares_of,
)

START = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)
END = START + 10 * DAY
ONE = 86400 * SECOND


def split(**facts):
    found = shares_of(segments(START, END, Timeline(**facts)))
    return {party: seconds / ONE for party, seconds in found.items() if seconds}


def test_without_anything_known_the_rep_had_the_deal():
    assert split() == {"rep": 10}


def test_after_our_act_the_buyer_has_it_until_they_act():
    assert split(ours=[START + DAY, START + 2 * DAY], theirs=[START + 4 * DAY]) == {
        "rep": 7,
        "buyer": 3,
    }


def test_a_buyer_who_never_answers_has_it_to_the_end():
    assert split(ours=[START + 6 * DAY]) == {"rep": 6, "buyer": 4}


def test_two_roles_asked_at_once_share_the_time():
    waits = [
        Wait("approver:finance", START + DAY, START + 3 * DAY),
        Wait("approver:legal", START + DAY, START + 5 * DAY),
    ]

    assert split(waits=waits) == {"rep": 6, "approver:finance": 1, "approver:legal": 3}


def test_two_people_of_one_role_count_once():
    waits = [Wait("approver:legal", START + DAY, START + n * DAY) for n in (3, 4)]

    assert split(waits=waits) == {"rep": 7, "approver:legal": 3}


def test_what_waits_for_ourselves_is_never_the_buyers():
    waits = [
        Wait("system", START + 2 * DAY, START + 3 * DAY),
        Wait("approver:legal", START + 2 * DAY, START + 5 * DAY),
    ]

    assert split(waits=waits, ours=[START + DAY], theirs=[START + 9 * DAY]) == {
        "rep": 2,
        "buyer": 5,
        "system": 1,
        "approver:legal": 2,
    }


def test_a_wait_that_goes_on_ends_with_the_deal():
    assert split(waits=[Wait("approver:legal", START + 8 * DAY, None)]) == {
        "rep": 8,
        "approver:legal": 2,
    }


def test_time_is_told_apart_by_stage():
    stays = [Stay("a", START, START + 4 * DAY), Stay("b", START + 4 * DAY, END)]
    timeline = Timeline(ours=[START + 3 * DAY])
    found = list(segments(START, END, timeline, [stay.since for stay in stays]))

    assert by_stage(found, stays) == {
        "a": {"rep": 3 * ONE, "buyer": ONE},
        "b": {"buyer": 6 * ONE},
    }


def test_mean_and_median_are_over_all_the_deals():
    gathered = Gathered([{"rep": ONE}, {"rep": 2 * ONE, "buyer": 3 * ONE}, {}])
    (part,) = gathered.parts(["rep"])

    assert (part.mean, part.median, part.n, part.of) == (86400, 86400, 2, 3)
    assert part.share == Fraction(1, 2)


MOMENTS = st.integers(-5, 15 * 24).map(lambda hour: START + timedelta(hours=hour))
WAITS = st.builds(
    Wait,
    st.sampled_from(["system", "approver:legal", "approver:finance"]),
    MOMENTS,
    MOMENTS | st.none(),
).filter(lambda wait: wait.until is None or wait.until >= wait.since)


@given(
    st.lists(WAITS, max_size=6), st.lists(MOMENTS, max_size=5), st.lists(MOMENTS, max_size=5),
    st.lists(MOMENTS, max_size=3),
)  # fmt: skip
def test_the_parts_are_the_whole(waits, ours, theirs, cuts):
    found = list(segments(START, END, Timeline(waits, ours, theirs), cuts))

    assert sum(shares_of(found).values()) == 10 * ONE
