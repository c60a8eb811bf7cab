"""Taking over the deals of a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from pipeline.imports.accounts import find_account
from pipeline.imports.deals.places import Places
from pipeline.imports.deals.planning import check_lists, check_locks, plan_deal
from pipeline.imports.deals.plans import PLACED, DealPlan
from pipeline.imports.deals.writing import write
from pipeline.imports.extensions import begin_extensions
from pipeline.models import Deal
from revops.company.models import Company
from revops.imports.drafts import Drafts, Outcome, Progress
from revops.imports.writing import Plan, by_external_id, fields_of_ours, plan, resolve, settle
from revops.locks import Lock, share_lock
from revops.people.actor import Actor
from revops.people.imports import find_person


@transaction.atomic(durable=True)
def import_deals(
    *,
    drafts: Drafts,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Take over deals as a source knows them, asking no gate and alerting nobody.

    What the source does not know (stage moves, opened date, loss reason) stays unknown. Only
    values that the source changed since the last import are written over what people entered.
    Raises BadRows when rows are bad and are not to be skipped.
    """
    # Like whoever moves a deal: all of it by the rules of before a publication, or of after it.
    share_lock(Lock.RULES)
    company, added = Company.get(), begin_extensions()
    records = drafts.records.get("deal", {})
    there = by_external_id(Deal.objects.all(), drafts.source, records.values())
    resolve(drafts, "deal", "owner", find_person)
    resolve(drafts, "deal", "account", find_account)
    check_lists(drafts)
    places = Places(company, at)
    plans = [
        plan_deal(drafts, each, places, added)
        for each in plan(
            drafts.standing("deal"),
            there,
            {key: _said(row) for key, row in there.items()},
            ours=_ours(drafts.source),
        )
    ]
    plans = _standing(drafts, plans)
    for extension in added:
        extension.check(drafts, plans)
    check_locks(drafts, plans, added)
    plans = _standing(drafts, plans)
    for each in plans:
        if each.attached_news:
            each.news |= dict.fromkeys(each.attached_news)
    outcome = settle(drafts, _counted(plans), dry_run=dry_run, skip_bad=skip_bad)
    if not dry_run:
        write(plans, drafts.source, company, added, progress, by=by, at=at)
        outcome.written = True
    return outcome


def _ours(source: str) -> frozenset[str]:
    """The fields in which ours wins; where ours says the stage, it says all that goes with it."""
    found = fields_of_ours(source, "deal")
    return found | PLACED if "stage" in found else found - PLACED


def _standing(drafts: Drafts, plans: Sequence[DealPlan]) -> list[DealPlan]:
    standing = {record.external_id for record in drafts.standing("deal")}
    return [each for each in plans if each.record.external_id in standing]


def _said(deal: Deal) -> dict[str, Any]:
    return {key: value for key, value in deal.source_values.items() if key != "attached"}


def _counted(plans: Sequence[DealPlan]) -> dict[str, list[Plan[Any]]]:
    return {"deal": list(plans)}
