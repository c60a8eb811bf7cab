"""The list of deals: filtered, sorted, paged by key, all of it in the address; and acts on many."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pipeline import operations, queries
from pipeline.forms import BulkMoveForm, FilterForm, pks, read_sort
from pipeline.models import Deal, Stage
from pipeline.stages import process_of
from pipeline.views.board import age_of, pipeline_of, worst
from pipeline.views.close_dates import MOST_AT_ONCE
from pipeline.views.deals import may_create
from pipeline.views.shared import by_and_at
from revops.company.models import Company

ROWS_AT_ONCE = 50
SORT_NAMES = {"name", "amount", "close_date", "created", "closed"}


@login_required
@require_safe
def deal_list(request):
    at, process = timezone.now(), process_of(pipeline_of(request))
    today = Company.get().local_day(at)
    form = FilterForm(request.GET, user=request.user, today=today, process=process)
    sort, descending = read_sort(request.GET.get("sort", ""))
    page = queries.deal_list(
        request.user,
        form.filters(),
        at=at,
        sort=sort,
        descending=descending,
        after=request.GET.get("after", ""),
        size=ROWS_AT_ONCE,
    )
    rows = [
        {"card": card, "deal": card.deal, "problem": worst(card), "age": age_of(card.deal)}
        for card in page.cards
    ]
    context = {
        "form": form,
        "rows": rows,
        "total": page.total,
        "sums": page.total.sums,
        "next": page.next,
        "currencies": {card.deal.currency for card in page.cards},
        "sort": request.GET.get("sort") or "close_date",
        "is_first": not request.GET.get("after"),
        "may_create": may_create(request.user),
        "today": today,
    }
    return render(request, "pipeline/deal_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_bulk_move(request):
    """Move many deals to one stage, each asked by its own gate, and say what became of each."""
    given = request.POST if request.method == "POST" else request.GET
    chosen = pks(given.getlist("deal"))[:MOST_AT_ONCE]
    pipeline = pipeline_of(request)
    deals = Deal.objects.visible_to(request.user).filter(pk__in=chosen, pipeline=pipeline)
    deals = list(deals.select_related("account", "owner", "stage").order_by("name", "pk"))
    data = request.POST if request.method == "POST" else None
    form = BulkMoveForm(data, process=process_of(pipeline))
    results = []
    if data is not None and form.is_valid():
        to = Stage.objects.get(pipeline=pipeline, key=form.cleaned_data["stage"])
        reason = form.cleaned_data["reason"]
        results = operations.bulk_move_deals(
            deals=deals, to=to, reason=reason, **by_and_at(request)
        )
    context = {
        "form": form,
        "deals": deals,
        "results": results,
        "moved": sum(result.refusal is None for result in results),
    }
    refused = bool(results) and any(result.refusal for result in results)
    status = 422 if refused or (data is not None and form.errors) else 200
    return render(request, "pipeline/bulk_move.html", context, status=status)
