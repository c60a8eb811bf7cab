"""The deal itself as the file has it: its columns, its stage, its close date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipeline.addedfields import search_text
from pipeline.imports.deals.plans import PLACED, DealPlan, Place
from pipeline.models import Deal
from revops.company.models import Company
from revops.imports.writing import numbered, set_fields


def make(
    each: DealPlan, source: str, company: Company, accounts: dict[int, str], *, at: datetime
) -> None:
    place = each.place
    assert place is not None
    each.instance = Deal(
        pipeline_id=place.process.pipeline_id,
        stage_id=place.rule.stage_id,
        status=place.status,
        entered_stage_at=place.entered_at,
        closed_on=place.closed_on,
        origin=Deal.Origin.IMPORT,
        source=source,
        external_id=each.record.external_id,
        created_at=at,
    )
    set_fields(each, _facts(each, company))
    _finish(each, accounts)
    if place.closed_on:
        each.row.closed_owner_id = each.row.owner_id


def change(each: DealPlan, company: Company, accounts: dict[int, str], *, at: datetime) -> None:
    if each.place and (each.row.stage_id, each.row.status) != (
        each.place.rule.stage_id,
        each.place.status,
    ):
        _move(each, each.place, at=at)
    elif each.place and each.place.closed_on != each.row.closed_on:
        set_fields(each, {"closed_on": each.place.closed_on})
    each.was_due = each.row.close_date if each.row.is_open else None
    facts = _facts(each, company)
    if each.was_due and facts.get("close_date", each.was_due) is None:
        del facts["close_date"]
    set_fields(each, facts)
    if is_later(each):
        set_fields(each, {"push_count": each.row.push_count + 1})
    _finish(each, accounts)


def is_later(each: DealPlan) -> bool:
    """Whether the source moved the close date of an open deal later."""
    now = each.row.close_date
    return bool(each.row.is_open and each.was_due and now and now > each.was_due)


def _facts(each: DealPlan, company: Company) -> dict[str, Any]:
    """The plain columns that are news; a deal without a currency has the company's."""
    attached = set(each.attached)
    facts = {
        key: value
        for key, value in numbered(each.news).items()
        if key not in PLACED and key not in attached
    }
    if each.is_new or not each.row.currency or "currency" in facts:
        facts["currency"] = facts.get("currency") or company.currency
    return facts


def _finish(each: DealPlan, accounts: dict[int, str]) -> None:
    deal = each.row
    account = accounts.get(deal.account_id or 0, "")
    deal.search_text = search_text(deal.name, account, deal.custom)
    said = each.record.remembered()
    if each.attached:
        said["attached"] = {key: record.remembered() for key, record in each.attached.items()}
    deal.source_values = said


def _move(each: DealPlan, place: Place, *, at: datetime) -> None:
    """Let the deal stand where the source now has it; it is an import and no skip."""
    deal = each.row
    each.before |= {"stage": deal.stage_id, "status": deal.status}
    each.after |= {"stage": place.rule.stage_id, "status": place.status}
    deal.stage_id = place.rule.stage_id
    deal.entered_stage_at = place.entered_at or at
    if deal.status != place.status:
        if not deal.is_open:
            deal.mark_open()
            deal.closed_segment = ""
            deal.closed_on = deal.closed_owner = deal.closed_team = None
        if place.status == Deal.Status.WON:
            deal.mark_won()
        elif place.status == Deal.Status.LOST:
            deal.mark_lost()
    if place.closed_on:
        set_fields(each, {"closed_on": place.closed_on})
        deal.closed_owner_id = deal.owner_id
    each.moved = True
