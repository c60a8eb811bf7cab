"""How a forecast moved over its snapshots, and how near it was in the end."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline.forecasting.accuracy import accuracies, by_owner, trend_of
from pipeline.forecasting.periods import month_of, quarter_of
from pipeline.forecasting.snapshots import first_day_kept
from pipeline.forms.forecasting import PeriodForm
from pipeline.metrics import METRICS
from pipeline.views.forecast.asking import (
    asked,
    file_asked,
    link,
    query_of,
    tabs_of,
    today_of,
    whose_of,
)
from pipeline.views.rows import first_of, shows_all
from revops.company.models import Company
from revops.exports import Sheet, file_response
from revops.frame.formats import day_text
from revops.people.models import User

PERIODS_BACK = 6


@login_required
@require_safe
def forecast_trend(request):
    """The trend of one period, and the accuracy of the last ones; all of it from snapshots."""
    form = asked(request, PeriodForm)
    if form.errors:
        raise Http404
    facts, today = form.cleaned_data, today_of()
    pipeline, period, whose = facts["pipeline"], facts["period"], whose_of(request, form)
    said, conversion = trend_of(pipeline, period, whose, today=today)
    past = accuracies(pipeline, periods_before(period, today), whose, today=today)
    of_owner = owners_of(pipeline, period, whose, today)
    if kind := file_asked(request):
        sheets = [
            Sheet("Trend", TREND, trend_rows(said)),
            Sheet("Accuracy", ACCURACY, map(accuracy_row, past)),
            Sheet("By owner", ["Owner", *ACCURACY], owner_rows(of_owner)),
        ]
        return file_response(kind, f"forecast trend {pipeline.key} {period.key}", sheets)
    query = query_of(form, period=period.key)
    context = {
        "form": form,
        "pipeline": pipeline,
        "period": period,
        "whose": whose,
        "said": said,
        "chart": [
            (
                day_text(each.day).rpartition(" ")[0],
                [
                    each.forecast,
                    each.amounts["closed"],
                    each.computed,
                    each.computed + each.amounts["best_case"],
                ],
            )
            for each in said
        ],
        "series": ["Forecast", "Closed", "Closed and commit", "With best case"],
        "past": past,
        "accuracy_chart": [
            (each.period.label, [each.start.forecast, each.end.amounts["closed"]])
            for each in reversed(past)
            if each.value is not None
        ],
        "owners": first_of(of_owner, shows_all(request)),
        "owner_count": len(of_owner),
        "first_day": first_day_kept(pipeline),
        "conversion": conversion,
        "currency": Company.get().currency,
        "link": link("pipeline:forecast-trend", query),
        "before": link("pipeline:forecast-trend", query, period=period.previous.key),
        "after": link("pipeline:forecast-trend", query, period=period.next.key),
        "lengths": [
            {
                "label": label,
                "url": link(
                    "pipeline:forecast-trend",
                    query,
                    period=of(today if period.holds(today) else period.starts_on).key,
                ),
                "current": period.is_quarter is is_quarter,
            }
            for label, of, is_quarter in (
                ("Month", month_of, False),
                ("Quarter", quarter_of, True),
            )
        ],
        "tabs": tabs_of(query, "trend"),
        "definition": METRICS["forecast_accuracy"],
    }
    return render(request, "pipeline/forecast/trend.html", context)


def periods_before(period, today):
    """The period asked for, or the present one, and those before it."""
    found = [min(period, period.like(today))]
    while len(found) < PERIODS_BACK:
        found.append(found[-1].previous)
    return found


def owners_of(pipeline, period, whose, today) -> list[tuple[str, object]]:
    """The accuracy of the period by owner, the largest forecast first.

    Of a period that goes on, that of the one before.
    """
    if period.ends_on >= today:
        period = period.like(today).previous
    found = by_owner(pipeline, period, whose, today=today)
    names = dict(User.objects.filter(pk__in=found).values_list("pk", "name"))
    rows = [(names[owner], accuracy) for owner, accuracy in found.items() if accuracy.start]
    return sorted(rows, key=lambda row: (-row[1].start.forecast, row[0].casefold()))


TREND = ["Snapshot", "Closed", "Commit", "Best case", "Pipeline", "Omitted", "Called", "Forecast"]
ACCURACY = ["Period", "Forecast of", "Forecast", "Won as of", "Won", "Off by", "Accuracy", "Note"]


def trend_rows(said):
    for each in said:
        keys = ("closed", "commit", "best_case", "pipeline", "omitted")
        yield [each.day, *(each.amounts[key] for key in keys), each.call, each.forecast]


def accuracy_row(each) -> list[object]:
    return [
        each.period.label,
        each.start and each.start.day,
        each.start and each.start.forecast,
        each.end and each.end.day,
        each.end and each.end.amounts["closed"],
        each.miss,
        each.value,
        each.why_not,
    ]


def owner_rows(of_owner):
    for name, each in of_owner:
        yield [name, *accuracy_row(each)]
