"""Quotes: the editor with its live route, submitting, revising, and which one a deal stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk import operations
from dealdesk.coverage import cover_of_quote, names_of, waiting_for, what_primary_gives_up
from dealdesk.drafts import draft_of
from dealdesk.forms import Sheet, SubmitForm
from dealdesk.forms.trades import type_trade
from dealdesk.inputs import policy_in_force, rows_of
from dealdesk.models import Quote
from dealdesk.permissions import check_can_quote, check_can_save, check_can_submit
from dealdesk.policy import Policy
from dealdesk.previewing import Preview
from dealdesk.pricing import rounded
from dealdesk.trades import Trade
from dealdesk.views.shared import (
    by_and_at,
    changed_meanwhile,
    deal_or_404,
    is_swap,
    quote_or_404,
    version_in,
    why_not,
)
from dealdesk.views.showing import (
    bases_of,
    line_figures,
    off_text,
    preview_steps,
    show_request,
    trace_rows,
    trace_summary,
)
from dealdesk.wording import listed, money_text
from revops.people.actor import Actor
from revops.refusals import Conflict, Refused

READ = ["GET", "HEAD", "POST"]


# Reading


@login_required
@require_safe
def quote_detail(request, pk):
    """A draft opens in the editor for who may change it; everything else is read."""
    quote = quote_or_404(request, pk)
    if quote.is_draft and not why_not(check_can_save, quote, by=Actor.from_request(request)):
        return show_editor(request, quote, Sheet.of_rows(rows_of(quote)))
    return show_quote(request, quote)


def show_quote(request, quote: Quote, *, form=None, refused=None, status=200) -> HttpResponse:
    """A quote that nobody types into: its terms, its route, and what may be done with it."""
    by, at = Actor.from_request(request), timezone.now()
    rows = rows_of(quote)
    newest = quote.requests.select_related("snapshot", "policy", "quote", "deal__owner")
    newest = newest.select_related("submitted_by").order_by("-attempt").first()
    live = live_of(quote, by, at, preview=lambda: preview_saved(quote, by, at))
    no_submit = why_not(check_can_submit, quote, by=by)
    cover = cover_of_quote(quote, at, rows)
    if cover.request is not None and cover.request.quote_id == quote.pk:
        no_submit = "These terms are approved already."
    context = {
        **frame_of(quote, by, at),
        "rows": rows,
        "live": live,
        "cover": cover,
        "shown": show_request(newest, at) if newest else None,
        "no_submit": no_submit,
        "form": form or SubmitForm(),
        "refused": refused,
    }
    return render(request, "dealdesk/quote_read.html", context, status=status)


def frame_of(quote: Quote, by: Actor, at: datetime) -> dict[str, Any]:
    """What every page of one quote shows around it."""
    return {
        "quote": quote,
        "deal": quote.deal,
        "revisions": revision_tabs(quote),
        "no_quote": why_not(check_can_quote, quote.deal, by=by),
        "at": at,
    }


def revision_tabs(quote: Quote) -> list[dict[str, Any]]:
    """Every revision of the deal's quotes, newest first."""
    return [
        {
            "label": f"Revision {each.revision}{', primary' if each.is_primary else ''}",
            "url": each.get_absolute_url(),
            "current": each.pk == quote.pk,
            "count": None,
        }
        for each in quote.deal.quotes.order_by("-revision")[:12]
    ]


# The live part: totals, bases, the route, and what would avoid it


