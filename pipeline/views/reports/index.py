"""The page that lists every report by the question it answers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.reports.index import check_can_read_reports, reports_for


@login_required
@require_safe
def report_index(request):
    check_can_read_reports(request.user)
    at = timezone.now()
    groups = [
        (
            group,
            [(link, link.glimpse(request.user, at) if link.glimpse else None) for link in those],
        )
        for group, those in reports_for(request.user)
    ]
    return render(request, "pipeline/reports/index.html", {"groups": groups})
