"""The newcomer's checklist: a handful of steps that tick themselves from what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import NoReverseMatch, reverse

from dealdesk.demo.prepared import FIRST, SOURCE, TWIN
from dealdesk.models import ApprovalRequest, Decision, Quote
from dealdesk.policy import Role
from pipeline.models import Deal, Move
from pipeline.permissions import can_change
from revops.frame import development
from revops.frame.shapes import CheckItem
from revops.people.actor import Actor, Via
from revops.people.models import User
from revops.work.models import Task
from revops.work.operations import end_task

REPORT_TASK = "demo.exception_report"
"""The kind of the task that is done when the exception report was opened."""


def home_context(user: User, at: datetime) -> dict[str, Any] | None:
    """What the home page shows in development: the pinned deal, and how far the newcomer is."""
    if not development.is_on():
        return None
    deals = {
        deal.external_id: deal
        for deal in Deal.objects.filter(source=SOURCE, external_id__in=[FIRST, TWIN])
        .select_related("account", "stage", "owner")
        .order_by("pk")
    }
    if len(deals) < 2:
        return None
    items = checklist(deals[FIRST], deals[TWIN], user)
    return {
        "deal": deals[FIRST],
        "twin": deals[TWIN],
        "items": items,
        "done": sum(item.done for item in items),
        "next": next((item for item in items if not item.done), None),
    }


def checklist(deal: Deal, twin: Deal, user: User) -> list[CheckItem]:
    """The steps in the order in which they are best taken."""
    quote = Quote.objects.filter(deal=deal, is_primary=True).first()
    worse = Quote.objects.filter(deal=twin).order_by("-revision").first()
    routes = ApprovalRequest.objects.filter(deal=deal).values_list("route_key", flat=True)
    said = list(
        Decision.objects.filter(slot__step__request__deal=deal).values_list(
            "slot__role", "via", "verdict"
        )
    )
    moved = deal.visits.filter(move__in=[Move.ADVANCE, Move.SKIP, Move.WIN], stage__key="proposal")
    report = Task.objects.filter(kind=REPORT_TASK, state=Task.State.DONE).exists()
    asked = any(Role.VP_SALES.value in route.split("+") for route in routes)
    by_mail = (Role.VP_SALES.value, Via.LINK.value)
    desk = (Role.DEAL_DESK.value, Decision.Verdict.APPROVED.value)
    return [
        CheckItem(
            "moved",
            "Drag the deal to Proposal",
            moved.exists(),
            sentence="On the board. It asks for exactly the two things that are missing.",
            url=address("pipeline:deal-board"),
        ),
        CheckItem(
            "asked",
            "Ask for 25 % off, with a custom SLA",
            asked,
            sentence=(
                "In its quote: 25 brings the VP of sales, 19.99 sends her away again, a custom "
                "SLA brings the deal desk. Submit 25."
            ),
            url=address_of_asking(deal, quote, user),
        ),
        CheckItem(
            "mailed",
            "Let Ana decide from her mail",
            any((role, via) == by_mail for role, via, _ in said),
            sentence="In the mailbox open the mail to Ana Ruiz; make the window narrow as a phone.",
            url=address("outbox:mailbox"),
        ),
        CheckItem(
            "agreed",
            "Let the deal desk agree",
            any((role, verdict) == desk for role, _, verdict in said),
            sentence="Switch to Kim Tanaka and look into the approvals.",
            url=address("dealdesk:approval-inbox"),
        ),
        CheckItem(
            "won",
            "Win the deal",
            deal.status == Deal.Status.WON,
            sentence="Back as Rita: the form asks for what is still open, and for the contract.",
            url=deal.get_absolute_url(),
        ),
        CheckItem(
            "report",
            "Open the exception report",
            report,
            sentence="As Noor Haddad: what is asked for most, and what it costs.",
            url=address("dealdesk:exception-report"),
        ),
        CheckItem(
            "given_up",
            "Make the worse price of the twin primary",
            worse is not None and worse.is_primary,
            sentence=f"As Rita, on {twin.name}: see what that gives up.",
            url=(worse and address("dealdesk:quote-detail", worse.pk)) or twin.get_absolute_url(),
        ),
    ]


def address_of_asking(deal: Deal, quote: Quote | None, user: User) -> str:
    """The quote's editor for who may type there; the others see the deal."""
    edit = quote and can_change(deal, user) and address("dealdesk:quote-edit", quote.pk)
    return edit or deal.get_absolute_url()


def address(name: str, *arguments: object) -> str:
    """The address of a page; empty while there is no such page."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def report_opened(*, by: Actor, at: datetime) -> None:
    """Tick the exception report off; called by its page, and without effect anywhere but here."""
    if development.is_on() and Task.objects.open().filter(kind=REPORT_TASK).exists():
        tick_report(by=by, at=at)


@transaction.atomic(durable=True)
def tick_report(*, by: Actor, at: datetime) -> None:
    for task in Task.objects.open().filter(kind=REPORT_TASK):
        end_task(task, result="Opened.", by=by, at=at)