@dataclass
class Live:
    """What a quote comes to as it stands on the page, or why it cannot be judged."""

    quote: Quote
    policy: Policy | None = None
    preview: Preview | None = None
    refused: Refused | None = None
    faults: list[str] | None = None

    @property
    def figures(self):
        return line_figures(self.preview.terms.price) if self.preview else {}

    @property
    def price(self):
        return self.preview.terms.price if self.preview else None

    @property
    def is_priced(self) -> bool:
        return bool(self.price and self.price.lines)

    @property
    def net(self):
        return self.price.net_amount

    @property
    def standard(self):
        return self.price.standard_amount

    @property
    def listed(self):
        return self.price.list_amount

    @property
    def recurring(self):
        """Net of what recurs, where there are one-offs besides."""
        both = self.price.one_off.standard and self.price.recurring.standard
        return rounded(self.price.recurring.net, self.price.minor_digits) if both else None

    @property
    def one_off(self):
        return rounded(self.price.one_off.net, self.price.minor_digits)

    @property
    def discount(self) -> str:
        return off_text(self.price.blended.percent)

    @property
    def asks(self) -> str:
        return listed(role.label for role in sorted(self.preview.route.roles))

    @property
    def bases(self):
        return bases_of(self.preview.terms, self.policy) if self.preview else []

    @property
    def steps(self):
        return preview_steps(self.preview) if self.preview else []

    @property
    def trace(self):
        return trace_rows(self.preview.route) if self.preview else []

    @property
    def trace_summary(self):
        return trace_summary(self.preview.route) if self.preview else ""

    @property
    def avoid(self) -> list[tuple[str, str]]:
        """What would avoid asking somebody, and by how much less discount."""
        if self.preview is None:
            return []
        return [(self.less(each.net), each.sentence) for each in self.preview.avoid]

    @property
    def trades(self) -> list[tuple[str, Trade]]:
        """What one click types to leave somebody out, and by how much less discount."""
        offered = self.preview.trades if self.preview else ()
        return [(self.less(each.net), each) for each in offered]

    def less(self, least: Decimal | None) -> str:
        """How much less discount a net is: "4,310.00 EUR less discount: "."""
        net, digits = self.price.tcv, self.price.minor_digits
        if least is None or least <= net:
            return ""
        less = rounded(Fraction(least) - net, digits)
        return f"{money_text(less, self.quote.currency, digits)} less discount: "

    @property
    def terms_said(self) -> dict[str, str]:
        """Whom each catalogue term asks as it is worded now, by its key."""
        if self.preview is None:
            return {}
        route = self.preview.route
        said = {problem.about: problem.sentence for problem in route.problems}
        for tried in route.trace:
            if tried.rule.startswith("terms.catalogue."):
                said[tried.rule.removeprefix("terms.catalogue.")] = tried.sentence
        return said

    @property
    def alerts(self):
        return self.preview.route.alerts if self.preview else ()


def live_of(quote: Quote, by: Actor, at: datetime, *, preview) -> Live:
    """Judge what `preview` returns; what cannot be judged says why."""
    _, policy = policy_in_force()
    try:
        return Live(quote, policy, preview())
    except Refused as refused:
        return Live(quote, policy, refused=refused)


def preview_saved(quote: Quote, by: Actor, at: datetime) -> Preview:
    return operations.preview_quote(quote=Quote.objects.get(pk=quote.pk), by=by, at=at)


def live_sheet(sheet: Sheet, by: Actor, at: datetime) -> Live:
    """Judge a sheet as it is typed now; the quote itself stays as it is."""
    if not sheet.is_valid():
        return Live(sheet.quote, faults=sheet.faults)
    quote = Quote.objects.select_related("deal__account", "deal__owner").get(pk=sheet.quote.pk)
    draft = sheet.draft()
    return live_of(
        sheet.quote,
        by,
        at,
        preview=lambda: operations.preview_draft(quote=quote, draft=draft, by=by, at=at),
    )


# The editor


@login_required
@require_POST
def quote_new(request, pk):
    """Start a quote of a deal on standard terms, and open it."""
    deal = deal_or_404(request, pk)
    quote = operations.create_quote(deal=deal, **by_and_at(request))
    return redirect(quote)


@login_required
@require_http_methods(READ)
def quote_edit(request, pk):
    quote = quote_or_404(request, pk)
    check_can_save(quote, by=Actor.from_request(request))
    if request.method != "POST":
        return show_editor(request, quote, Sheet.of_rows(rows_of(quote)))
    sheet = Sheet.of_post(request.POST, quote)
    if not sheet.is_valid():
        return show_editor(request, quote, sheet, status=422)
    try:
        save_sheet(request, sheet, version=version_in(request))
    except Refused as refused:
        return show_editor(request, quote, sheet, refused=refused, status=refused.status)
    messages.success(request, f"Revision {quote.revision} is saved.")
    return redirect(quote)


