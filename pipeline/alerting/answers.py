"""What counts as an answer to an alert: something was done about the deal, not to its record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from pipeline.models import Deal
from revops.ledger.models import Entry

ANSWERS = (
    "deal.activity_logged",
    "deal.advanced",
    "deal.skipped",
    "deal.sent_back",
    "deal.reopened",
    "deal.transferred",
    "deal.overridden",
    "deal.close_date_pushed",
    "deal.close_date_pulled_in",
    "deal.close_date_set",
)
"""Verbs of the ledger that say so; a changed name, amount or note is none of them."""
PLANS = ("next_step", "next_step_date")
"""Facts of a deal that say so when a plain change sets them."""


def answered_at(deals: Iterable[int], since: datetime) -> dict[int, datetime]:
    """When each deal was last dealt with after `since`; deals that were not are left out."""
    entries = Entry.objects.filter(
        subject_type=Deal._meta.model_name, subject_id__in=list(deals), at__gt=since
    )
    found = dict(
        entries.filter(verb__in=ANSWERS)
        .order_by()
        .values_list("subject_id")
        .annotate(last=Max("at"))
    )
    plain = entries.filter(verb="deal.changed", facts_json__contains='"next_step')
    for entry in plain.order_by("at").iterator():
        if any(name in entry.after and entry.after[name] for name in PLANS):
            found[entry.subject_id] = max(entry.at, found.get(entry.subject_id, entry.at))
    return found
