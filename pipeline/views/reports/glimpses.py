"""What the page of reports shows of some of them before they are opened."""

from __future__ import annotations

from datetime import datetime

from pipeline.metrics import Rate
from pipeline.models import Pipeline
from pipeline.reports import flow, results
from pipeline.reports.index import Glimpse
from pipeline.reports.periods import named
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import TrendRow
from pipeline.stages import process_of
from pipeline.views.reports.parts import basis_text, count_text, rate_text
from revops.charts.draw import sparkline
from revops.company.models import Company
from revops.people.models import User
from revops.remembering import remembered

SPAN = "last-12-months"
IN_A_YEAR = "in 12 months"


def scope_of(user: User, at: datetime) -> Scope | None:
    """Twelve months of the first pipeline."""
    pipeline = Pipeline.objects.in_use().first()
    if pipeline is None:
        return None
    period = named(SPAN, Company.get().local_day(at))
    return Scope(pipeline, period.since, period.until, at, reader=user)


def year_of(user: User, at: datetime) -> list[TrendRow]:
    """The twelve months, read once for every glimpse at them."""

    def read() -> list[TrendRow]:
        scope = scope_of(user, at)
        return results.trend(scope).rows if scope else []

    return remembered(("glimpse", user.pk, at), read)


def of_trend(user: User, at: datetime) -> Glimpse | None:
    won = [row.won for row in year_of(user, at)]
    if not sum(won):
        return None
    spark = sparkline(won, "Deals won by month", tone="1")
    return Glimpse(f"{count_text(sum(won))} won", IN_A_YEAR, spark)


def of_win_rates(user: User, at: datetime) -> Glimpse | None:
    rows = year_of(user, at)
    rate = sum((row.rate for row in rows), Rate(0, 0))
    return Glimpse(rate_text(rate), basis_text(rate)) if rate.n else None


def of_losses(user: User, at: datetime) -> Glimpse | None:
    lost = [row.lost for row in year_of(user, at)]
    if not sum(lost):
        return None
    return Glimpse(
        f"{count_text(sum(lost))} lost", IN_A_YEAR, sparkline(lost, "Deals lost by month")
    )


def of_aging(user: User, at: datetime) -> Glimpse | None:
    scope = scope_of(user, at)
    if scope is None:
        return None
    stages = [rule.stage_id for rule in process_of(scope.pipeline).open_rules]
    here = flow.present(scope)
    count = sum(here[stage].count for stage in stages if stage in here)
    return Glimpse(f"{count_text(count)} open", "now") if count else None
