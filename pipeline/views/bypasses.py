"""The report of every move that went past a gate, and the same as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline import bypasses
from pipeline.forms.bypasses import BypassFilterForm
from revops import exports
from revops.addresses import number_in

PAGE = 50
HEADER = ("When", "Kind", "Deal", "Pipeline", "Into stage", "Move", "By", "Why", "Went past")


@login_required
@require_safe
def bypass_report(request):
    bypasses.check_can_see_bypasses(request.user)
    form = BypassFilterForm(request.GET)
    asked = form.asked()
    visits = bypasses.bypasses(request.user, asked)
    if after := number_in(request.GET.get("after", "")):
        visits = visits.filter(pk__lt=after)
    page = list(visits[: PAGE + 1])
    query = request.GET.copy()
    query.pop("after", None)
    following = ""
    if len(page) > PAGE:
        more = query.copy()
        more["after"] = page[PAGE - 1].pk
        following = f"?{more.urlencode()}"
    counts = bypasses.counts_by_kind(request.user, asked)
    context = {
        "form": form,
        "rows": bypasses.told(page[:PAGE]),
        "next": following,
        "counts": [(key, bypasses.KINDS[key], counts[key]) for key in bypasses.KINDS],
        "kind": asked.kind,
        "query": query.urlencode(),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
    }
    return render(request, "pipeline/bypass_report.html", context)


@login_required
@require_safe
def bypass_export(request, kind):
    if kind not in exports.FORMATS:
        raise Http404
    bypasses.check_can_see_bypasses(request.user)
    visits = bypasses.bypasses(request.user, BypassFilterForm(request.GET).asked())
    rows = (row_of(each) for visit in visits.iterator(1000) for each in bypasses.told([visit]))
    return exports.file_response(kind, "bypasses", [exports.Sheet("Bypasses", HEADER, rows)])


def row_of(bypass: bypasses.Bypass) -> list[object]:
    visit = bypass.visit
    return [
        timezone.localtime(visit.entered_at) if visit.entered_at else None,
        bypass.label,
        visit.deal.name,
        visit.stage.pipeline.name,
        visit.stage.name,
        visit.get_move_display(),
        bypass.who,
        visit.reason,
        ", ".join(bypass.past),
    ]
