"""Courses and shares that pages show beside the reports: cycles by month, stale deals by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from django.db.models import Count

from pipeline import metrics
from pipeline.findings import find, read_context
from pipeline.metrics import Spread
from pipeline.models import Deal
from pipeline.reports.reading import lots_by_kind
from pipeline.reports.scope import Scope
from pipeline.tallies.reading import read_tallies
from pipeline.tallies.spans import by_month, months_between
from revops.charts.scale import ticks

MOST_BANDS = 12


def cycle_by_month(scope: Scope) -> list[tuple[date, Spread]]:
    """How long the deals took that were won in each month of the period."""
    ended = by_month(read_tallies(scope, "closed"))
    return [
        (month, metrics.cycle_length(lots_by_kind(ended.get(month, []))["won"].days))
        for month in months_between(scope.since, min(scope.until, scope.today))
    ]


def stale_by_stage(scope: Scope) -> dict[int, int]:
    """How many of the open deals in each stage have been there too long."""
    here = Deal.objects.open().filter(scope.present(), pipeline=scope.pipeline)
    stale = find(here, "stale", read_context(scope.at))
    return dict(stale.order_by().values_list("stage").annotate(Count("pk")))


def stale_limits(scope: Scope) -> Mapping[int, float]:
    """After how many days a deal is stale, by the number of its stage."""
    return read_context(scope.at).limits


def bands(spread: Spread, most: int = MOST_BANDS) -> list[tuple[int, int, int]]:
    """Days in bands of one round width, from and to included, and how many lie in each."""
    if not spread.n:
        return []
    last = max(spread.counts)
    edges = ticks(0, max(1, last + 1), most - 1)
    width = max(1, round(edges[1] - edges[0]))
    found: Counter[int] = Counter()
    for days, count in spread.counts.items():
        found[days // width] += count
    first = min(found)
    return [
        (at * width, at * width + width - 1, found[at]) for at in range(first, last // width + 1)
    ]
