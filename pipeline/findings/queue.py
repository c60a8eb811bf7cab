"""One's own findings one after another: what clean-up mode walks through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.findings.context import read_context
from pipeline.findings.judging import Finding, findings_for, has_problem
from pipeline.models import Deal
from pipeline.registry import BAD
from revops.people.models import User

DEALS_AT_ONCE = 100
"""So many deals are looked through at a time; those that are cleared make room for the next."""


@dataclass(frozen=True)
class Chore:
    """One finding of one deal."""

    deal: Deal
    finding: Finding

    @property
    def mark(self) -> str:
        return f"{self.deal.pk}:{self.finding.kind}"


@dataclass(frozen=True)
class Queue:
    """The findings to clear, the worst first, and whether there are more deals than these."""

    chores: Sequence[Chore]
    is_capped: bool = False

    def place_of(self, mark: str) -> int:
        """Where a finding stands; the first one where it does not stand any more."""
        marks = [chore.mark for chore in self.chores]
        return marks.index(mark) if mark in marks else 0


def read_queue(
    person: User, at: datetime, *, kind: str = "", skipped: Collection[str] = ()
) -> Queue:
    """The problems of a person's own deals: what is wrong first, then what is going wrong.

    A review of the forecast is the manager's to make, so a push is not the owner's chore.
    """
    context = read_context(at)
    deals = Deal.objects.filter(has_problem(context), owner=person)
    rows = deals.select_related("account", "owner", "stage", "pipeline")
    found = list(rows.order_by("close_date", "pk")[: DEALS_AT_ONCE + 1])
    is_capped, found = len(found) > DEALS_AT_ONCE, found[:DEALS_AT_ONCE]
    judged = findings_for(found, context)
    chores = [
        Chore(deal, finding)
        for deal in found
        for finding in judged[deal.pk]
        if finding.is_problem and finding.kind != "pushed" and kind in ("", finding.kind)
    ]
    chores = [chore for chore in chores if chore.mark not in skipped]
    return Queue(sorted(chores, key=lambda chore: chore.finding.severity != BAD), is_capped)
