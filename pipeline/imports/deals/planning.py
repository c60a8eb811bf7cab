"""From the rows of a file to plans, as far as the rows can be taken."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import registry
from pipeline.imports.deals.places import Places
from pipeline.imports.deals.plans import DealPlan
from pipeline.imports.extensions import DealExtension
from pipeline.models import Choice, Deal
from pipeline.operations.evidence import FURTHEST_YEARS, is_too_far
from revops.imports.drafts import Drafts
from revops.imports.problems import BadValue
from revops.imports.writing import Plan


def plan_deal(
    drafts: Drafts, plain: Plan[Deal], places: Places, added: Sequence[DealExtension]
) -> DealPlan:
    each = DealPlan(plain.record, plain.instance, plain.news)
    external_id = each.record.external_id
    for extension in added:
        key = extension.entity().key
        if record := drafts.records.get(key, {}).get(external_id):
            each.attached[key] = record
    said = each.row.source_values.get("attached", {}) if each.instance else {}
    each.attached_news = frozenset(
        key for key, record in each.attached.items() if said.get(key) != record.remembered()
    )
    for name in ("close_date", "opened_on"):
        day = each.record.values.get(name)
        if day and is_too_far(day, places.today):
            problem = f"{name}: {day} lies more than {FURTHEST_YEARS} years ahead"
            drafts.reject_record(each.record, problem)
    if each.is_new or each.moves:
        try:
            each.place = places.of(each.record, each.instance)
        except BadValue as problem:
            drafts.reject_record(each.record, str(problem))
    return each


def check_lists(drafts: Drafts) -> None:
    """Values of pick lists must stand in them, so that reports can count them."""
    lists = {"deal_source": Choice.List.SOURCE, "loss_reason": Choice.List.LOSS_REASON}
    for name, list_ in lists.items():
        keys = set(Choice.objects.filter(list=list_).values_list("key", flat=True))
        for record in drafts.standing("deal"):
            value = record.values.get(name)
            if value and value not in keys:
                known = ", ".join(sorted(keys))
                drafts.reject_record(record, f"{name}: “{value}” is not in the list ({known})")


def check_locks(drafts: Drafts, plans: Sequence[DealPlan], added: Sequence[DealExtension]) -> None:
    """What another app keeps (the amount of a primary quote) is not written over."""
    locks = registry.field_locks()
    for each in plans:
        if each.is_new or any(extension.keeps(each) for extension in added):
            continue
        for name in sorted(set(locks) & set(each.news)):
            if getattr(each.row, name) == each.news[name]:
                continue
            if why := locks[name](each.row):
                drafts.reject_record(each.record, f"{name}: {why}")
