"""What the pages of the forecast share: the question in the address, and the same as a link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from pipeline.forecasting.whose import Whose, check_can_see_forecast, whose_deals
from revops.company.models import Company
from revops.exports import FORMATS
from revops.refusals import Refused


def today_of(at: Any = None) -> Any:
    return Company.get().local_day(at or timezone.now())


def asked(request: Any, form_class: Any) -> Any:
    """The question as the address has it. What names somebody not visible is not there."""
    check_can_see_forecast(request.user)
    form = form_class(request.GET, reader=request.user, today=today_of())
    form.is_valid()
    if form.names_the_unseen:
        if not form.fields["pipeline"].queryset.exists():
            raise Refused("No pipeline has published rules yet.", code="no_rules")
        raise Http404
    return form


def whose_of(request: Any, form: Any) -> Whose:
    facts = form.cleaned_data
    return whose_deals(request.user, person=facts.get("person"), team=facts.get("team"))


def file_asked(request: Any) -> str:
    """The kind of file that is asked for; empty for the page."""
    kind = request.GET.get("format", "")
    if kind and kind not in FORMATS:
        raise Http404
    return kind


def query_of(form: Any, **more: Any) -> dict[str, str]:
    """Everything that was asked, with nothing left to defaults."""
    facts = form.cleaned_data
    found = {"pipeline": facts["pipeline"].key}
    for name in ("person", "team"):
        if facts.get(name):
            found[name] = str(facts[name].pk)
    return found | {key: str(value) for key, value in more.items() if value not in (None, "")}


def link(url_name: str, query: dict[str, str], *args: Any, **changes: Any) -> str:
    changed = {key: str(value) for key, value in {**query, **changes}.items() if value}
    return f"{reverse(url_name, args=args)}?{urlencode(changed)}"


def tabs_of(query: dict[str, str], current: str) -> list[dict[str, object]]:
    """The pages of the forecast, each asked the same."""
    kept = {key: query[key] for key in ("pipeline", "person", "team", "period") if key in query}
    pages = (
        ("forecast", "Forecast", "pipeline:forecast"),
        ("waterfall", "Change", "pipeline:waterfall"),
        ("trend", "Trend and accuracy", "pipeline:forecast-trend"),
        ("quotas", "Quotas", "pipeline:quota-list"),
        ("delays", "Whose delay", "pipeline:delay-report"),
    )
    return [
        {"label": label, "url": link(name, kept), "current": key == current}
        for key, label, name in pages
    ]
