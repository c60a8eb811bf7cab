"""The pipeline's own reports, and their addresses."""

from __future__ import annotations

from django.urls import path

from pipeline.reports.index import DISCIPLINE, FLOW, RESULTS, ReportLink, register_report
from pipeline.reports.shapes import SEPARATE
from pipeline.views.reports.ages import aging_page
from pipeline.views.reports.cycles import cycle_page
from pipeline.views.reports.dates import slippage_page
from pipeline.views.reports.funnels import funnel_page
from pipeline.views.reports.glimpses import of_aging, of_losses, of_trend, of_win_rates
from pipeline.views.reports.losing import losses_page
from pipeline.views.reports.showing import Report, show_report
from pipeline.views.reports.speeds import velocity_page
from pipeline.views.reports.stays import time_page
from pipeline.views.reports.trends import trend_page
from pipeline.views.reports.winrates import win_rates_page

YEAR = "last-12-months"

REPORTS = [
    Report(
        "trend",
        "Trend",
        "Are we opening and winning more than in the months before?",
        "chart-line",
        10,
        RESULTS,
        trend_page,
        glimpse=of_trend,
        usual=YEAR,
    ),
    Report(
        "win-rates",
        "Win rates",
        "Where do we win: which sources, people, products, segments, against whom?",
        "trophy",
        11,
        RESULTS,
        win_rates_page,
        glimpse=of_win_rates,
        bys=SEPARATE,
        usual=YEAR,
    ),
    Report(
        "losses",
        "Loss reasons",
        "Why do we lose, how much, and to whom?",
        "circle-x",
        12,
        RESULTS,
        losses_page,
        glimpse=of_losses,
        usual=YEAR,
    ),
    Report(
        "cycle",
        "Sales cycle",
        "How long does a deal take from opening to winning?",
        "timer",
        13,
        RESULTS,
        cycle_page,
        bys=SEPARATE,
        usual=YEAR,
    ),
    Report(
        "funnel",
        "Funnel and conversion",
        "At which stage do deals fall out?",
        "funnel",
        20,
        FLOW,
        funnel_page,
        usual=YEAR,
    ),
    Report(
        "time-in-stage",
        "Time in stage",
        "Where do deals stand still, and when is that too long?",
        "hourglass",
        21,
        FLOW,
        time_page,
        usual=YEAR,
    ),
    Report(
        "velocity",
        "Velocity and coverage",
        "What does the pipeline yield a day, and is there enough of it for the quota?",
        "gauge",
        22,
        FLOW,
        velocity_page,
    ),
    Report(
        "slippage",
        "Slippage and pushes",
        "Which close dates hold, how far are they pushed, and why?",
        "calendar-clock",
        40,
        DISCIPLINE,
        slippage_page,
        usual=YEAR,
    ),
    Report(
        "aging",
        "Aging",
        "How old are the open deals, and which have stood still?",
        "calendar-days",
        41,
        DISCIPLINE,
        aging_page,
        glimpse=of_aging,
        is_now=True,
    ),
]

urlpatterns = [
    path(f"reports/{report.key}/", show_report, {"report": report}, name=f"report-{report.key}")
    for report in REPORTS
]


def register() -> None:
    for report in REPORTS:
        register_report(
            ReportLink(
                key=report.key,
                title=report.title,
                sentence=report.sentence,
                url_name=report.url_name,
                icon=report.icon,
                order=report.order,
                group=report.group,
                glimpse=report.glimpse,
            )
        )
