"""The change waterfall, and the deals behind each of its bars."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.forecasting.bars import LABELS, MEANINGS, Bar, View
from pipeline.forecasting.behind import deals_behind, deals_standing
from pipeline.forecasting.periods import month_of, quarter_of
from pipeline.forecasting.waterfall import Waterfall, waterfall
from pipeline.forecasting.windows import window_of
from pipeline.forms.forecasting import WaterfallForm
from pipeline.reports.scope import counted_owners
from pipeline.views.forecast.asking import (
    asked,
    file_asked,
    link,
    query_of,
    tabs_of,
    today_of,
    whose_of,
)
from revops.addresses import number_in
from revops.company.models import Company
from revops.exports import Sheet, file_response

ENDS = {"starting": "Starting", "ending": "Ending"}
BARS = frozenset(bar.value for bar in Bar)
AT_ONCE = 50


def read(request):
    """The form as asked, and what it means; None where it cannot be read."""
    form = asked(request, WaterfallForm)
    if form.errors:
        return form, None
    facts = form.cleaned_data
    window, said = window_of(facts["closes"], facts["from"], facts["to"])
    whose = whose_of(request, form)
    view = View(window, counted_owners(whose.owners))
    return form, (facts["pipeline"], facts["from"], facts["to"], view, said)


def full_query(form) -> dict[str, str]:
    facts = form.cleaned_data
    return query_of(form, **{"from": facts["from"], "to": facts["to"], "closes": facts["closes"]})


@login_required
@require_safe
def waterfall_page(request):
    """What was expected, what came and went, and what is expected now."""
    form, question = read(request)
    if question is None:
        context = {"form": form, "tabs": tabs_of({}, "waterfall")}
        return render(request, "pipeline/forecast/change.html", context, status=422)
    pipeline, since, until, view, said = question
    found = waterfall(pipeline, since, until, view, at=timezone.now())
    query = full_query(form)
    if kind := file_asked(request):
        name = f"pipeline change {pipeline.key} {since} {until}"
        header = ["Bar", "Deals", f"Amount, {Company.get().currency}", *currencies(found)]
        return file_response(kind, name, [Sheet("Change", header, exported(found))])
    context = {
        "form": form,
        "found": found,
        "pipeline": pipeline,
        "said": said,
        "whose": whose_of(request, form),
        "steps": [
            (step, link("pipeline:waterfall-deals", query, step.bar.value)) for step in found.steps
        ],
        "ends": {key: link("pipeline:waterfall-deals", query, key) for key in ENDS},
        "chart": [
            ("Starting", found.starting.amount, True),
            *((step.label, step.amount) for step in found.steps),
            ("Ending", found.ending.amount, True),
        ],
        "hrefs": [
            link("pipeline:waterfall-deals", query, bar)
            for bar in ("starting", *(step.bar.value for step in found.steps), "ending")
        ],
        "currencies": currencies(found) if len(currencies(found)) > 1 else [],
        "by_currency": by_currency(found),
        "currency": Company.get().currency,
        "link": link("pipeline:waterfall", query),
        "tabs": tabs_of(query, "waterfall"),
        "presets": presets(query, today_of()),
    }
    return render(request, "pipeline/forecast/change.html", context)


def presets(query, today) -> list[dict[str, object]]:
    """Pairs of days that are asked often."""
    month, quarter = month_of(today), quarter_of(today)
    monday = today - timedelta(days=today.weekday())
    spans = (
        ("This week", monday, today),
        ("Last week", monday - timedelta(days=7), monday - timedelta(days=1)),
        ("This month", month.starts_on, today),
        ("Last month", month.previous.starts_on, month.previous.ends_on),
        ("This quarter", quarter.starts_on, today),
        ("Last quarter", quarter.previous.starts_on, quarter.previous.ends_on),
    )
    return [
        {
            "label": label,
            "url": link("pipeline:waterfall", query, **{"from": since, "to": until, "closes": ""}),
            "current": query["from"] == str(since) and query["to"] == str(until),
        }
        for label, since, until in spans
    ]


def currencies(found: Waterfall) -> list[str]:
    parts = [found.starting.sums, *(step.sums for step in found.steps)]
    return sorted({currency for part in parts for currency in part})


def by_currency(found: Waterfall) -> list[tuple[str, int, object, list[object]]]:
    return [
        (label, count, amount, [sums.get(currency) for currency in currencies(found)])
        for label, count, amount, sums in lines_of(found)
    ]


def lines_of(found: Waterfall):
    yield "Starting", found.starting.count, found.starting.amount, found.starting.sums
    for step in found.steps:
        yield step.label, step.count, step.amount, step.sums
    yield "Ending", found.ending.count, found.ending.amount, found.ending.sums


def exported(found: Waterfall):
    for label, count, amount, sums in by_currency(found):
        yield [label, count, amount, *sums]


@login_required
@require_safe
def waterfall_deals(request, bar):
    """The deals behind one bar, with how each stood before and after; paged by key."""
    if bar not in ENDS and bar not in BARS:
        raise Http404
    form, question = read(request)
    if question is None:
        raise Http404
    pipeline, since, until, view, said = question
    after = request.GET.get("after", "")
    start = number_in(after) or 0
    if bar in ENDS:
        day = until if bar == "ending" else since - timedelta(days=1)
        rows, following = deals_standing(
            pipeline, day, view, request.user, after=start, size=AT_ONCE
        )
    else:
        rows, following = deals_behind(
            pipeline, since, until, view, Bar(bar), request.user, after=start, size=AT_ONCE
        )
    query = full_query(form)
    context = {
        "bar": bar,
        "title": ENDS.get(bar) or LABELS[Bar(bar)],
        "meaning": MEANINGS[Bar(bar)] if bar in BARS else "",
        "is_end": bar in ENDS,
        "rows": rows,
        "next": link("pipeline:waterfall-deals", query, bar, after=following),
        "has_next": bool(following),
        "is_first": not start,
        "first": link("pipeline:waterfall-deals", query, bar),
        "back": link("pipeline:waterfall", query),
        "said": said,
        "since": since,
        "until": until,
        "pipeline": pipeline,
    }
    return render(request, "pipeline/forecast/behind.html", context)
