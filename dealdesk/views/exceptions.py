"""The exception report: what is asked for most, how it comes out, and what it costs in hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealdesk import exceptions
from dealdesk.demo.checklist import report_opened
from dealdesk.exceptions import Filters
from dealdesk.forms import ExceptionFilterForm
from dealdesk.models import ExceptionRecord
from dealdesk.permissions import can_see_exceptions
from dealdesk.views.showing import tier_name
from revops import exports
from revops.addresses import moment_mark
from revops.company.models import Company
from revops.people.actor import Actor
from revops.refusals import NotAllowed

PAGE = 25
LABELS_IN_CHART = 8
ORDERS = {
    "frequency": "Most asked for",
    "approval_rate": "Most often approved",
    "turnaround": "Slowest to decide",
    "stake": "Most at stake",
}
Outcome, Kind = ExceptionRecord.Outcome, ExceptionRecord.Kind


def check_can_see(user) -> None:
    if not can_see_exceptions(user):
        raise NotAllowed(
            "The exception report is for RevOps, the deal desk, finance, legal, VPs and auditors."
        )


def filters_of(request) -> tuple[ExceptionFilterForm, Filters]:
    """The filters in the address; what cannot be read filters nothing and says so."""
    data = request.GET
    form = ExceptionFilterForm(data, choices=exceptions.choices(request.user), tier_label=tier_name)
    form.is_valid()
    facts = {name: form.cleaned_data.get(name) or "" for name in form.fields}
    return form, Filters(
        since=facts["since"] or None,
        until=facts["until"] or None,
        team=int(facts["team"]) if facts["team"] else None,
        kind=facts["kind"],
        tier=facts["tier"],
        outcome=facts["outcome"],
        segment=facts["segment"],
        label=data.get("label", "")[:200],
    )


@login_required
@require_safe
def exception_report(request):
    check_can_see(request.user)
    form, filters = filters_of(request)
    order = request.GET.get("order", "frequency")
    order = order if order in ORDERS else "frequency"
    ranked = exceptions.ranked(request.user, filters, order)
    rows, following = page_of(request, filters)
    report_opened(by=Actor.from_request(request), at=timezone.now())
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "form": form,
        "filters": filters,
        "summary": exceptions.summary(request.user, filters),
        "ranked": ranked,
        "order": order,
        "orders": ORDERS,
        "rows": rows,
        "next": following,
        "currency": Company.get().currency,
        "query": query.urlencode(),
        "charts": charts_of(request.user, filters, ranked),
        "is_filtered": any(request.GET.get(name) for name in (*form.fields, "label")),
    }
    return render(request, "dealdesk/exception_report.html", context)


def page_of(request, filters: Filters) -> tuple[list[dict[str, Any]], str]:
    """A page of the rows, newest first, after the row that the address names."""
    rows = exceptions.listed(request.user, filters)
    if mark := moment_mark(request.GET.get("after", "")):
        moment, pk = mark
        rows = rows.filter(Q(requested_at__lt=moment) | Q(requested_at=moment, pk__lt=pk))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    following = ""
    if len(found) > PAGE:
        query = request.GET.copy()
        query["after"] = f"{shown[-1].requested_at.isoformat()}_{shown[-1].pk}"
        following = f"?{query.urlencode()}#rows"
    return [{"row": row, "tier": tier_name(row.tier)} for row in shown], following


SERIES = [
    Outcome.APPROVED,
    Outcome.REJECTED,
    Outcome.PENDING,
    Outcome.WITHDRAWN,
    Outcome.EXPIRED,
    Outcome.BYPASSED,
]


def charts_of(user, filters: Filters, ranked) -> dict[str, Any]:
    """The rows that the charts draw."""
    months: dict[date, dict[str, int]] = {}
    for month, outcome, number in exceptions.by_month(user, filters):
        months.setdefault(month, {})[outcome] = number
    used = [o for o in SERIES if any(o in counts for counts in months.values())]
    top = sorted(ranked, key=exceptions.ORDERS["frequency"])[:LABELS_IN_CHART]
    slow = sorted((row for row in ranked if row.hours is not None), key=lambda row: -row.hours)
    return {
        "months": [
            (f"{month:%b %y}", [counts.get(o, 0) for o in used])
            for month, counts in list(months.items())[-12:]
        ],
        "outcomes": [Outcome(o).label for o in used],
        "labels": [(row.label, row.requests) for row in top],
        "hours": [(row.label, row.hours) for row in slow[:LABELS_IN_CHART]],
        "kinds": [
            (Kind(kind).label, stake) for kind, _, stake in exceptions.by_kind(user, filters)
        ],
    }


# Taking it along

HEADS = [
    "Requested",
    "Deal",
    "Account",
    "Segment",
    "Type",
    "Exception",
    "Standard",
    "Asked",
    "Granted",
    "Discount %",
    "At stake",
    "Currency",
    "Tier",
    "Requester",
    "Team",
    "Approvers",
    "Outcome",
    "Decided",
    "Business hours",
]


@login_required
@require_safe
def exception_export(request, form):
    """All rows of the report under its filters, as CSV or XLSX."""
    check_can_see(request.user)
    if form not in exports.FORMATS:
        raise Http404
    _, filters = filters_of(request)
    company = Company.get()
    rows = exported(exceptions.listed(request.user, filters), company)
    name = f"exceptions-{company.local_day(timezone.now())}"
    return exports.file_response(form, name, [exports.Sheet("Exceptions", HEADS, rows)])


def exported(rows, company: Company) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=500):
        yield [
            row.requested_at.astimezone(company.zone_info).replace(tzinfo=None),
            row.deal.name,
            row.account.name if row.account else "",
            row.get_segment_display(),
            row.get_kind_display(),
            row.label,
            row.standard_value,
            row.requested_value,
            row.granted_value,
            row.discount_percent,
            row.stake_amount,
            company.currency,
            tier_name(row.tier),
            row.requester.name if row.requester else "",
            row.team.name if row.team else "",
            ", ".join(person.name for person in row.deciders.all()),
            row.get_outcome_display(),
            row.decided_at.astimezone(company.zone_info).replace(tzinfo=None)
            if row.decided_at
            else None,
            row.business_hours,
        ]
