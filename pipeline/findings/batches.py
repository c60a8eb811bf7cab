"""What gates ask about, read for many deals at once."""
# mypy: disable-error-code="override"
# The facts of one deal are kept as they were read; those of many are read when they are asked.

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Min

from pipeline import registry
from pipeline.junkwords import junk_words
from pipeline.models import CriterionTick, Deal, DealContact, DeclaredNone, GateDebt, StageVisit
from pipeline.registry import DealFacts
from revops.among import Among
from revops.work.models import Attachment

T = TypeVar("T")


class Beside:
    """What stands beside many deals: each kind of row is read for all of them when first asked."""

    def __init__(self, deals: Sequence[Deal], at: datetime) -> None:
        self.deals, self.at = deals, at
        self.pks = [deal.pk for deal in deals]
        self.ours = Among(self.pks)
        self.junk = junk_words()
        self._extra: dict[str, Mapping[int, Any]] = {}

    @cached_property
    def contacts(self) -> Mapping[int, list[DealContact]]:
        rows = DealContact.objects.filter(deal__in=self.ours).select_related("contact")
        return by_deal(rows.only("deal", "role", "contact__email", "contact__phone"))

    @cached_property
    def files(self) -> Mapping[int, frozenset[str]]:
        files = Attachment.objects.filter(about_type="deal", about_id__in=self.ours)
        return said_by_deal(files.filter(removed_at=None).values_list("about_id", "kind"))

    @cached_property
    def nones(self) -> Mapping[int, frozenset[str]]:
        rows = DeclaredNone.objects.filter(deal__in=self.ours)
        return said_by_deal(rows.values_list("deal", "item_key"))

    @cached_property
    def ticks(self) -> Mapping[int, frozenset[tuple[str, str]]]:
        rows = CriterionTick.objects.filter(deal__in=self.ours, withdrawn_at=None)
        told = rows.values_list("deal", "stage__key", "criterion_key")
        return said_by_deal((pk, (stage, key)) for pk, stage, key in told)

    def extra(self, key: str) -> Mapping[int, Any]:
        if key not in self._extra:
            self._extra[key] = registry.extra_fact_of_many(key, self.deals, self.at)
        return self._extra[key]


class FactsOfOne(DealFacts):
    """The facts of one of these deals, read with those of the others."""

    def __init__(self, pk: int, beside: Beside) -> None:
        self.pk, self.beside = pk, beside
        self.at, self.junk = beside.at, beside.junk
        self.derived = {}

    @cached_property
    def extra(self) -> dict[str, Any]:
        return ExtraOfOne(self.pk, self.beside)

    @cached_property
    def contacts_reachable(self) -> bool:
        return any(link.contact.is_reachable for link in self.beside.contacts.get(self.pk, ()))

    @cached_property
    def contact_roles(self) -> frozenset[str]:
        return frozenset(link.role for link in self.beside.contacts.get(self.pk, ()))

    @cached_property
    def attachments(self) -> frozenset[str]:
        return self.beside.files.get(self.pk, frozenset())

    @cached_property
    def declared_none(self) -> frozenset[str]:
        return self.beside.nones.get(self.pk, frozenset())

    @cached_property
    def ticks(self) -> frozenset[tuple[str, str]]:
        return self.beside.ticks.get(self.pk, frozenset())


class ExtraOfOne(dict[str, Any]):
    """What other apps know of one of these deals."""

    def __init__(self, pk: int, beside: Beside) -> None:
        super().__init__()
        self.pk, self.beside = pk, beside

    def get(self, key: str, default: Any = None) -> Any:
        return self.beside.extra(key).get(self.pk, default)


def facts_of_many(deals: Sequence[Deal], at: datetime) -> dict[int, DealFacts]:
    """Everything that gates ask about these deals: one query for each kind of row they do ask."""
    beside = Beside(deals, at)
    return {pk: FactsOfOne(pk, beside) for pk in beside.pks}


def said_by_deal(rows: Iterable[tuple[int, T]]) -> dict[int, frozenset[T]]:
    found: defaultdict[int, set[T]] = defaultdict(set)
    for pk, value in rows:
        found[pk].add(value)
    return {pk: frozenset(values) for pk, values in found.items()}


def by_deal(rows: Iterable[Any]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.deal_id].append(row)
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
