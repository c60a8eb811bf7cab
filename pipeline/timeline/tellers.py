"""Which function tells which verb of the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pipeline.registry import Story
from pipeline.timeline.around import (
    account_changed,
    activity_logged,
    contact_linked,
    contact_story,
    contact_unlinked,
    file_story,
    member_added,
    member_removed,
    segment_overridden,
    task_asked,
    task_cancelled,
    task_done,
    task_reassigned,
)
from pipeline.timeline.deals import (
    amount_set,
    close_date,
    deal_changed,
    deal_created,
    debt_assigned,
    debt_paid,
    forecast_reviewed,
    lost,
    moved,
    none_declared,
    none_withdrawn,
    reassigned,
    tick_withdrawn,
    ticked,
    transferred,
    won,
)
from pipeline.timeline.names import Names
from revops.ledger.models import Entry


def plain(text: str, icon: str, entry: Entry, names: Names) -> Story:
    return Story(text, icon, body=entry.why)


Teller = Callable[[Entry, Names], Story | None]

OWN = ("deal", "contact", "account", "attachment", "task")
TELLERS: dict[str, Teller] = {
    "deal.created": deal_created,
    "deal.imported": partial(plain, "brought this deal in", "download"),
    "deal.changed": deal_changed,
    "deal.amount_set": amount_set,
    "deal.advanced": partial(moved, "moved it to", "arrow-right", "good"),
    "deal.skipped": partial(moved, "moved it ahead to", "skip-forward", "warn"),
    "deal.sent_back": partial(moved, "sent it back to", "arrow-left", "warn"),
    "deal.won": won,
    "deal.lost": lost,
    "deal.overridden": partial(
        moved, "overrode the gate and moved it to", "shield-alert", "override"
    ),
    "deal.transferred": transferred,
    "deal.debt_assigned": debt_assigned,
    "deal.reopened": partial(moved, "reopened it in", "rotate-ccw", ""),
    "deal.close_date_set": partial(close_date, "set the close date", ""),
    "deal.close_date_pushed": partial(close_date, "pushed the close date", "warn"),
    "deal.close_date_pulled_in": partial(close_date, "pulled the close date in", "good"),
    "deal.forecast_reviewed": forecast_reviewed,
    "deal.reassigned": reassigned,
    "deal.criterion_ticked": ticked,
    "deal.criterion_withdrawn": tick_withdrawn,
    "deal.none_declared": none_declared,
    "deal.none_withdrawn": none_withdrawn,
    "deal.debt_paid": debt_paid,
    "deal.contact_linked": contact_linked,
    "deal.contact_unlinked": contact_unlinked,
    "deal.member_added": member_added,
    "deal.member_removed": member_removed,
    "deal.activity_logged": activity_logged,
    "contact.created": partial(contact_story, "entered"),
    "contact.changed": partial(contact_story, "changed"),
    "account.created": partial(plain, "entered the account", "building-2"),
    "account.changed": account_changed,
    "account.segment_overridden": segment_overridden,
    "attachment.added": partial(file_story, "attached"),
    "attachment.removed": partial(file_story, "removed"),
    "task.opened": task_asked,
    "task.done": task_done,
    "task.cancelled": task_cancelled,
    "task.reassigned": task_reassigned,
}
