"""The customer's paper and redlines: what legal must have looked at before it approves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dealdesk.models import ApprovalRequest, ApprovalSlot, PaperCheck, PaperTick, Quote
from dealdesk.policy import Role
from dealdesk.terms import from_canonical
from revops.people.models import User
from revops.refusals import Missing, Refused


@dataclass(frozen=True)
class CheckLine:
    """One line of the checklist on one request, and who ticked it, when."""

    line: PaperCheck
    ticked_at: datetime | None = None
    ticked_by: User | None = None


def is_on_paper(request: ApprovalRequest) -> bool:
    """Whether the contract of a request is not ours, as its terms were frozen."""
    return from_canonical(request.snapshot.body).on_paper


def checklist_of(request: ApprovalRequest) -> list[CheckLine]:
    """Every line that holds today, and those ticked on this request before they were retired."""
    ticks = {
        tick.check_line_id: tick
        for tick in PaperTick.objects.filter(request=request).select_related(
            "check_line", "ticked_by"
        )
    }
    lines = list(PaperCheck.objects.standing())
    there = {line.pk for line in lines}
    lines += [tick.check_line for pk, tick in ticks.items() if pk not in there]
    return [
        CheckLine(line, ticks[line.pk].ticked_at, ticks[line.pk].ticked_by)
        if line.pk in ticks
        else CheckLine(line)
        for line in lines
    ]


def unticked(request: ApprovalRequest) -> Sequence[PaperCheck]:
    """The lines of today's checklist that nobody has ticked on this request."""
    ticked = PaperTick.objects.filter(request=request).values("check_line")
    return list(PaperCheck.objects.standing().exclude(pk__in=ticked))


def check_paper(slot: ApprovalSlot) -> None:
    """Raise Refused, naming each line, unless legal has ticked the checklist where there is one."""
    request = slot.step.request
    if slot.role != Role.LEGAL or not is_on_paper(request):
        return
    left = unticked(request)
    if left:
        raise Refused(
            "Go through the checklist for the customer's paper first, and tick each line.",
            code="checklist",
            missing=[Missing(f"check-{line.pk}", "Checklist", line.text) for line in left],
        )


def may_see_quote(user: User, pk: int) -> bool:
    """Whether the files of a quote are served to somebody."""
    return Quote.objects.visible_to(user).filter(pk=pk).exists()
