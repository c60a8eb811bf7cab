"""The first rows of a long table, and the way to all of them."""

from __future__ import annotations

MOST_ROWS = 25
"""Rows of a long table before all of them are asked for; files have them all."""


def shows_all(request) -> bool:
    """Whether the reader asked for every row."""
    return request.GET.get("rows") == "all"


def is_long(count: int) -> bool:
    """Whether so many rows are more than are shown at first."""
    return count > MOST_ROWS


def first_of(rows, everything: bool):
    """The rows to show: the first of many, unless all are asked for."""
    return rows if everything else rows[:MOST_ROWS]
