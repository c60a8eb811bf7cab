"""The pages behind the personal link of a mail: no sign-in, and nothing happens by opening them.

The token leaves the address at once: it is kept in the session under the slot it belongs to, so
that two links in two tabs never mix, and the page has an address without it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealdesk import links, operations
from dealdesk.forms.decisions import LinkDecisionForm
from dealdesk.links import LinkKind, LinkOutcome
from dealdesk.models import ApprovalRequest, ApprovalSlot, Decision
from dealdesk.policy import StepUp, policy_from_json
from dealdesk.stepup import step_up_of
from dealdesk.views.approvals import approval_context, decide, slot_of_person
from dealdesk.views.shared import private, with_request
from dealdesk.views.talking import said_about
from revops.people.actor import Actor, Via
from revops.refusals import Refused

KEPT = "approval_links"
MOST_KEPT = 20
DEAD = {
    LinkKind.USED: "You have decided",
    LinkKind.DECIDED: "You have decided",
    LinkKind.EXPIRED: "This link is too old",
    LinkKind.SUPERSEDED: "There is a newer link",
    LinkKind.CHANGED: "This link has ended",
    LinkKind.CLOSED: "Nothing to decide here any more",
    LinkKind.MISTYPED: "This link has ended",
    LinkKind.NOT_ELIGIBLE: "This link has ended",
    LinkKind.UNKNOWN: "This link is not known",
}


@require_safe
@sensitive_variables("token")
def approval_link(request, token):
    """Take the token out of the address. HEAD is answered like GET; neither changes anything."""
    outcome = links.open_link(token, timezone.now())
    if outcome.slot is None:
        return show_dead(request, outcome)
    keep(request, outcome.slot.pk, token)
    return private(redirect("dealdesk:approval-link-page", outcome.slot.pk))


@require_http_methods(["GET", "HEAD", "POST"])
def approval_link_page(request, pk):
    """The approver's minute without a sign-in; a POST decides."""
    outcome = outcome_of(request, pk)
    if (answer := for_somebody_else(request, outcome)) is not None:
        return answer
    if not outcome.is_live:
        is_late = request.method == "POST" and outcome.slot is not None
        return show_dead(request, outcome, status=409 if is_late else None)
    if request.method != "POST":
        return show_link(request, outcome)
    form = LinkDecisionForm(request.POST)
    form.is_valid()
    try:
        confirm(request, outcome, form.cleaned_data.get("retyped"))
        decide(
            outcome.slot, form, by=actor_of(request, outcome), at=timezone.now(), link=outcome.link
        )
    except Refused as refused:
        again = outcome_of(request, pk)
        if not again.is_live:
            return show_dead(request, again, status=refused.status)
        return show_link(request, again, form=form, refused=refused)
    return private(redirect("dealdesk:approval-link-page", pk))


def confirm(request, outcome: LinkOutcome, typed: Decimal | None) -> None:
    """Take the discount typed again, where the policy asks for it. Refused at a wrong one."""
    slot, link = outcome.slot, outcome.link
    policy = policy_from_json(slot.step.request.policy.body)
    if step_up_of(slot, policy) is not StepUp.RETYPE or link.retyped_at:
        return
    by, at = actor_of(request, outcome), timezone.now()
    link = operations.retype_discount(link=link, typed=typed, by=by, at=at)
    if not link.retyped_at:
        raise Refused("That is not the discount asked for. It stands on this page.", code="retype")


@require_POST
def approval_link_fresh(request, pk):
    """Mail the addressee a fresh link; whoever asks learns nothing by it."""
    outcome = outcome_of(request, pk)
    if not outcome.may_ask_fresh:
        return show_dead(request, outcome, status=409)
    refused = None
    try:
        operations.send_fresh_link(
            slot=outcome.slot, by=Actor.from_request(request, Via.LINK), at=timezone.now()
        )
    except Refused as exc:
        refused = exc
    context = {"sent": refused is None, "refused": refused, "person": outcome.slot.person}
    status = refused.status if refused else 200
    return private(render(request, "dealdesk/approval_link_sent.html", context, status=status))


@require_POST
def approval_link_forget(request, pk):
    """Take a link out of this browser: "not you?"."""
    request.session.get(KEPT, {}).pop(str(pk), None)
    request.session.modified = True
    return private(render(request, "dealdesk/approval_link_forgotten.html"))


@require_POST
def approval_link_step_out(request, pk):
    """In development alone: open the link as on its addressee's own phone."""
    token = request.session.get(KEPT, {}).get(str(pk))
    if not settings.DEV_TOOLS or token is None:
        raise Http404
    logout(request)
    keep(request, pk, token)
    return private(redirect("dealdesk:approval-link-page", pk))


# What the session keeps


