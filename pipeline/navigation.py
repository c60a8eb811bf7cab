"""What the pipeline adds to the frame: places, commands, what is searched, how notices read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from pipeline.findings.counting import own_problems
from pipeline.models import Account, Deal
from pipeline.models.visibility import SELLS, sees_all_deals
from pipeline.reports.index import may_read_reports
from revops.frame.navigation import (
    register_command,
    register_item,
    register_search,
    register_setting,
)
from revops.frame.notices import Sentence, register_address, register_notice
from revops.people.models import Role

ENTERS_DEALS = (Role.REP, Role.SALES_MANAGER, Role.VP_SALES, Role.REVOPS_ADMIN)


def administers(user: Any) -> bool:
    return bool(user.is_staff)


def may_enter_deals(user: Any) -> bool:
    return user.has_role(*ENTERS_DEALS)


def may_read_hygiene(user: Any) -> bool:
    return user.has_role(*SELLS) or sees_all_deals(user)


def find_deals(user: Any, query: str, limit: int) -> list[tuple[str, str, str]]:
    deals = Deal.objects.visible_to(user).matching(query).select_related("account", "stage")
    return [
        (
            deal.name,
            " · ".join(filter(None, [str(deal.account or ""), deal.stage.name])),
            url_of(deal),
        )
        for deal in deals.order_by("search_text", "pk")[:limit]
    ]


def find_accounts(user: Any, query: str, limit: int) -> list[tuple[str, str, str]]:
    accounts = Account.objects.visible_to(user).matching(query).order_by("search_text", "pk")
    return [(each.name, each.industry, each.get_absolute_url()) for each in accounts[:limit]]


def url_of(deal: Deal) -> str:
    return reverse("pipeline:deal-detail", args=[deal.pk])


NOTICES = {
    "deal.skipped": "{who} moved {deal} ahead to {stage}, skipping {skipped}",
    "deal.pushed_again": "{deal} was pushed {times} times, now to {close_date}",
    "deal.forecast_reviewed": "{who} reviewed the forecast of {deal}: {outcome}",
    "deal.reassigned": "{who} gave {deal} to {owner}",
    "deal.overridden": "{who} moved {deal} to {stage} past its gate",
    "deal.transferred": "{who} moved {deal} into {pipeline}",
    "deal.debt_assigned": "{who} asks you for {item} on {deal}",
    "person.handed_over": "You take over from {former}: {things}",
    "deal.shared": "{who} let you in on {deal}",
    "deal.won": "{deal} is won; {hand_off} takes it over",
}


def register() -> None:
    register_places()
    register_settings()
    register_search("deals", "Deals", find_deals)
    register_search("accounts", "Accounts", find_accounts)
    register_commands()
    for noun in ("deal", "task", "account"):
        register_address(noun, address_of(f"pipeline:{noun}-detail"))
    for event, text in NOTICES.items():
        register_notice(event, sentence_from(text))


def register_places() -> None:
    """What stands in the rail."""
    register_item("home", "Home", "house", "pipeline:home", 10)
    register_item("deals", "Deals", "square-kanban", "pipeline:deal-board", 30, under="/deals/")
    register_item("accounts", "Accounts", "building-2", "pipeline:account-list", 35)
    register_item("tasks", "Tasks", "list-checks", "pipeline:task-list", 38, under="/tasks/")
    register_item(
        "hygiene",
        "Hygiene",
        "sparkles",
        "pipeline:hygiene",
        40,
        visible=may_read_hygiene,
        count=own_problems,
        under="/hygiene/",
    )
    register_item(
        "reports",
        "Reports",
        "chart-column",
        "pipeline:report-index",
        50,
        visible=may_read_reports,
        under="/reports/",
    )


def register_commands() -> None:
    register_command(
        "new-deal", "New deal", "plus", "pipeline:deal-new", visible=may_enter_deals, order=10
    )
    register_command(
        "clean-up",
        "Clean up my deals",
        "sparkles",
        "pipeline:clean-up",
        visible=may_enter_deals,
        order=20,
    )
    register_command("deal-list", "Deals as a list", "list", "pipeline:deal-list", order=30)


SETTINGS = (
    (
        "pipelines",
        "Pipelines",
        "Stages in their order, what each asks for, what may be skipped; drafted and published.",
        "git-branch",
        "pipeline:rule-list",
        10,
    ),
    (
        "lists",
        "Pick lists",
        "Sources, push reasons and loss reasons.",
        "list",
        "pipeline:choice-lists",
        20,
    ),
    (
        "fields",
        "Fields",
        "What you keep of deals, accounts and contacts beside what ships.",
        "text-cursor-input",
        "pipeline:field-list",
        20,
    ),
    (
        "junk",
        "Junk values",
        "Placeholders such as “tbd” that count as nothing where evidence is asked.",
        "eraser",
        "pipeline:junk-list",
        25,
    ),
    (
        "hand-over",
        "Hand over",
        "Give all that a person holds to somebody else: deals, debts, tasks, accounts, approvals.",
        "arrow-right-left",
        "pipeline:hand-over",
        60,
    ),
)
"""Key, title, what it is for, icon, address, and its place."""


def register_settings() -> None:
    for setting in SETTINGS:
        register_setting(*setting, visible=administers)


def address_of(name: str) -> Callable[[int], str]:
    return lambda pk: reverse(name, args=[pk])


def sentence_from(text: str) -> Sentence:
    return lambda facts: text.format_map(Known(facts))


class Known(dict[str, Any]):
    """Facts of a notice; one that an older notice lacks reads as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"
