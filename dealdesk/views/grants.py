"""Standing grants: who lent authority to whom, what is left of it, and each use."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk import operations
from dealdesk.forms import ReasonForm
from dealdesk.forms.grants import GrantForm
from dealdesk.inputs import policy_in_force
from dealdesk.models import NonStandardTerm, StandingGrant
from dealdesk.operations.grants import GIVEN_BY
from dealdesk.permissions import check_can_revoke_grant
from dealdesk.views.shared import by_and_at, why_not
from pipeline.models import Deal, Segment
from pipeline.timeline import tell
from revops.company.models import Company
from revops.ledger.models import Entry
from revops.people.actor import Actor
from revops.refusals import NotAllowed, Refused

MOST = 200


def grants_of(request):
    found = StandingGrant.objects.visible_to(request.user)
    return found.select_related("given_by", "person", "team", "revoked_by")


@login_required
@require_safe
def grant_list(request) -> HttpResponse:
    """Grants that stand, then those that ended."""
    today = Company.get().local_day(timezone.now())
    found = list(grants_of(request).order_by("-given_at", "-pk")[:MOST])
    standing = [each for each in found if not each.revoked_at and each.ends_on >= today]
    context = {
        "standing": standing,
        "ended": [each for each in found if each not in standing],
        "may_give": request.user.has_role(*GIVEN_BY),
        "today": today,
    }
    return render(request, "dealdesk/grant_list.html", context)


@login_required
@require_safe
def grant_detail(request, pk) -> HttpResponse:
    return show_grant(request, pk)


def show_grant(request, pk: int, *, refused: Refused | None = None) -> HttpResponse:
    grant = get_object_or_404(grants_of(request), pk=pk)
    uses = grant.uses.select_related("request__deal", "request__quote", "request__submitted_by")
    seen = set(Deal.objects.visible_to(request.user).values_list("pk", flat=True)) if uses else ()
    entries = list(Entry.objects.about(grant).select_related("actor", "on_behalf_of")[:30])
    names = dict(NonStandardTerm.objects.filter(key__in=grant.terms).values_list("key", "name"))
    labels = dict(Segment.choices)
    context = {
        "grant": grant,
        "uses": [(use, use.request.deal_id in seen) for use in uses.order_by("-pk")[:MOST]],
        "terms": [names.get(key, key) for key in grant.terms],
        "segments": [labels.get(key, key) for key in grant.segments],
        "accounts": list(grant.accounts.order_by("name")),
        "cannot_revoke": why_not(check_can_revoke_grant, grant, by=Actor.from_request(request)),
        "is_over": grant.ends_on < Company.get().local_day(timezone.now()),
        "history": tell(entries, request.user),
        "form": ReasonForm(),
        "refused": refused,
    }
    status = refused.status if refused else 200
    return render(request, "dealdesk/grant_detail.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def grant_new(request) -> HttpResponse:
    """Lend one's own authority."""
    if not request.user.has_role(*GIVEN_BY):
        raise NotAllowed("Only authority of one's own is lent.")
    _, policy = policy_in_force()
    currency = Company.get().currency
    form = GrantForm(request.POST or None, giver=request.user, policy=policy, currency=currency)
    refused, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                grant = operations.give_grant(**form.cleaned_data, **by_and_at(request))
            except Refused as exc:
                refused, status = exc, exc.status
            else:
                messages.success(request, f"Grant {grant} is given. {grant.grantee} is told.")
                return redirect(grant)
    context = {"form": form, "refused": refused, "currency": currency}
    return render(request, "dealdesk/grant_new.html", context, status=status)


@login_required
@require_POST
def grant_revoke(request, pk) -> HttpResponse:
    """Take lent authority back, and end what rests on it."""
    grant = get_object_or_404(grants_of(request), pk=pk)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    facts = by_and_at(request)
    try:
        operations.revoke_grant(grant=grant, reason=reason, **facts)
    except Refused as refused:
        return show_grant(request, pk, refused=refused)
    ended = operations.end_ungranted(at=facts["at"])
    told = (
        f" {len(ended)} request{'s' * (len(ended) != 1)} must be submitted again." if ended else ""
    )
    messages.success(request, f"Grant {grant} is taken back.{told}")
    return redirect(grant)
