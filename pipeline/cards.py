"""What board, list and home show of one deal, read in batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count, Min, QuerySet

from pipeline import registry
from pipeline.findings import Finding, findings_for, read_context
from pipeline.models import Deal, GateDebt
from pipeline.registry import CardFact
from revops.among import Among

COLUMNS = (
    "version",
    "name",
    "account__name",
    "owner__name",
    "owner__email",
    "stage__name",
    "pipeline_id",
    "status",
    "amount",
    "currency",
    "close_date",
    "closed_on",
    "created_at",
    "entered_stage_at",
    "buyer_acted_at",
    "push_count",
    "reviewed_pushes",
    "next_step",
    "missing_count",
    "decision_maker_known",
    "debt_due_on",
    "skipped_at",
    "approval_ends_at",
    "approval_voided",
)
"""What a card shows of a deal, and what findings ask of it; a deal has twice as many."""


def shown_deals(*beside: str) -> QuerySet[Deal]:
    """Deals as cards show them, with the columns of COLUMNS and those named."""
    return Deal.objects.select_related("account", "owner", "stage").only(*COLUMNS, *beside)


@dataclass(frozen=True)
class Card:
    """One deal as board, list and home show it."""

    deal: Deal
    findings: list[Finding] = field(default_factory=list)
    facts: list[CardFact] = field(default_factory=list)
    owed: int = 0
    owed_by: date | None = None

    @property
    def problems(self) -> list[Finding]:
        """What is wrong, the worst first; not what is merely good to know."""
        return [finding for finding in self.findings if finding.is_problem]


def cards_of(deals: Sequence[Deal], *, at: datetime) -> list[Card]:
    """The deals with what is wrong, what other apps say, and what they owe, asked in batch."""
    if not deals:
        return []
    pks = [deal.pk for deal in deals]
    found = findings_for(deals, read_context(at))
    debts = (
        GateDebt.objects.filter(deal__in=Among(pks), paid_at=None)
        .order_by()
        .values_list("deal")
        .annotate(Count("pk"), Min("due_on"))
    )
    owed = {pk: (number, due_on) for pk, number, due_on in debts}
    told = [facts(pks, at) for facts in registry.card_facts()]
    return [
        Card(
            deal,
            found[deal.pk],
            [fact for facts in told for fact in facts.get(deal.pk, ())],
            *owed.get(deal.pk, (0, None)),
        )
        for deal in deals
    ]
