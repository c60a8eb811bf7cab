"""What a person was told: standing alerts, the digests they had, and how they want to be told."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pipeline import operations
from pipeline.alerting.digests import SECTIONS, deals_of
from pipeline.alerting.mornings import Week
from pipeline.findings import Finding, findings_for, read_context
from pipeline.forms.alerts import AlertChoiceForm
from pipeline.keyset import Order, page_of
from pipeline.models import AlertPreference, Deal, DigestSent, FindingAlert
from pipeline.queries import cards_of, shown_deals
from pipeline.views.shared import by_and_at, version_in
from revops.outbox.models import Notification
from revops.refusals import Refused

ALERTS_AT_ONCE = 30
DEALS_AT_ONCE = 50
LATEST_FIRST = Order("found_at", descending=True)


@dataclass(frozen=True)
class Told:
    """A standing alert with what is found on its deal now."""

    alert: FindingAlert
    deal: Deal
    finding: Finding | None


@login_required
@require_safe
def alert_list(request):
    """What stands on the deals that a person was told of, the latest first."""
    at = timezone.now()
    alerts = FindingAlert.objects.filter(person=request.user, cleared_at=None)
    page = page_of(alerts, LATEST_FIRST, after=request.GET.get("after", ""), size=ALERTS_AT_ONCE)
    visible = Deal.objects.visible_to(request.user).select_related("account", "owner")
    deals = visible.in_bulk({alert.deal_id for alert in page.rows})
    found = findings_for(list(deals.values()), read_context(at))
    seen = [alert for alert in page.rows if alert.deal_id in deals]
    digests = DigestSent.objects.filter(pk__in=told_digests(request.user).values("about_id"))
    context = {
        "rows": [told(alert, deals[alert.deal_id], found) for alert in seen],
        "next": page.next,
        "is_first": not request.GET.get("after"),
        "digests": digests.filter(person=request.user).order_by("-day", "-pk")[:8],
    }
    return render(request, "pipeline/alerts/list.html", context)


def told(alert, deal, found) -> Told:
    finding = next((each for each in found[deal.pk] if each.kind == alert.finding), None)
    return Told(alert, deal, finding)


def told_digests(user):
    """The notices behind the digests that said something."""
    return Notification.objects.filter(person=user, about_type="digestsent")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def alert_choose(request):
    """How often one is told, chosen by everybody for themselves."""
    preference = AlertPreference.objects.filter(person=request.user).first()
    preference = preference or AlertPreference(person=request.user)
    posted = request.method == "POST"
    chosen = ("cadence", "weekly_digest", "waiting_digest")
    start = {name: getattr(preference, name) for name in chosen}
    form = AlertChoiceForm(request.POST if posted else None, initial=start)
    refused, status = None, 200
    if posted and form.is_valid():
        version = version_in(request) if preference.pk else None
        try:
            operations.set_alert_preference(
                person=request.user, version=version, **form.cleaned_data, **by_and_at(request)
            )
        except Refused as exc:
            refused, status = exc, exc.status
        else:
            messages.success(request, "Saved: you are told as you chose.")
            return redirect("pipeline:alert-choose")
    status = 422 if form.errors else status
    context = {
        "form": form,
        "preference": preference,
        "refused": refused,
        "zone": request.user.get_zone(),
    }
    return render(request, "pipeline/alerts/choose.html", context, status=status)


def digest_or_404(request, pk: int) -> tuple[DigestSent, Notification]:
    """A digest that this person had, with what it said."""
    row = get_object_or_404(DigestSent, pk=pk, person=request.user)
    notice = told_digests(request.user).filter(about_id=pk).first()
    if notice is None:
        raise Http404
    return row, notice


@login_required
@require_safe
def digest_detail(request, pk):
    """A digest as it was sent; its figures open the deals behind them."""
    row, notice = digest_or_404(request, pk)
    context = {"digest": row, "facts": notice.context, "notice": notice}
    return render(request, "pipeline/alerts/digest.html", context)


@login_required
@require_safe
def digest_section(request, pk, section):
    """The deals behind one figure of a digest, as they are now."""
    row, notice = digest_or_404(request, pk)
    if section not in SECTIONS or not notice.context.get("figures"):
        raise Http404
    at, chosen = timezone.now(), SECTIONS[section]
    week = Week(row.day, request.user.get_zone())
    deals = deals_of(chosen, request.user, week, at).filter(
        pk__in=Deal.objects.visible_to(request.user).values("pk")
    )
    page = page_of(
        deals,
        Order("close_date"),
        after=request.GET.get("after", ""),
        size=DEALS_AT_ONCE,
        whole=shown_deals(),
    )
    figure = next((each for each in notice.context["figures"] if each["key"] == section), None)
    context = {
        "digest": row,
        "section": chosen,
        "figure": figure,
        "cards": cards_of(page.rows, at=at),
        "next": page.next,
        "is_first": not request.GET.get("after"),
    }
    return render(request, "pipeline/alerts/section.html", context)
