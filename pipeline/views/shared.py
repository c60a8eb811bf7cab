"""What the pages of the pipeline share: who asks, which deal, and how an act is answered."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from pipeline.models import Deal
from pipeline.timeline import tell
from revops.addresses import number_in
from revops.frame.middleware import add_trigger
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.refusals import Conflict, NotAllowed

SHOWN = ("account", "owner", "owner__team", "owner__manager", "stage", "pipeline")


def deal_or_404(request, pk: int) -> Deal:
    """The deal, if this person may see it; otherwise it is as if it were not there."""
    deals = Deal.objects.visible_to(request.user).select_related(*SHOWN)
    return get_object_or_404(deals, pk=pk)


def by_and_at(request) -> dict[str, object]:
    """Who acts, and when: what every operation takes."""
    return {"by": Actor.from_request(request), "at": timezone.now()}


def is_swap(request) -> bool:
    return bool(request.htmx) and not request.htmx.boosted


def why_not(check, *args, **kwargs) -> str:
    """Why this may not be done by whom it is asked for; empty when it may."""
    try:
        check(*args, **kwargs)
    except NotAllowed as refused:
        return refused.message
    return ""


def version_in(request) -> int | None:
    """The version of the record that the page showed, from the form's hidden field."""
    return number_in(request.POST.get("version", ""))


def opened_at(request) -> datetime | None:
    try:
        return datetime.fromisoformat(request.POST.get("opened", ""))
    except ValueError:
        return None


def changed_meanwhile(request, record) -> list:
    """What others did to the record since the page was shown, as the timeline tells it."""
    since = opened_at(request)
    entries = Entry.objects.about(record).select_related("actor", "on_behalf_of")
    entries = entries.filter(at__gt=since) if since else entries
    return tell(list(entries[:5]), request.user)


def done(request, deal: Deal, text: str) -> HttpResponse:
    """Answer an act that succeeded: the board's card, the deal in place, or the deal's page."""
    messages.success(request, text)
    if not is_swap(request):
        return redirect(next_of(request) or deal.get_absolute_url())
    if request.GET.get("from") == "board":
        from pipeline.views.board import moved_on_board

        return close_dialog(moved_on_board(request, deal))
    from pipeline.views.showing import deal_context

    # The deal is read anew: the act changed it.
    deal = deal_or_404(request, deal.pk)
    response = render(request, "pipeline/_deal.html", deal_context(request, deal))
    response["HX-Retarget"] = "#deal"
    response["HX-Reswap"] = "outerHTML"
    return close_dialog(response)


def close_dialog(response: HttpResponse) -> HttpResponse:
    add_trigger(response, "close-dialog", None)
    return response


def next_of(request) -> str:
    """Where the form asked to go afterwards, when that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if ours and wanted.startswith("/") else ""


def show_act(request, deal, context: dict, *, status: int = 200) -> HttpResponse:
    """A form that acts on a deal: alone in the dialog, or as a page of its own."""
    query = request.GET.urlencode()
    context = {
        "deal": deal,
        "opened": timezone.now(),
        "action": request.path + (f"?{query}" if query else ""),
        "back": reverse("pipeline:deal-detail", args=[deal.pk]),
        **context,
    }
    if isinstance(context.get("refused"), Conflict):
        context["meanwhile"] = changed_meanwhile(request, deal)
        deal.refresh_from_db()
    if not is_swap(request):
        return render(request, "pipeline/act.html", context, status=status)
    response = render(request, "pipeline/_act.html", context, status=status)
    if request.htmx.target != "dialog-body":
        response["HX-Retarget"] = "#dialog-body"
        response["HX-Reswap"] = "innerHTML"
    return response
