"""What alerts add to mails, notices and the command dialog."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from pipeline.operations.actions import begin_stage_work
from pipeline.registry import register_effect
from revops.frame.navigation import register_command, register_setting
from revops.frame.notices import register_address, register_notice
from revops.outbox.links import register_link


def register() -> None:
    register_link("findingalert", alerts_path)
    register_link("digest", digest_path)
    register_address("findingalert", alerts_path)
    register_address("digestsent", digest_path)
    register_notice("finding.found", say_found)
    register_notice("digest.daily", lambda facts: f"Today: {say_found(facts.get('found', {}))}")
    register_notice("digest.weekly", say_weekly)
    register_notice("digest.waiting", say_waiting)
    register_effect(begin_stage_work)
    register_command("alerts", "What was found on my deals", "bell-ring", "pipeline:alert-list")
    register_command("alert-choice", "How I am told", "bell-dot", "pipeline:alert-choose")
    register_setting(
        "alerts",
        "How I am told",
        "When findings are mailed to me, and what mornings bring",
        "bell-dot",
        "pipeline:alert-choose",
        10,
    )
    register_setting(
        "imports",
        "Import a file",
        "People, accounts, contacts, products and deals from another system; which system wins",
        "upload",
        "imports:run-list",
        50,
        visible=lambda user: user.is_staff,
    )
    register_setting(
        "stage-tasks",
        "Tasks that come with a stage",
        "What a deal asks of its owner when it enters a stage",
        "list-plus",
        "pipeline:stage-action-list",
        40,
        visible=lambda user: user.is_staff,
    )


def alerts_path(number: Any) -> str:
    return reverse("pipeline:alert-list")


def digest_path(number: Any) -> str:
    return reverse("pipeline:digest-detail", args=[number])


def say_found(facts: dict[str, Any]) -> str:
    """One finding in full, several as their number."""
    entries = facts.get("entries") or []
    if facts.get("count") == 1 and entries:
        return f"{entries[0]['deal']}: {entries[0]['label'].lower()}"
    count, deals = facts.get("count", 0), facts.get("deal_count", 0)
    on = f"{deals} deals" if deals != 1 else entries[0]["deal"] if entries else "one deal"
    return f"{count} findings on {on}"


def say_waiting(facts: dict[str, Any]) -> str:
    """How much waits, of every kind."""
    waits = [each for each in facts.values() if isinstance(each, dict) and each.get("count")]
    return f"Waiting for you: {', '.join(each['words'] for each in waits)}"


def say_weekly(facts: dict[str, Any]) -> str:
    """The figures that matter on a Monday, in one line."""
    counts = {row["key"]: row["count"] for row in facts.get("figures", [])}
    if not counts:
        return f"This week: {say_found(facts.get('found', {}))}"
    return (
        f"Your Monday digest: {counts.get('open', 0)} open, {counts.get('stale', 0)} stale, "
        f"{counts.get('closing', 0)} closing this week"
    )