def save_sheet(request, sheet: Sheet, *, version: int | None) -> Quote:
    draft = sheet.draft()
    return operations.save_quote(
        quote=Quote.objects.get(pk=sheet.quote.pk),
        header=dict(draft.header),
        lines=draft.lines,
        concessions=draft.concessions,
        terms=draft.terms,
        version=version,
        **by_and_at(request),
    )


@login_required
@require_POST
def quote_preview(request, pk):
    """Recompute what is typed, and add or remove rows. Writes nothing.

    A swap gets the live part and the figures of the lines; the whole editor when its rows changed.
    Without scripts it is the page again with everything that was typed.
    """
    quote = quote_or_404(request, pk)
    check_can_save(quote, by=Actor.from_request(request))
    act = request.POST.get("act", "")
    sheet = Sheet.of_post(request.POST, quote)
    if act.startswith(TRADE):
        sheet = traded(sheet, act.removeprefix(TRADE), request)
    if not is_swap(request):
        return show_editor(request, quote, sheet, focus=act)
    context = editor_of(request, quote, sheet, focus=act)
    if act or request.POST.get("shape") != context["shape"]:
        response = render(request, "dealdesk/_quote_editor.html", context)
        response["HX-Retarget"], response["HX-Reswap"] = "#quote-editor", "outerHTML"
        return response
    return render(request, "dealdesk/_quote_live.html", {**context, "oob": True})


TRADE = "trade-"


def traded(sheet: Sheet, key: str, request) -> Sheet:
    """The sheet with one trade typed in; as it was when the trade is not offered any more."""
    live = live_sheet(sheet, Actor.from_request(request), timezone.now())
    offered = live.preview.trades if live.preview else ()
    trade = next((each for each in offered if each.key == key), None)
    if trade is None:
        return sheet
    type_trade(sheet.raw, trade, sheet.choices)
    return Sheet(sheet.raw, sheet.quote, choices=sheet.choices)


def show_editor(
    request, quote: Quote, sheet: Sheet, *, form=None, refused=None, status=200, focus=""
) -> HttpResponse:
    context = editor_of(request, quote, sheet, form=form, refused=refused, focus=focus)
    return render(request, "dealdesk/quote_edit.html", context, status=status)


def editor_of(
    request, quote: Quote, sheet: Sheet, *, form=None, refused=None, focus=""
) -> dict[str, Any]:
    by, at = Actor.from_request(request), timezone.now()
    saved = Quote.objects.select_related("deal__account", "deal__owner").get(pk=quote.pk)
    version, shown_version = saved.version, version_in(request)
    if shown_version is not None and not isinstance(refused, Conflict):
        # Whatever else happens on the page, it was opened on this version.
        version = shown_version
    if form is None:
        form = SubmitForm(initial=request.POST.dict()) if request.POST else SubmitForm()
        if request.POST:
            form.initial["in_return"] = request.POST.getlist("in_return")
    meanwhile = changed_meanwhile(request, saved) if isinstance(refused, Conflict) else ()
    return {
        **frame_of(saved, by, at),
        "sheet": sheet,
        "live": live_sheet(sheet, by, at),
        "form": form,
        "refused": refused,
        "version": version,
        "opened": request.POST.get("opened") or at.isoformat(),
        "meanwhile": meanwhile,
        "shape": shape_of(sheet),
        "focus": focus,
    }


def shape_of(sheet: Sheet) -> str:
    """What decides which rows and choices the editor has."""
    rows = ".".join(str(len(line.years)) for line in sheet.lines)
    parts = (sheet.quote.currency, sheet.quote.priced_on, rows, len(sheet.concessions))
    return "|".join(map(str, (*parts, len(sheet.terms))))


# What is done with a quote


