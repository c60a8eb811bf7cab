"""Reading kept cells by owner: PostgreSQL adds them up and hands out the sums.

The months of those who lead somebody are added up when they are folded, each under the names of
the whole line. Who reads for these very people finds them; for any others, and until a fold after
people came or went, cells are added up by owner.

What a page then has to add up is as much for a manager of twenty as for a manager of two.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from pipeline.models import Tally
from pipeline.tallies.cells import NO_DAYS, Cell, Cells, empty_cells
from revops.people.models import ReportingLink

EVERY, LINE = "owner", "line"
"""How dimensions end that are kept by owner, and those that are added up by line."""

SUMS = """
SELECT {start}, cell->>0, {key}, cell->>2,
       sum((cell->3)::int), sum((cell->>4)::numeric), {spreads}
FROM pipeline_tally, {cells} AS cell
WHERE id IN ({rows}) AND (grain = 'month' OR start <> ALL(%s) AND {month} <> ALL(%s)) {whose}
GROUP BY 1, 2, 3, 4
"""
MONTH = "date_trunc('month', start::timestamp)::date"
SPREADS = "jsonb_agg(cell->5) FILTER (WHERE cell->5 <> '{}')"
ALL = "jsonb_array_elements(cells)"
BY_OWNER = "jsonb_each(cells) AS own (owner, cells), jsonb_array_elements(own.cells)"


def line_key(owners: Iterable[str]) -> str:
    """What the sum of these owners is kept as: it names them, so that it is theirs for ever."""
    return ",".join(sorted(owners, key=int))


def line_dimension(kept: str) -> str:
    """The dimension of the sums by line beside one that is kept by owner."""
    return kept.removesuffix(EVERY) + LINE


def present_lines() -> set[str]:
    """The lines of all who lead somebody now."""
    lines: defaultdict[int, set[str]] = defaultdict(set)
    for above, below in ReportingLink.objects.values_list("ancestor", "descendant"):
        lines[above].add(str(below))
    return {line_key(people) for people in lines.values() if len(people) > 1}


def of_lines(cells: Cells, lines: Iterable[str]) -> Cells:
    """Cells by owner, added up by line."""
    within: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        for owner in line.split(","):
            within[owner].append(line)
    total = empty_cells()
    for (owner, kind, key, currency), held in cells.items():
        for line in within[owner]:
            total[line, kind, key, currency].add(held)
    return total


def can_add_up() -> bool:
    return connection.vendor == "postgresql"


@dataclass(frozen=True)
class Summing:
    """What is added up: whose cells, told apart by what, with or without spreads of days."""

    kept: str
    """The dimension of the rows."""

    dimension: str
    owners: Collection[str] | None
    by_month: bool
    spreads: bool

    @property
    def by_owner(self) -> bool:
        return self.kept.endswith(EVERY)

    def query(self, rows: str) -> str:
        return SUMS.format(
            start=MONTH if self.by_month else "NULL::date",
            key="own.owner" if self.dimension == "owner" else "cell->>1",
            spreads=SPREADS if self.spreads else "NULL",
            cells=BY_OWNER if self.by_owner else ALL,
            rows=rows,
            month=MONTH,
            whose="" if self.owners is None else "AND own.owner = ANY(%s)",
        )


def summed(
    rows: QuerySet[Tally],
    asked: Summing,
    *,
    since: date,
    marked: Collection[date],
    months: Collection[date],
) -> Iterator[Cell]:
    """The sums of the cells in these rows.

    Days that are marked, and those of the months that are read whole, are left out. What is not
    told apart by month begins on `since`.
    """
    try:
        found, parameters = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return
    owners = [] if asked.owners is None else [sorted(asked.owners)]
    with connection.cursor() as cursor:
        cursor.execute(asked.query(found), [*parameters, list(marked), list(months), *owners])
        for start, kind, key, currency, count, amount, spreads in cursor.fetchall():
            spread = added(spreads) if spreads else NO_DAYS
            yield Cell(start or since, kind, key, currency, count, amount, spread)


def added(spreads: str) -> dict[int, int]:
    """The sum of spreads of days, as JSON keeps them."""
    total: dict[str, int] = {}
    known = total.get
    for spread in json.loads(spreads):
        for days, count in spread.items():
            total[days] = known(days, 0) + count
    return {int(days): count for days, count in total.items()}
