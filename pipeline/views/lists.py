"""The list of deals: filtered, sorted, paged by key, all of it in the address."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline import queries
from pipeline.dealexport import header, rows_of_deals
from pipeline.forms import FilterForm, read_sort
from pipeline.stages import process_of
from pipeline.views.board import age_of, pipeline_of, worst
from pipeline.views.deals import may_create
from revops.company.models import Company
from revops.exports import FORMATS, Sheet, file_response

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
@require_safe
def deal_export(request, kind):
    """Every deal of the list under its filters, in its order, as CSV or XLSX."""
    if kind not in FORMATS:
        raise Http404
    at, process = timezone.now(), process_of(pipeline_of(request))
    today = Company.get().local_day(at)
    form = FilterForm(request.GET, user=request.user, today=today, process=process)
    deals = queries.deals_for(request.user, form.filters(), at=at)
    order = queries.order_of(*read_sort(request.GET.get("sort", "")))
    return file_response(
        kind, f"deals {today}", [Sheet("Deals", header(), rows_of_deals(deals, order))]
    )
