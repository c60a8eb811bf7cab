"""Accounts and the people we know there."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pipeline import operations
from pipeline.addedfields import added_facts
from pipeline.conflicts import say_who
from pipeline.forms import AccountForm, ContactForm, SegmentForm, added_values
from pipeline.keyset import Order, page_of
from pipeline.models import Account, Contact, Deal
from pipeline.permissions import (
    check_can_change_account,
    check_can_override_segment,
    check_can_sell,
)
from pipeline.timeline import timeline_of
from pipeline.views.deals import may_create, put_beside, status_of
from pipeline.views.shared import (
    by_and_at,
    is_swap,
    opened_at,
    version_in,
    why_not,
)
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused

SORTS = {"name": Order("search_text"), "employees": Order("employees", descending=True)}
ROWS_AT_ONCE = 50
DEALS_SHOWN = 25
FACTS = (
    "name",
    "domain",
    "industry",
    "country",
    "employees",
    "revenue_amount",
    "revenue_currency",
    "founded_year",
    "parent",
    "owner",
)


def account_or_404(request, pk: int) -> Account:
    accounts = Account.objects.visible_to(request.user)
    return get_object_or_404(
        accounts.select_related("owner", "parent", "segment_override_by"), pk=pk
    )


@login_required
@require_safe
def account_list(request):
    accounts = Account.objects.visible_to(request.user).select_related("owner")
    text = request.GET.get("q", "").strip()[:100]
    if text:
        accounts = accounts.matching(text)
    if request.GET.get("scope") == "mine":
        accounts = accounts.filter(owner=request.user)
    page = page_of(accounts, SORTS["name"], after=request.GET.get("after", ""), size=ROWS_AT_ONCE)
    open_deals = (
        Deal.objects.open()
        .visible_to(request.user)
        .filter(account__in=[account.pk for account in page.rows])
        .order_by()
        .values_list("account")
        .annotate(Count("pk"))
    )
    context = {
        "accounts": page.rows,
        "open_deals": dict(open_deals),
        "next": page.next,
        "q": text,
        "scope": request.GET.get("scope", ""),
        "is_first": not request.GET.get("after"),
        "cannot_enter": why_not(check_can_sell, by=Actor.from_request(request)),
    }
    return render(request, "pipeline/account_list.html", context)


@login_required
@require_safe
def account_options(request):
    """Names of accounts that match, for the field that looks them up while one types."""
    text = next((value for name, value in request.GET.items() if name != "after"), "").strip()
    found = []
    if len(text) > 1:
        accounts = Account.objects.visible_to(request.user).matching(text)
        found = list(accounts.order_by("search_text", "pk")[:12])
    return render(request, "pipeline/_account_options.html", {"accounts": found})


@login_required
@require_safe
def account_detail(request, pk):
    account = account_or_404(request, pk)
    by = Actor.from_request(request)
    deals = Deal.objects.visible_to(request.user).filter(account=account)
    newest_first = F("closed_on").desc(nulls_first=True)
    deals = deals.select_related("stage", "owner").order_by(newest_first, "-pk")
    contacts = Contact.objects.visible_to(request.user).filter(account=account)
    told = timeline_of(account, request.user, before=request.GET.get("before", ""))
    shown = list(deals[: DEALS_SHOWN + 1])
    context = {
        "account": account,
        "deals": shown[:DEALS_SHOWN],
        "more_deals": len(shown) > DEALS_SHOWN,
        "contacts": list(contacts.order_by("name", "pk")[:100]),
        "subsidiaries": list(account.subsidiaries.order_by("search_text", "pk")[:20]),
        "segment": segment_of(account),
        "added": added_facts("account", account.custom),
        "entries": told.entries,
        "more": told.next,
        "cannot_change": why_not(check_can_change_account, account, by=by),
        "cannot_override": why_not(check_can_override_segment, by=by),
        "may_create": may_create(request.user),
    }
    return render(request, "pipeline/account_detail.html", context)


def segment_of(account: Account) -> str:
    """The segment as somebody said it; otherwise the head count speaks through the policy."""
    return account.get_segment_override_display() if account.segment_override else ""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_new(request):
    check_can_sell(by=Actor.from_request(request))
    initial = {"name": request.GET.get("name", ""), "owner": request.user.pk}
    form = AccountForm(request.POST or None, user=request.user, initial=initial)
    refused = None
    if request.method == "POST" and form.is_valid():
        facts = {name: value for name, value in form.cleaned_data.items() if value is not None}
        try:
            account = operations.create_account(**facts, **by_and_at(request))
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{account.name} is entered.")
            return redirect(account)
    context = {
        "title": "New account",
        "back": reverse("pipeline:account-list"),
        "back_label": "Accounts",
        "submit": "Enter the account",
    }
    return show_form(request, form, refused, context)


def show_form(request, form, refused, context: dict, status: int | None = None) -> HttpResponse:
    context = {"form": form, "refused": refused, "opened": timezone.now(), **context}
    status = status or status_of(form, refused)
    return render(request, "pipeline/form_page.html", context, status=status)


def show_again(request, record, form, facts: dict, refused: Conflict, context: dict):
    """Somebody was quicker: what they changed beside what was typed, and a save over it."""
    fresh = form.keep_over(facts)
    say_who(fresh.clashes, record, since=opened_at(request))
    context = {**context, "record": record, "submit": "Save mine over theirs"}
    return show_form(request, fresh, refused, context, status=409)


def facts_of(account: Account) -> dict:
    facts = {name: getattr(account, name) for name in FACTS}
    return facts | added_values("account", account.custom)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_edit(request, pk):
    account = account_or_404(request, pk)
    check_can_change_account(account, by=Actor.from_request(request))
    initial = facts_of(account)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = AccountForm(*given, user=request.user, account=account, initial=initial)
    context = {
        "record": account,
        "title": f"Edit {account.name}",
        "back": account.get_absolute_url(),
        "back_label": account.name,
        "submit": "Save",
    }
    refused = None
    if request.method == "POST" and form.is_valid():
        facts = {"changes": form.changes(), "version": version_in(request), **by_and_at(request)}
        try:
            operations.change_account(account=account, **facts)
        except Conflict as exc:
            account = context["record"] = account_or_404(request, pk)
            return show_again(request, account, form, facts_of(account), exc, context)
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{account.name} is changed.")
            return redirect(account)
    return show_form(request, form, refused, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_segment(request, pk):
    """Say the segment against the head count, with a reason."""
    account = account_or_404(request, pk)
    check_can_override_segment(by=Actor.from_request(request))
    initial = {"segment": account.segment_override}
    form = SegmentForm(request.POST or None, initial=initial)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            operations.override_segment(account=account, **form.cleaned_data, **by_and_at(request))
        except Refused as exc:
            if exc.code == "reason_missing":
                form.add_error("reason", exc.message)
            else:
                refused = exc
        else:
            messages.success(request, f"The segment of {account.name} is set.")
            return redirect(account)
    count = f"{account.employees:,} people" if account.employees else "Its head count is unknown"
    context = {
        "title": f"Segment of {account.name}",
        "lead": f"{count}. Its open deals are judged anew at once.",
        "back": account.get_absolute_url(),
        "back_label": account.name,
        "submit": "Set the segment",
    }
    return show_form(request, form, refused, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request, pk):
    account = account_or_404(request, pk)
    check_can_change_account(account, by=Actor.from_request(request))
    form = ContactForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            operations.create_contact(account=account, **form.cleaned_data, **by_and_at(request))
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{form.cleaned_data['name']} is entered.")
            return redirect(account)
    context = {
        "title": f"New contact at {account.name}",
        "back": account.get_absolute_url(),
        "back_label": account.name,
        "submit": "Enter the contact",
    }
    return show_form(request, form, refused, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def contact_edit(request, pk):
    contacts = Contact.objects.visible_to(request.user).select_related("account")
    contact = get_object_or_404(contacts, pk=pk)
    if contact.account:
        check_can_change_account(contact.account, by=Actor.from_request(request))
    facts = contact_facts(contact)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ContactForm(*given, contact=contact, initial=facts)
    back = contact.account.get_absolute_url() if contact.account else "/"
    context = {
        "record": contact,
        "title": f"Edit {contact.name}",
        "back": back,
        "back_label": contact.account.name if contact.account else "Home",
        "submit": "Save",
    }
    refused = None
    if request.method == "POST" and form.is_valid():
        asked = {"changes": form.changes(), "version": version_in(request), **by_and_at(request)}
        try:
            operations.change_contact(contact=contact, **asked)
        except Conflict as exc:
            contact.refresh_from_db()
            return show_again(request, contact, form, contact_facts(contact), exc, context)
        except Refused as exc:
            refused = None if put_beside(form, exc) else exc
        else:
            messages.success(request, f"{form.cleaned_data['name']} is changed.")
            return redirect(back)
    return show_form(request, form, refused, context)


def contact_facts(contact: Contact) -> dict:
    facts = {name: getattr(contact, name) for name in ("name", "title", "email", "phone")}
    return facts | added_values("contact", contact.custom)


@login_required
@require_safe
def account_timeline(request, pk):
    account = account_or_404(request, pk)
    told = timeline_of(account, request.user, before=request.GET.get("before", ""))
    context = {"account": account, "entries": told.entries, "more": told.next}
    if is_swap(request):
        return render(request, "pipeline/_timeline_page.html", context)
    return render(request, "pipeline/deal_timeline.html", context)