@login_required
@require_POST
def quote_submit(request, pk):
    """Submit what is on the page: a draft is saved as it is typed, then submitted."""
    quote = quote_or_404(request, pk)
    check_can_submit(quote, by=Actor.from_request(request))
    form, version = SubmitForm(request.POST), version_in(request)
    sheet = None
    if quote.is_draft and "header-kind" in request.POST:
        sheet = Sheet.of_post(request.POST, quote)
    valid = all([form.is_valid(), sheet is None or sheet.is_valid()])
    refused = None
    if valid:
        try:
            if sheet is not None and sheet.draft() != draft_of(rows_of(fresh(quote))):
                version = save_sheet(request, sheet, version=version).version
            asked = operations.submit_quote(
                quote=fresh(quote), version=version, **form.cleaned_data, **by_and_at(request)
            )
        except Refused as exc:
            refused = exc
        else:
            messages.success(request, submitted_words(asked))
            return redirect(quote)
    status = refused.status if refused else 422
    place_beside(form, refused)
    if sheet is not None:
        if refused is not None and not isinstance(refused, Conflict):
            request.POST = with_version(request.POST, fresh(quote).version)
        return show_editor(request, quote, sheet, form=form, refused=refused, status=status)
    return show_quote(request, fresh(quote), form=form, refused=refused, status=status)


def fresh(quote: Quote) -> Quote:
    """The quote as it is stored: reading what was typed changes the one in hand."""
    found = Quote.objects.select_related("deal__account", "deal__owner", "payment_terms", "billing")
    return found.get(pk=quote.pk)


def with_version(data, version: int):
    """The same form with the version that was just saved."""
    data = data.copy()
    data["version"] = str(version)
    return data


def place_beside(form: SubmitForm, refused: Refused | None) -> None:
    for missing in refused.missing if refused else ():
        if missing.key in form.fields:
            form.add_error(missing.key, missing.sentence)


def submitted_words(asked) -> str:
    if not asked.is_pending:
        return "Approved at once: nobody needs to agree."
    return f"Submitted. {names_of(waiting_for(asked))} will be asked by mail now."


@login_required
@require_POST
def quote_revise(request, pk):
    quote = quote_or_404(request, pk)
    draft = operations.revise_quote(quote=quote, **by_and_at(request))
    messages.success(
        request, f"Revision {draft.revision} is a draft; {quote.revision} stays as it is."
    )
    return redirect(draft)


@login_required
@require_POST
def quote_clone(request, pk):
    quote = quote_or_404(request, pk)
    copy = operations.clone_quote(quote=quote, **by_and_at(request))
    messages.success(request, f"Revision {copy.revision} is a copy. It carries no approvals.")
    return redirect(copy)


@login_required
@require_http_methods(READ)
def quote_make_primary(request, pk):
    """Say what making a quote primary gives up, and do it when that is confirmed."""
    quote = quote_or_404(request, pk)
    by, at = Actor.from_request(request), timezone.now()
    check_can_quote(quote.deal, by=by)
    gives_up = what_primary_gives_up(quote, at)
    refused = None
    if request.method == "POST":
        try:
            operations.make_primary(quote=quote, version=version_in(request), by=by, at=at)
        except Refused as exc:
            refused, quote = exc, fresh(quote)
        else:
            told = f"{quote.deal.name} stands on revision {quote.revision} now."
            if gives_up:
                messages.warning(request, f"{told} Its terms are not approved: submit them.")
            else:
                messages.success(request, told)
            return after_primary(request, quote)
    context = {
        "quote": quote,
        "deal": quote.deal,
        "now": Quote.objects.filter(deal=quote.deal, is_primary=True).first(),
        "gives_up": gives_up,
        "refused": refused,
    }
    name = "dealdesk/_make_primary.html" if is_swap(request) else "dealdesk/make_primary.html"
    return render(request, name, context, status=refused.status if refused else 200)


def after_primary(request, quote: Quote) -> HttpResponse:
    url = quote.deal.get_absolute_url()
    if is_swap(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)
