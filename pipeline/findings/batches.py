"""What gates ask about, read for many deals at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Min

from pipeline import registry
from pipeline.gates import DealRows, facts_from
from pipeline.junkwords import junk_words
from pipeline.models import CriterionTick, Deal, DealContact, DeclaredNone, GateDebt, StageVisit
from pipeline.registry import DealFacts
from revops.work.models import Attachment


def facts_of_many(deals: Sequence[Deal], at: datetime) -> dict[int, DealFacts]:
    """Everything that gates ask about these deals, in one query for each kind of row."""
    pks = [deal.pk for deal in deals]
    contacts = by_deal(DealContact.objects.filter(deal__in=pks).select_related("contact"))
    standing = CriterionTick.objects.filter(deal__in=pks, withdrawn_at=None)
    ticks = by_deal(standing.select_related("stage"))
    nones = by_deal(DeclaredNone.objects.filter(deal__in=pks))
    files = by_deal(
        Attachment.objects.filter(about_type="deal", about_id__in=pks, removed_at=None), "about_id"
    )
    junk = junk_words()
    extra = registry.extra_facts_of_many(deals, at)
    return {
        deal.pk: facts_from(
            DealRows(contacts[deal.pk], ticks[deal.pk], nones[deal.pk], files[deal.pk]),
            extra[deal.pk],
            junk,
            at,
        )
        for deal in deals
    }


def by_deal(rows: Iterable[Any], column: str = "deal_id") -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, column)].append(row)
    return found


def debts_due(pks: Sequence[int]) -> dict[int, date | None]:
    """The day by which each of these deals owes something first."""
    unpaid = GateDebt.objects.filter(deal__in=pks, paid_at=None).order_by()
    return dict(unpaid.values_list("deal").annotate(Min("due_on")))


def visits_of_many(pks: Sequence[int]) -> dict[int, list[StageVisit]]:
    """The visits of those deals that ever jumped over a stage, in their order."""
    jumping = StageVisit.objects.filter(deal__in=pks).exclude(skipped=[]).values("deal")
    visits = StageVisit.objects.filter(deal__in=jumping).select_related("stage")
    return dict(by_deal(visits.order_by("pk")))
