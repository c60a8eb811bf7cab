"""A page of what happened to a deal or an account, as far as its reader is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from pipeline.models import Account, Deal
from pipeline.timeline.telling import tell
from revops.addresses import moment_mark
from revops.frame.shapes import Happening
from revops.ledger.models import Entry
from revops.people.models import User
from revops.remembering import remembered

if TYPE_CHECKING:
    from django.db.models import Model


PAGE = 25


@dataclass(frozen=True)
class Told:
    """A page of a timeline, and the number after which the next one begins."""

    entries: list[Happening]
    next: str = ""


def timeline_of(record: Model, user: User, *, before: str = "", size: int = PAGE) -> Told:
    """What happened to a deal or an account, newest first, as far as `user` is told."""
    rows = Entry.objects.about(record).select_related("actor", "on_behalf_of")
    if isinstance(record, Account):
        rows = rows.filter(told_of_account(user))
    if mark := moment_mark(before):
        moment, pk = mark
        rows = rows.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=pk))
    page = list(rows[: size + 1])
    shown = page[:size]
    if isinstance(record, Deal):
        remembered(("pipeline of", record.pk), lambda: record.pipeline_id)
    beside = {} if isinstance(record, Deal) else deals_of(shown, user)
    following = f"{shown[-1].at.isoformat()}_{shown[-1].pk}" if len(page) > size else ""
    return Told(tell(shown, user, beside), following)


def deals_of(entries: Sequence[Entry], user: User) -> dict[int, Deal]:
    """The deals that a page which is not theirs must name."""
    found = {entry.subject_id for entry in entries if entry.subject_type == "deal"}
    return Deal.objects.visible_to(user).in_bulk(found) if found else {}


def told_of_account(user: User) -> Q:
    """What an account's page tells: its own facts, and deals only to those who see them."""
    deals = Deal.objects.visible_to(user).order_by().values("pk")
    own = Q(subject_type__in=("account", "contact", "attachment"))
    return own | Q(subject_type="deal", subject_id__in=deals)
