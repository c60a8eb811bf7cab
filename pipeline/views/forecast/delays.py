"""Whose delay: the time of closed deals, told apart by whom it waited on."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline.forecasting.delay import APPROVER
from pipeline.forecasting.delays import MOST_DEALS, delays_of, label_of
from pipeline.forms.forecasting import DelayForm
from pipeline.templatetags.forecast import decimal_of
from pipeline.views.forecast.asking import (
    asked,
    file_asked,
    link,
    query_of,
    tabs_of,
    whose_of,
)
from revops.company.models import Company
from revops.exports import Sheet, file_response

DAY = 86400
COLOURS = 6
HEADER = ["Stage", "Party", "Deals", "of", "Mean days", "Median days", "Share of the time"]


@login_required
@require_safe
def delay_report(request):
    """The time of the deals that closed in a period, by stage and party."""
    form = asked(request, DelayForm)
    if form.errors:
        context = {"form": form, "tabs": tabs_of({}, "delays")}
        return render(request, "pipeline/forecast/delays.html", context, status=422)
    facts = form.cleaned_data
    pipeline, since, until = facts["pipeline"], facts["from"], facts["to"]
    whose = whose_of(request, form)
    found = delays_of(pipeline, since, until, whose, status=facts["status"])
    query = query_of(form, **{"from": since, "to": until, "status": facts["status"]})
    if kind := file_asked(request):
        name = f"whose delay {pipeline.key} {since} {until}"
        return file_response(kind, name, [Sheet("Whose delay", HEADER, exported(found))])
    labels = [label_of(party) for party in found.parties]
    context = {
        "form": form,
        "found": found,
        "pipeline": pipeline,
        "since": since,
        "until": until,
        "whose": whose,
        "most": MOST_DEALS,
        "labels": labels,
        "parts": list(zip(labels, found.parts, strict=True)),
        **chart_of(found),
        "approvers": approvers(found),
        "currency": Company.get().currency,
        "link": link("pipeline:delay-report", query),
        "tabs": tabs_of(query, "delays"),
    }
    return render(request, "pipeline/forecast/delays.html", context)


def days(seconds):
    return round(decimal_of(seconds) / DAY, 2)


def chart_of(found) -> dict[str, object]:
    """Bars of the stages; where there are more parties than colours, the least of the approvers
    stand together."""
    least = sorted(
        (part for part in found.parts if part.party.startswith(APPROVER)),
        key=lambda part: part.seconds,
    )
    spare = max(0, len(found.parties) - COLOURS)
    joined = {part.party for part in least[: spare + 1]} if spare else set()
    shown = [party for party in found.parties if party not in joined]
    return {
        "chart": [(row.name, heights(row.parts, shown, joined)) for row in found.stages],
        "series": [*map(label_of, shown), *(["Other approvers"] if joined else [])],
    }


def heights(parts, shown, joined) -> list[object]:
    means = {part.party: part.mean for part in parts}
    rest = [sum(means[party] for party in joined)] if joined else []
    return [days(value) for value in (*(means[party] for party in shown), *rest)]


def approvers(found) -> object:
    """What all the approvers together took, of the whole time."""
    shares = [part.share for part in found.parts if part.party.startswith(APPROVER) and part.share]
    return sum(shares) if shares else None


def exported(found):
    for part in found.parts:
        yield ["All stages", *exported_part(part)]
    for row in found.stages:
        for part in row.parts:
            yield [row.name, *exported_part(part)]


def exported_part(part) -> list[object]:
    return [
        label_of(part.party),
        part.n,
        part.of,
        part.mean / DAY,
        part.median / DAY,
        part.share,
    ]
