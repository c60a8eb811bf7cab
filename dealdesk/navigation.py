"""What the deal desk adds to the frame: places, commands, what is searched, panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from dealdesk.coverage import inbox_count
from dealdesk.models import ApprovalRequest, ApprovalSlot, DeskThread, Quote
from dealdesk.models.grants import OVERSEES
from dealdesk.operations.grants import GIVEN_BY
from dealdesk.permissions import can_see_exceptions
from dealdesk.views import bunching, bypasses
from dealdesk.views.panels import deal_panel, home_panel
from dealdesk.views.threads import thread_panel
from pipeline import registry
from pipeline.models import Deal
from revops.frame.navigation import (
    register_command,
    register_item,
    register_search,
    register_setting,
)
from revops.frame.notices import register_address
from revops.people.models import Role

DECIDES = (Role.SALES_MANAGER, Role.VP_SALES, Role.DEAL_DESK, Role.FINANCE, Role.LEGAL)


def may_decide(user: Any) -> bool:
    """Whether approvals ever wait for this person: by role, or because one does now."""
    return user.has_role(*DECIDES) or ApprovalSlot.objects.filter(person=user).exists()


def may_see_desk(user: Any) -> bool:
    """Whether the desk's questions stand in the rail: for who answers them."""
    return user.has_role(Role.DEAL_DESK)


def waiting_questions(user: Any) -> int:
    """How many questions wait for this person's answer."""
    return DeskThread.objects.waiting_on_desk().filter(owner=user).count()


def may_see_grants(user: Any) -> bool:
    """Whether grants concern the person by role: who sells holds them, others give or oversee."""
    return user.has_role(Role.REP, *GIVEN_BY, *OVERSEES)


def may_govern(user: Any) -> bool:
    return user.has_role(Role.REVOPS_ADMIN)


def find_quotes(user: Any, query: str, limit: int) -> list[tuple[str, str, str]]:
    """Quotes of deals that match, the primary first."""
    deals = Deal.objects.visible_to(user).matching(query).order_by("search_text", "pk")
    found = list(deals.values_list("pk", flat=True)[:limit])
    quotes = Quote.objects.filter(deal__in=found).select_related("deal")
    return [
        (
            f"Quote r{quote.revision} of {quote.deal.name}",
            ", ".join([quote.get_status_display(), *(["primary"] if quote.is_primary else [])]),
            quote.get_absolute_url(),
        )
        for quote in quotes.order_by("-is_primary", "-pk")[:limit]
    ]


def find_requests(user: Any, query: str, limit: int) -> list[tuple[str, str, str]]:
    deals = Deal.objects.visible_to(user).matching(query).order_by("search_text", "pk")
    found = list(deals.values_list("pk", flat=True)[:limit])
    requests = ApprovalRequest.objects.filter(deal__in=found).select_related("deal")
    return [
        (
            f"Request {asked.attempt} of {asked.deal.name}",
            asked.get_status_display(),
            asked.get_absolute_url(),
        )
        for asked in requests.order_by("-submitted_at", "-pk")[:limit]
    ]


SHEET = "css/dealdesk.css"


def register() -> None:
    bypasses.register()
    bunching.register()
    register_places()
    register_commands()
    register_setting(
        "approval-hand-over",
        "Hand over approvals",
        "What waits for one person, to a successor for each role",
        "arrow-right-left",
        "dealdesk:approval-hand-over",
        36,
        visible=may_govern,
    )
    register_search("quotes", "Quotes", find_quotes)
    register_search("requests", "Requests", find_requests)
    for noun, address in ADDRESSES.items():
        register_address(noun, address)
    register_panels()


def register_places() -> None:
    """What stands in the rail."""
    register_item(
        "approvals",
        "Approvals",
        "stamp",
        "dealdesk:approval-inbox",
        20,
        visible=may_decide,
        count=inbox_count,
    )
    register_item(
        "desk",
        "Questions",
        "messages-square",
        "dealdesk:thread-list",
        25,
        visible=may_see_desk,
        count=waiting_questions,
    )
    register_item(
        "exceptions",
        "Exceptions",
        "list-filter",
        "dealdesk:exception-report",
        60,
        visible=can_see_exceptions,
    )
    register_item("policy", "Policy", "scale", "dealdesk:policy-detail", 70)
    register_item("prices", "Prices", "tags", "dealdesk:price-list", 72)
    register_item("settings", "Settings", "settings", "frame:settings", 80, visible=may_govern)


def register_commands() -> None:
    register_command(
        "grants", "Standing grants", "key-round", "dealdesk:grant-list", visible=may_see_grants
    )
    register_command("desk", "Questions to the desk", "messages-square", "dealdesk:thread-list")
    register_command("absences", "Who is away", "calendar-off", "dealdesk:absence-list")
    register_command("absence-enter", "I am away", "calendar-plus", "dealdesk:absence-enter")
    register_command(
        "policy-replay",
        "Replay a policy",
        "history",
        "dealdesk:policy-replay",
        visible=may_govern,
    )
    register_command("term-catalogue", "Catalogue of terms", "book-open", "dealdesk:term-catalogue")


def address_of(name: str) -> Callable[[int], str]:
    return lambda pk: reverse(name, args=[pk])


ADDRESSES: dict[str, Callable[[int], str]] = {
    "absence": lambda pk: reverse("dealdesk:absence-list"),
    "approvalrequest": address_of("dealdesk:request-detail"),
    "approvalslot": address_of("dealdesk:approval-detail"),
    "deskthread": address_of("dealdesk:thread-detail"),
    "policy": address_of("dealdesk:policy-version"),
    "policydraft": lambda pk: reverse("dealdesk:policy-draft"),
    "quote": address_of("dealdesk:quote-detail"),
    "standinggrant": address_of("dealdesk:grant-detail"),
}
"""The page of what a notice is about."""


def register_panels() -> None:
    registry.register_panel(
        registry.Panel(
            "dealdesk.quotes", "dealdesk/_deal_panel.html", deal_panel, order=10, sheet=SHEET
        )
    )
    registry.register_panel(
        registry.Panel(
            "dealdesk.threads", "dealdesk/_thread_panel.html", thread_panel, order=60, sheet=SHEET
        )
    )
    registry.register_home_panel(
        registry.HomePanel(
            "dealdesk.approvals", "dealdesk/_home_panel.html", home_panel, order=10, sheet=SHEET
        )
    )
