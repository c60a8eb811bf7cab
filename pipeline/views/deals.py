"""The deal itself: its page, entering one, and changing its facts."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pipeline import operations, registry
from pipeline.conflicts import say_who
from pipeline.forms import (
    NOTES,
    DealForm,
    DealNotesForm,
    NewDealForm,
    ReassignForm,
    added_values,
)
from pipeline.models import Account
from pipeline.permissions import check_can_change, check_can_reassign
from pipeline.registry import CUSTOM
from pipeline.timeline import timeline_of
from pipeline.views.shared import (
    by_and_at,
    deal_or_404,
    done,
    is_swap,
    opened_at,
    show_act,
    version_in,
)
from pipeline.views.showing import deal_context
from revops.addresses import number_in
from revops.company.models import Company
from revops.people.actor import Actor
from revops.people.models import Role
from revops.refusals import Conflict, NotAllowed, Refused


@login_required
@require_safe
def deal_detail(request, pk):
    deal = deal_or_404(request, pk)
    return render(request, "pipeline/deal_detail.html", deal_context(request, deal))


@login_required
@require_safe
def deal_timeline(request, pk):
    """The next page of a deal's story, for those who read on."""
    deal = deal_or_404(request, pk)
    told = timeline_of(deal, request.user, before=request.GET.get("before", ""))
    context = {"deal": deal, "entries": told.entries, "more": told.next}
    if is_swap(request):
        return render(request, "pipeline/_timeline_page.html", context)
    return render(request, "pipeline/deal_timeline.html", context)


def may_create(user) -> bool:
    return user.has_role(Role.REP, Role.SALES_MANAGER, Role.VP_SALES, Role.REVOPS_ADMIN)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_new(request):
    if not may_create(request.user):
        raise NotAllowed("Only sellers, their managers and RevOps enter deals.")
    initial = {"owner": request.user.pk, "currency": Company.get().currency}
    if account := number_in(request.GET.get("account", "")):
        initial["account"] = Account.objects.visible_to(request.user).filter(pk=account).first()
    form = NewDealForm(request.POST or None, user=request.user, initial=initial)
    refused = None
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            deal = operations.create_deal(**facts, **by_and_at(request))
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{deal.name} is entered.")
            return redirect(deal)
    context = {
        "form": form,
        "refused": refused,
        "title": "New deal",
        "back": reverse("pipeline:deal-board"),
        "back_label": "Deals",
        "submit": "Enter the deal",
    }
    return render(request, "pipeline/form_page.html", context, status=status_of(form, refused))


def put_beside(form, refused: Refused) -> bool:
    """Put each fault beside its field; whether all found one."""
    placed = bool(refused.missing)
    for fault in refused.missing:
        name = fault.key if fault.key in form.fields else f"{CUSTOM}{fault.key}"
        if name in form.fields:
            form.add_error(name, fault.sentence)
        else:
            placed = False
    return placed


def status_of(form, refused: Refused | None) -> int:
    if refused is not None:
        return refused.status
    return 422 if form.is_bound and form.errors else 200


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_edit(request, pk):
    deal = deal_or_404(request, pk)
    check_can_change(deal, by=Actor.from_request(request))
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = edit_form(request, deal, *given)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_deal(
                deal=deal, changes=form.changes(), version=version_in(request), **by_and_at(request)
            )
        except Conflict as exc:
            return edit_again(request, deal, form, exc)
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{deal.name} is changed.")
            return redirect(deal)
    return show_edit(request, deal, form, refused=refused, status=status_of(form, refused))


def edit_form(request, deal, *given):
    return DealNotesForm(
        *given, user=request.user, deal=deal, locks=locks_of(deal), initial=facts_of(deal)
    )


def facts_of(deal) -> dict:
    names = (
        "name",
        "account",
        "amount",
        "currency",
        "deal_source",
        "fit_score",
        "product",
        "forecast_category",
        *NOTES,
    )
    return {name: getattr(deal, name) for name in names} | added_values("deal", deal.custom)


def locks_of(deal) -> dict[str, str]:
    """Why a field may not be typed: another app keeps it, or the deal is closed."""
    locks = {name: why for name, read in registry.field_locks().items() if (why := read(deal))}
    if not deal.is_open:
        stands = "It stands, since the deal is closed."
        locks |= dict.fromkeys(("account", "amount", "currency"), stands)
    return locks


def edit_again(request, deal, form: DealForm, refused: Conflict) -> HttpResponse:
    """Somebody was quicker: say what they changed, keep what was typed, take the rest from them."""
    deal = deal_or_404(request, deal.pk)
    fresh = form.keep_over(facts_of(deal))
    say_who(fresh.clashes, deal, since=opened_at(request))
    return show_edit(request, deal, fresh, refused=refused, status=409)


def show_edit(request, deal, form, *, refused=None, status=200) -> HttpResponse:
    context = {
        "form": form,
        "deal": deal,
        "record": deal,
        "refused": refused,
        "opened": timezone.now(),
        "title": f"Edit {deal.name}",
        "back": deal.get_absolute_url(),
        "back_label": deal.name,
        "submit": "Save mine over theirs" if isinstance(refused, Conflict) else "Save",
    }
    return render(request, "pipeline/form_page.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deal_reassign(request, pk):
    deal = deal_or_404(request, pk)
    check_can_reassign(deal, by=Actor.from_request(request))
    form = ReassignForm(request.POST or None, user=request.user, deal=deal)
    refused, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            operations.reassign_deal(
                deal=deal, version=version_in(request), **form.cleaned_data, **by_and_at(request)
            )
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            owner = form.cleaned_data["owner"]
            return after_handing_over(request, deal, f"{deal.name} belongs to {owner.name} now.")
    context = {
        "form": form,
        "refused": refused,
        "title": f"Give {deal.name} to another owner",
        "lead": f"{deal.owner.name} has it now. Both are told.",
        "submit": "Give the deal",
    }
    return show_act(request, deal, context, status=422 if form.errors else status)


def after_handing_over(request, deal, text: str) -> HttpResponse:
    """Who gave a deal away may no longer see it: then the board is where to go on."""
    visible = type(deal).objects.visible_to(request.user).filter(pk=deal.pk).exists()
    if visible:
        return done(request, deal, text)
    messages.success(request, text)
    if not is_swap(request):
        return redirect("pipeline:deal-board")
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("pipeline:deal-board")})
