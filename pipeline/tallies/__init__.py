"""Tallies: what happened on each day and in each month, kept in cells and right at any moment.

The tallies of a day are a pure function of the base rows of that day. A change marks the days it
may have altered (pipeline.marks); folding counts marked days anew and adds months up; reading
takes whole unmarked months, then unmarked days, and counts marked days from the base rows.
"""

from pipeline.tallies.cells import Cell
from pipeline.tallies.folding import differences, fold, rebuild, turn_of_month, waiting
from pipeline.tallies.measures import Asked, Fact, Measure, register_measure
from pipeline.tallies.reading import read_tallies

__all__ = [
    "Asked",
    "Cell",
    "Fact",
    "Measure",
    "differences",
    "fold",
    "read_tallies",
    "rebuild",
    "register_measure",
    "turn_of_month",
    "waiting",
]
