"""What a mail says of findings: the facts of its template, as plain values that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse

from pipeline.findings import Context, Finding, findings_for, kind_of, kinds
from pipeline.models import Deal, FindingAlert
from revops.people.models import User

MOST_LISTED = 25


def worst_first(alerts: Iterable[FindingAlert]) -> list[FindingAlert]:
    """What nobody answered, then by severity, then the oldest."""
    place = {kind.key: number for number, kind in enumerate(kinds())}
    return sorted(
        alerts,
        key=lambda alert: (
            not alert.escalates,
            place.get(alert.finding, len(place)),
            alert.found_at,
            alert.pk,
        ),
    )


def facts_of(alerts: Sequence[FindingAlert], person: User, context: Context) -> dict[str, Any]:
    """How many findings a mail tells of, and the worst of them one by one."""
    listed = worst_first(alerts)[:MOST_LISTED]
    deals = Deal.objects.select_related("owner").in_bulk({alert.deal_id for alert in listed})
    found = findings_for(list(deals.values()), context)
    entries = [
        entry_of(alert, deals[alert.deal_id], found[alert.deal_id], person) for alert in listed
    ]
    return {
        "count": len(alerts),
        "deal_count": len({alert.deal_id for alert in alerts}),
        "entries": entries,
        "more": len(alerts) - len(entries),
        "is_own": all(not entry["owner"] for entry in entries),
    }


def entry_of(
    alert: FindingAlert, deal: Deal, findings: Sequence[Finding], person: User
) -> dict[str, Any]:
    """One line of the mail: the deal, what is wrong with it, and where that is cleared."""
    finding = next((each for each in findings if each.kind == alert.finding), None)
    kind = kind_of(alert.finding)
    return {
        "deal": deal.name,
        "path": reverse("pipeline:deal-detail", args=[deal.pk]),
        "label": finding.label if finding else (kind.label if kind else alert.finding),
        "sentence": finding.sentence if finding else "",
        "act": finding.act_label if finding else "",
        "act_path": finding.act_url if finding else "",
        "owner": "" if deal.owner_id == person.pk else deal.owner.name,
        "unanswered": alert.escalates,
    }
