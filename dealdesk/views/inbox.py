"""The inbox of who decides: what waits for them, what will come, what they decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dealdesk import queue
from dealdesk.models import ApprovalRequest, ApprovalSlot, ApprovalStep, Decision
from dealdesk.models.slots import ApprovalSlotQuerySet
from dealdesk.operations.together import flags_of
from dealdesk.views.shared import first_lines
from dealdesk.views.showing import tier_name
from dealdesk.wording import listed
from revops.addresses import number_in
from revops.refusals import Refused

INBOX = 25
DECIDED = 50


@dataclass(frozen=True)
class Waiting:
    """One line of the inbox."""

    slot: ApprovalSlot
    is_late: bool
    on_it: queue.OnIt
    flags: list[str]
    """Why it is decided by itself and not in a row with others."""
    is_picked: bool = False

    @property
    def request(self) -> ApprovalRequest:
        return self.slot.step.request

    @property
    def tier(self) -> str:
        return tier_name(self.request.route_key)

    @property
    def why_alone(self) -> str:
        return f"By itself: {listed(self.flags)}" if self.flags else ""


@dataclass(frozen=True)
class Coming:
    """One line of what will come: the slot, and the steps whose answers it waits for."""

    slot: ApprovalSlot
    after: Sequence[str]

    @property
    def after_words(self) -> str:
        return f"after {', '.join(self.after)}" if self.after else "next"


WAITING, COMING, DECIDED_BY_ME = "waiting", "coming", "decided"


@login_required
@require_safe
def approval_inbox(request):
    """What waits for me, by when it is needed and due; what will come; and what I decided."""
    return show_inbox(request)


def show_inbox(request, *, refused: Refused | None = None, form=None, picked=()) -> HttpResponse:
    at, user = timezone.now(), request.user
    waiting = ApprovalSlot.objects.waiting_on(user)
    coming = ApprovalSlot.objects.coming_to(user)
    number = waiting.numbers(at)
    tab = request.GET.get("tab", "")
    tab = tab if tab in (COMING, DECIDED_BY_ME) else WAITING
    decided = Decision.objects.filter(decided_by=user).count()
    context: dict[str, Any] = {
        "count": number["all"],
        "tab": tab,
        "tabs": tabs_of(tab, number["all"], coming.count(), decided),
        "at": at,
        "refused": refused,
        "form": form,
    }
    if tab == WAITING:
        context |= waiting_page(request, waiting, at, picked)
        context["late"] = late = number["late"]
        context["late_words"] = "One is overdue" if late == 1 else f"{late} are overdue"
    elif tab == COMING:
        context["coming"] = coming_page(request, coming)
    else:
        context["decisions"] = decided_by(request)
    status = refused.status if refused else 200
    return render(request, "dealdesk/approval_inbox.html", context, status=status)


def tabs_of(tab: str, waiting: int, coming: int, decided: int) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": url, "current": tab == key, "count": count}
        for key, label, url, count in (
            (WAITING, "Waiting for me", "?", waiting),
            (COMING, "Coming", f"?tab={COMING}", coming),
            (DECIDED_BY_ME, "Decided by me", f"?tab={DECIDED_BY_ME}", decided),
        )
    ]


def waiting_page(request, waiting, at: datetime, picked=()) -> dict[str, Any]:
    """A page of what waits in one view, after the slot that the address names."""
    view = queue.view_in(request.GET.get("show", ""))
    waiting = queue.narrowed(waiting, view, at)
    mark = number_in(request.GET.get("after", ""))
    held = ApprovalSlot.objects.filter(person=request.user).select_related("step__request")
    if mark and (slot := held.filter(pk=mark).first()):
        waiting = waiting.later_than(slot)
    found = first_lines(waiting, INBOX + 1)
    on_them = queue.on_them(found[:INBOX])
    shown = [
        Waiting(
            slot,
            slot.is_late(at),
            on_them[slot.pk],
            flags_of(slot.step.request),
            slot.pk in picked,
        )
        for slot in found[:INBOX]
    ]
    following = f"?show={view}&after={shown[-1].slot.pk}" if len(found) > INBOX else ""
    views = [(key, label, key == view) for key, label in queue.VIEWS.items()]
    tiers = Counter(row.request.route_key for row in shown if not row.flags)
    may_pick = max(tiers.values(), default=0) > 1
    page = {"rows": shown, "next": following, "views": views, "view": view}
    return {**page, "may_pick": may_pick}


def coming_page(request, coming: ApprovalSlotQuerySet) -> dict[str, Any]:
    """A page of what asks this person once an earlier step agreed, and whom it asks until then."""
    mark = number_in(request.GET.get("after", ""))
    held = ApprovalSlot.objects.filter(person=request.user).select_related("step__request")
    if mark and (slot := held.filter(pk=mark).first()):
        coming = coming.coming_after(slot)
    found = first_lines(coming, INBOX + 1)
    shown, before = found[:INBOX], asked_before(found[:INBOX])
    following = f"?tab={COMING}&after={shown[-1].pk}" if len(found) > INBOX else ""
    return {
        "rows": [Coming(slot, before.get(slot.step.request_id, ())) for slot in shown],
        "next": following,
    }


def asked_before(slots: Sequence[ApprovalSlot]) -> dict[int, list[str]]:
    """The steps that are asked now, of each of these requests; one query for all of them."""
    steps = ApprovalStep.objects.filter(
        request__in={slot.step.request_id for slot in slots}, state=ApprovalStep.State.REQUESTED
    )
    found: dict[int, list[str]] = {}
    for request, name in steps.order_by("position").values_list("request", "name"):
        found.setdefault(request, []).append(name)
    return found


def decided_by(request) -> dict[str, Any]:
    """A page of one's own decisions, newest first, keyed by the last one shown."""
    decisions = Decision.objects.filter(decided_by=request.user).select_related(
        "slot__step__request__deal__account",
        "slot__step__request__quote",
        "revocation",
    )
    if before := number_in(request.GET.get("before", "")):
        decisions = decisions.filter(pk__lt=before)
    found = list(decisions.order_by("-pk")[: DECIDED + 1])
    shown = found[:DECIDED]
    following = f"?tab=decided&before={shown[-1].pk}" if len(found) > DECIDED else ""
    return {"rows": shown, "next": following}
