"""The report of every request that passed without its approvers, and the same as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealdesk.models import ApprovalRequest
from pipeline.bypasses import can_see_bypasses, check_can_see_bypasses
from pipeline.reports.index import DISCIPLINE, ReportLink, register_report
from revops import exports
from revops.addresses import moment_mark

PAGE = 50
HEADER = ("When", "Deal", "Owner", "Attempt", "Asked", "Net", "Currency", "Let pass by", "Why")


def let_pass(user):
    """Requests let pass on deals that this person may see, the newest first."""
    found = ApprovalRequest.objects.visible_to(user).filter(bypassed_at__isnull=False)
    joined = found.select_related("deal__owner", "quote", "bypassed_by")
    return joined.order_by("-bypassed_at", "-pk")


@login_required
@require_safe
def request_bypass_report(request):
    check_can_see_bypasses(request.user)
    rows = let_pass(request.user)
    if mark := moment_mark(request.GET.get("after", "")):
        moment, pk = mark
        rows = rows.filter(Q(bypassed_at__lt=moment) | Q(bypassed_at=moment, pk__lt=pk))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    following = ""
    if len(found) > PAGE:
        following = f"?after={shown[-1].bypassed_at.isoformat()}_{shown[-1].pk}"
    context = {"rows": shown, "next": following}
    return render(request, "dealdesk/request_bypass_report.html", context)


@login_required
@require_safe
def request_bypass_export(request, kind):
    if kind not in exports.FORMATS:
        raise Http404
    check_can_see_bypasses(request.user)
    rows = (row_of(asked) for asked in let_pass(request.user).iterator(1000))
    sheet = exports.Sheet("Let pass", HEADER, rows)
    return exports.file_response(kind, "requests-let-pass", [sheet])


def row_of(asked: ApprovalRequest) -> list[object]:
    return [
        timezone.localtime(asked.bypassed_at),
        asked.deal.name,
        asked.deal.owner.name,
        asked.attempt,
        asked.route_key,
        asked.quote.net_amount,
        asked.quote.currency,
        asked.bypassed_by.name if asked.bypassed_by else "",
        asked.ended_reason,
    ]


def register() -> None:
    register_report(
        ReportLink(
            "let-pass",
            "Requests let pass",
            "Which terms went ahead although nobody who was asked approved them?",
            "dealdesk:request-bypass-report",
            "shield-off",
            91,
            group=DISCIPLINE,
            visible=can_see_bypasses,
        )
    )
