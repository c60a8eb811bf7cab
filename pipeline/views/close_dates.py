"""Moving close dates: one deal with one tap, or many, each asked once."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forms import BulkPushForm, PushForm, choices_of, pks
from pipeline.models import Choice, Deal
from pipeline.operations import Push
from pipeline.operations.close_dates import BY_ITSELF
from pipeline.permissions import check_can_change
from pipeline.views.shared import (
    by_and_at,
    deal_or_404,
    done,
    next_of,
    show_act,
    version_in,
)
from revops.company.models import Company
from revops.frame.formats import day_text
from revops.people.actor import Actor
from revops.refusals import Refused

MOST_AT_ONCE = 50


def push_reasons() -> list[tuple[str, str]]:
    """The reasons a person may give; others are written down by themselves."""
    return [each for each in choices_of(Choice.List.PUSH_REASON) if each[0] not in BY_ITSELF]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_push(request, pk):
    """Move the close date: later by tapping the reason, earlier without one."""
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    form = PushForm(request.POST or None)
    today = Company.get().local_day(timezone.now())
    form.fields["to"].widget.attrs["min"] = today.isoformat()
    refused, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            moved = move_date(request, deal, form.cleaned_data)
        except Refused as exc:
            refused, status = beside(form, exc), exc.status
        else:
            return done(request, deal, f"{deal.name} is expected on {day_text(moved.close_date)}.")
    context = {
        "form": form,
        "refused": refused,
        "reasons": push_reasons(),
        "chosen": request.POST.get("reason_key", ""),
        "title": f"Move the close date of {deal.name}",
        "template": "pipeline/_push_form.html",
    }
    return show_act(request, deal, context, status=422 if form.errors else status)


def move_date(request, deal: Deal, typed) -> Deal:
    facts = {"deal": deal, "to": typed["to"], "version": version_in(request), **by_and_at(request)}
    if deal.close_date is None or typed["to"] < deal.close_date:
        return operations.pull_in_close_date(**facts)
    reason = request.POST.get("reason_key", "")
    return operations.push_close_date(reason_key=reason, note=typed["note"], **facts)


def beside(form: PushForm, refused: Refused) -> Refused | None:
    """Put a missing note beside its field; what has no field stays above the form."""
    rest = []
    for fault in refused.missing:
        name = "to" if fault.key == "close_date" else fault.key
        if name in form.fields:
            form.add_error(name, fault.sentence)
        else:
            rest.append(fault)
    return refused if rest or not refused.missing else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_bulk_push(request):
    """Push many close dates; each deal is asked once, for its own date and reason."""
    given = request.POST if request.method == "POST" else request.GET
    chosen = pks(given.getlist("deal"))[:MOST_AT_ONCE]
    deals = Deal.objects.open().visible_to(request.user).filter(pk__in=chosen)
    deals = list(deals.select_related("account", "owner").order_by("close_date", "pk"))
    reasons = [("", "Choose a reason"), *push_reasons()]
    data = request.POST if request.method == "POST" else None
    forms = [BulkPushForm(data, deal=deal, reasons=reasons) for deal in deals]
    results = push_all(request, forms) if data is not None else {}
    waiting = [form for form in forms if not (results.get(form.deal.pk) or {}).get("done")]
    context = {
        "forms": waiting,
        "results": [results[form.deal.pk] for form in forms if form.deal.pk in results],
        "back": next_of(request) or request.GET.get("back", ""),
        "is_answered": data is not None,
    }
    failed = data is not None and bool(waiting)
    return render(request, "pipeline/bulk_push.html", context, status=422 if failed else 200)


def push_all(request, forms) -> dict[int, dict]:
    """Push each deal that was given a date; what was left empty stays as it is."""
    results, pushes = {}, []
    for form in forms:
        if form.is_valid() and form.cleaned_data["to"]:
            typed = form.cleaned_data
            pushes.append(Push(form.deal, typed["to"], typed["reason_key"], typed["note"]))
        elif form.is_valid():
            results[form.deal.pk] = {"deal": form.deal, "done": True, "text": "left as it is"}
    by_pk = {form.deal.pk: form for form in forms}
    for result in operations.push_close_dates(pushes=pushes, **by_and_at(request)):
        deal, refusal = result.deal, result.refusal
        if refusal is None:
            text = f"expected on {day_text(deal.close_date)}"
            results[deal.pk] = {"deal": deal, "done": True, "text": text}
            continue
        form = by_pk[deal.pk]
        for fault in refusal.missing:
            form.add_error(fault.key if fault.key in form.fields else "to", fault.sentence)
        if not refusal.missing:
            form.add_error("to", refusal.message)
        results[deal.pk] = {"deal": deal, "done": False, "text": refusal.message}
    return results