def keep(request, slot: int, token: str) -> None:
    """Keep a token under its slot; the oldest give way.

    The session takes a new key, so that one which somebody prepared never holds a token.
    """
    kept = request.session.get(KEPT, {})
    if kept.get(str(slot)) == token:
        return
    request.session.cycle_key()
    kept.pop(str(slot), None)
    kept[str(slot)] = token
    request.session[KEPT] = dict(list(kept.items())[-MOST_KEPT:])


def outcome_of(request, pk: int) -> LinkOutcome:
    """Where the token kept for this slot leads now; without one it is an unknown link."""
    token = request.session.get(KEPT, {}).get(str(pk), "")
    outcome = links.open_link(token, timezone.now()) if token else LinkOutcome(LinkKind.UNKNOWN)
    if outcome.slot is None or outcome.slot.pk != pk:
        return LinkOutcome(LinkKind.UNKNOWN)
    # Nobody is signed in, so nobody else has said in whose zone the deadline is read.
    timezone.activate(outcome.slot.person.get_zone())
    return outcome


def actor_of(request, outcome: LinkOutcome) -> Actor:
    """Who decides by a link: the person it was made for, and how they came."""
    came = Actor.from_request(request, Via.LINK)
    return Actor(outcome.slot.person, Via.LINK, ip=came.ip, agent=came.agent)


# The pages


def for_somebody_else(request, outcome: LinkOutcome) -> HttpResponse | None:
    """What a signed-in person gets who is not the one the link was made for."""
    slot = outcome.slot
    if slot is None or not request.user.is_authenticated or request.user.pk == slot.person_id:
        return None
    own = slot_of_person(slot.step.request, request.user)
    if own is not None and request.method != "POST":
        messages.info(request, f"That link was {slot.person.name}'s. This is your own approval.")
        return private(redirect(own))
    context = {"person": slot.person, "slot_id": slot.pk, "has_dev_tools": settings.DEV_TOOLS}
    return private(render(request, "dealdesk/approval_link_other.html", context, status=403))


def show_link(request, outcome: LinkOutcome, *, form=None, refused=None) -> HttpResponse:
    by, slot = actor_of(request, outcome), outcome.slot
    shown = approval_context(slot_in_full(slot.pk), by, timezone.now(), user=slot.person)
    context = {
        **shown,
        # Pages behind the sign-in are no part of this one.
        "history": [replace(entry, url="") for entry in shown["history"]],
        "talk": {"messages": said_about(slot.step.request)},
        "link": outcome.link,
        "step_up": step_up_of(slot, shown["shown"].policy).value,
        "form": form,
        "refused": refused,
        "by_link": True,
    }
    status = refused.status if refused else 200
    return private(render(request, "dealdesk/approval_link.html", context, status=status))


def slot_in_full(pk: int) -> ApprovalSlot:
    return with_request(ApprovalSlot.objects.filter(pk=pk)).get()


def show_dead(request, outcome: LinkOutcome, *, status: int | None = None) -> HttpResponse:
    """A link that opens nothing: why, and what to do; never anything of the deal."""
    context: dict[str, Any] = {
        "kind": outcome.kind.value,
        "title": DEAD.get(outcome.kind, "This link has ended"),
        "sentence": outcome.sentence,
        "outcome": outcome,
        "slot": outcome.slot,
    }
    if outcome.slot is not None:
        context |= ended_words(outcome.slot)
        if outcome.kind in (LinkKind.USED, LinkKind.DECIDED):
            others = ApprovalSlot.objects.waiting_on(outcome.slot.person)
            context["more"] = others.count()
    codes = {LinkKind.UNKNOWN: 404, LinkKind.USED: 200, LinkKind.DECIDED: 200}
    found = status or codes.get(outcome.kind, 410)
    return private(render(request, "dealdesk/approval_link_dead.html", context, status=found))


def ended_words(slot: ApprovalSlot) -> dict[str, Any]:
    """Who decided, or how the request ended, and when: of the deal it says nothing."""
    own = Decision.objects.filter(slot=slot).select_related("decided_by", "counter").first()
    if own is not None:
        return {"decision": own}
    asked = slot.step.request
    if slot.state == ApprovalSlot.State.NOT_REQUIRED:
        group = Decision.objects.filter(slot__step=slot.step_id, slot__role=slot.role)
        return {"decision": group.select_related("decided_by").order_by("-decided_at").first()}
    if asked.status == ApprovalRequest.Status.REJECTED:
        rejected = Decision.objects.filter(slot__step__request=asked, verdict="rejected")
        return {"decision": rejected.select_related("decided_by").first()}
    if asked.status != ApprovalRequest.Status.PENDING:
        words = asked.get_status_display().lower()
        return {"ended": f"The request was {words}", "ended_at": asked.decided_at}
    return {}
