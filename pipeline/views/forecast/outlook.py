"""The forecast of a period, and what is called over it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pipeline import operations
from pipeline.forecasting.forecast import Forecast, forecast_of
from pipeline.forecasting.lines import CATEGORIES, Line
from pipeline.forecasting.periods import month_of, quarter_of, read_period
from pipeline.forecasting.whose import (
    called_by,
    check_can_see_forecast,
    people_seen_by,
    whose_deals,
)
from pipeline.forms.forecasting import CallForm, PeriodForm
from pipeline.metrics import METRICS
from pipeline.models import ForecastCall, Pipeline
from pipeline.permissions import can_call
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
from pipeline.views.shared import by_and_at, next_of
from revops.addresses import number_in
from revops.company.models import Company
from revops.exports import Sheet, file_response
from revops.people.models import User
from revops.refusals import NotAllowed, Refused

LABELS = {
    "closed": "Closed",
    "commit": "Commit",
    "best_case": "Best case",
    "pipeline": "Pipeline",
    "omitted": "Omitted",
}
HEADER = [
    "Level", "Person", "Closed", "Commit", "Best case", "Pipeline", "Omitted", "Adds up to",
    "Called", "Why", "Forecast", "Quota", "Gap", "Coverage", "Coverage of what remains", "Deals",
]  # fmt: skip


@login_required
@require_safe
def forecast(request):
    """What the deals that close in a period come to, by person along the reporting line."""
    form = asked(request, PeriodForm)
    if form.errors:
        raise Http404
    period, today = form.cleaned_data["period"], today_of()
    found = forecast_of(form.cleaned_data["pipeline"], period, whose_of(request, form), today=today)
    if kind := file_asked(request):
        name = f"forecast {found.pipeline.key} {period.key}"
        return file_response(kind, name, [Sheet("Forecast", HEADER, exported(found))])
    query = query_of(form, period=period.key)
    opened = request.GET.get("open", "")
    rows = shown_rows(request, found, query, opened)
    context = {
        "form": form,
        "found": found,
        "period": period,
        "today": today,
        "rows": first_of(rows, shows_all(request)),
        "row_count": len(rows),
        "labels": LABELS,
        "link": link("pipeline:forecast", query, open=opened),
        "files": link("pipeline:forecast", query),
        "everything": link("pipeline:forecast", query, open="all"),
        "is_all_open": opened == "all",
        "before": link("pipeline:forecast", query, period=period.previous.key),
        "after": link("pipeline:forecast", query, period=period.next.key),
        "lengths": lengths(period, query, today),
        "calls": list(calls_in(found)),
        "tabs": tabs_of(query, "forecast"),
        "chart": chart_of(found),
        "currency": Company.get().currency,
        "definitions": [METRICS[key] for key in ("coverage", "remaining_coverage", "attainment")],
    }
    return render(request, "pipeline/forecast/outlook.html", context)


def lengths(period, query, today) -> list[dict[str, object]]:
    """The same time as a month or as a quarter."""
    day = today if period.holds(today) else period.starts_on
    return [
        {
            "label": label,
            "url": link("pipeline:forecast", query, period=of(day).key),
            "current": period.is_quarter is is_quarter,
        }
        for label, of, is_quarter in (("Month", month_of, False), ("Quarter", quarter_of, True))
    ]


def shown_rows(request, found: Forecast, query, opened: str) -> list[dict[str, object]]:
    """The lines of those whose manager is open; the first level always is."""
    ids = {number_in(each) for each in opened.split(",")} - {None}
    if not opened and len(found.lines) == 1:
        ids = {found.lines[0].person_id}
    rows: list[dict[str, object]] = []
    callable_ = called_by(request.user)
    unfold = link("pipeline:forecast", query, open="")
    call = {"pipeline": found.pipeline.key, "period": found.period.key}
    call_url = link("pipeline:forecast-call", call)

    def add(line: Line, depth: int) -> None:
        is_open = opened == "all" or line.person_id in ids
        toggled = ids ^ {line.person_id}
        rows.append(
            {
                "line": line,
                "depth": depth,
                "is_open": is_open,
                "toggle": f"{unfold}&open={'%2C'.join(map(str, sorted(toggled))) or '0'}"
                if line.below and opened != "all"
                else "",
                "amounts": [line.amounts[key] for key in CATEGORIES],
                "call_url": f"{call_url}&person={line.person_id}"
                if line.person_id in callable_
                else "",
            }
        )
        if is_open:
            for each in line.below:
                add(each, depth + 1)

    for line in found.lines:
        add(line, 0)
    return rows


def calls_in(found: Forecast):
    """The calls that stand, whether their line is open or not."""
    for root in found.lines:
        for _, line in root.walk():
            if line.call:
                yield line, line.call, "commit"
            if line.best_call:
                yield line, line.best_call, "best case"


def chart_of(found: Forecast) -> dict[str, object]:
    """Closed, commit, best case and pipeline of the lines below the one that is looked at."""
    lines = found.lines
    while len(lines) == 1 and lines[0].below:
        lines = lines[0].below
    keys = CATEGORIES[:4]
    return {
        "series": [LABELS[key] for key in keys],
        "rows": [(line.name, [line.amounts[key] for key in keys]) for line in lines[:20]],
    }


def exported(found: Forecast):
    for root in found.lines:
        for depth, line in root.walk():
            yield exported_line(line, depth)
    if len(found.lines) > 1:
        yield exported_line(found.total, 0)


def exported_line(line: Line, depth: int) -> list[object]:
    return [
        depth,
        line.name,
        *(line.amounts[key] for key in CATEGORIES),
        line.computed,
        line.call.amount if line.call else None,
        line.call.reason if line.call else "",
        line.forecast,
        line.quota,
        line.gap,
        line.coverage,
        line.remaining,
        line.count,
    ]


# Calls


def seen_person(request, number: str) -> User:
    """The person asked about; one who may not be seen is not there."""
    check_can_see_forecast(request.user)
    seen = people_seen_by(request.user)
    people = User.objects.all() if seen is None else User.objects.filter(pk__in=seen)
    return get_object_or_404(people, pk=number_in(number))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def forecast_call(request):
    """Say what a line will bring in a period, and why."""
    person = seen_person(request, request.GET.get("person", ""))
    pipeline = get_object_or_404(Pipeline, key=request.GET.get("pipeline", ""))
    period = read_period(request.GET.get("period", ""))
    if period is None:
        raise Http404
    if not can_call(person.pk, request.user):
        raise NotAllowed("Only the person and the managers above them call their forecast.")
    currency = Company.get().currency
    form = CallForm(request.POST or None, currency=currency)
    back = link("pipeline:forecast", {"pipeline": pipeline.key, "period": period.key})
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            operations.call_forecast(
                pipeline=pipeline,
                person=person,
                starts_on=period.starts_on,
                ends_on=period.ends_on,
                **form.cleaned_data,
                **by_and_at(request),
            )
        except Refused as no:
            if isinstance(no, NotAllowed):
                raise
            refused = no
        else:
            messages.success(request, f"Called for {person.name}, {period.label}.")
            return redirect(next_of(request) or back)
    history = ForecastCall.objects.filter(
        pipeline=pipeline, person=person, starts_on=period.starts_on, ends_on=period.ends_on
    )
    whose = whose_deals(request.user, person=person)
    context = {
        "total": forecast_of(pipeline, period, whose, today=today_of()).total,
        "currency": currency,
        "form": form,
        "refused": refused,
        "person": person,
        "period": period,
        "back": back,
        "history": history.select_related("made_by", "ended_by").order_by("-made_at", "-pk")[:20],
        "now": timezone.now(),
    }
    status = 422 if refused or form.errors else 200
    return render(request, "pipeline/forecast/call.html", context, status=status)


@login_required
@require_POST
def call_end(request, pk):
    """End a standing call."""
    seen = people_seen_by(request.user)
    calls = ForecastCall.objects.all()
    calls = calls if seen is None else calls.filter(person__in=seen)
    call = get_object_or_404(calls.select_related("pipeline"), pk=pk)
    operations.end_call(call=call, **by_and_at(request))
    messages.success(request, "The call has ended; the line counts as its deals add up.")
    back = reverse("pipeline:forecast")
    return redirect(next_of(request) or f"{back}?pipeline={call.pipeline.key}")
