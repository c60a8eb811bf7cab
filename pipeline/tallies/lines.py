"""Reading kept cells by owner: PostgreSQL adds them up and hands out the sums.

A cell of everybody's tallies is looked at where it lies. What a page then has to add up is as
much for a manager of twenty as for a manager of two.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from pipeline.models import Tally
from pipeline.tallies.cells import NO_DAYS, Cell

SUMS = """
SELECT {start}, cell->>0, {key}, cell->>2,
       sum((cell->3)::int), sum((cell->>4)::numeric),
       jsonb_agg(cell->5) FILTER (WHERE cell->5 <> '{{}}')
FROM pipeline_tally, jsonb_array_elements(cells) AS cell
WHERE id IN ({rows}) AND (%s OR {whose} = ANY(%s))
  AND (grain = 'month' OR start <> ALL(%s) AND {month} <> ALL(%s))
GROUP BY 1, 2, 3, 4
"""
MONTH = "date_trunc('month', start::timestamp)::date"
LAST = "split_part(cell->>1, '@', -1)"
FIRST = "left(cell->>1, -1 - length(split_part(cell->>1, '@', -1)))"


def can_add_up() -> bool:
    return connection.vendor == "postgresql"


def summed(
    rows: QuerySet[Tally],
    owners: Collection[int] | None,
    asked: str,
    kept: str,
    *,
    by_month: bool,
    since: date,
    marked: Collection[date],
    months: Collection[date],
) -> Iterator[Cell]:
    """The cells of these owners, or all, in the dimension asked, from rows that keep another.

    Days that are marked, and those of the months that are read whole, are left out. What is not
    told apart by month begins on `since`.
    """
    try:
        found, parameters = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return
    by_both = asked != kept and kept != "owner"
    told = SUMS.format(
        start=MONTH if by_month else "NULL::date",
        key=FIRST if by_both else "cell->>1" if asked == kept else "''",
        whose=LAST if by_both else "cell->>1",
        month=MONTH,
        rows=found,
    )
    numbers = [str(int(pk)) for pk in sorted(owners or ())]
    with connection.cursor() as cursor:
        cursor.execute(told, [*parameters, owners is None, numbers, list(marked), list(months)])
        for start, kind, key, currency, count, amount, spreads in cursor.fetchall():
            spread = added(spreads) if spreads else NO_DAYS
            yield Cell(start or since, kind, key, currency, count, amount, spread)


def added(spreads: str) -> Counter[int]:
    """The sum of spreads of days, as JSON keeps them."""
    total: Counter[int] = Counter()
    for spread in json.loads(spreads):
        for days, count in spread.items():
            total[int(days)] += count
    return total
