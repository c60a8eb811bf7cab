import pytest

from revops.charts.scale import Scale, bins, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 31, [0, 10, 20, 30, 40]),
        (0, 7, [0, 2, 4, 6, 8]),
        (0, 1_250_000, [0, 500_000, 1_000_000, 1_500_000]),
        (-6, 4, [-7.5, -5, -2.5, 0, 2.5, 5]),
        (0, 0.3, [0, 0.1, 0.2, 0.3]),
        (5, 5, [5, 5.25, 5.5, 5.75, 6]),
    ],
)
def test_ticks_are_round_and_cover_the_values(low, high, expected):
    assert ticks(low, high) == expected


def test_scale_maps_ends_to_ends():
    scale = Scale(0, 10, 200, 0)

    assert (scale(0), scale(5), scale(10)) == (200, 100, 0)


def test_bins_are_half_open_and_lose_nothing():
    found = bins([0, 4.99, 5, 9, 10], 2)

    assert found == [(0, 5, 2), (5, 10, 3)]


def test_bins_of_one_value_hold_it():
    assert sum(many for _, _, many in bins([3, 3, 3], 5)) == 3


def test_no_values_make_no_bins():
    assert bins([], 5) == []


@pytest.mark.parametrize("most", [1, 2, 3, 5, 7, 9, 40, 1234])
def test_what_is_counted_has_whole_ticks(most):
    marks = ticks(0, most, whole=True)

    assert all(mark == int(mark) for mark in marks)
    assert marks[0] == 0
    assert marks[-1] >= most
