"""Writing deals with their visits, moved dates and ledger entries, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.findings.keeping import recount_numbered
from pipeline.imports.deals.facts import change, is_later, make
from pipeline.imports.deals.plans import DealPlan
from pipeline.imports.extensions import DealExtension
from pipeline.models import Account, ClosePullIn, ClosePush, Deal, Move, StageVisit
from pipeline.operations.close_dates import IMPORTED, push_row
from pipeline.operations.shared import tell_listeners
from pipeline.standings import follow_many, standing_of
from revops.company.models import Company
from revops.imports.drafts import Progress
from revops.imports.writing import BATCH, entry, in_batches, save_changed
from revops.ledger.operations import Draft, record_many
from revops.outbox.operations import quietly
from revops.people.actor import Actor, Via
from revops.people.models import User


def write(
    plans: Sequence[DealPlan],
    source: str,
    company: Company,
    added: Sequence[DealExtension],
    progress: Progress | None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    new = [each for each in plans if each.is_new]
    old = [each for each in plans if not each.is_new and each.news]
    accounts = _names_of_accounts([*new, *old])
    for each in new:
        make(each, source, company, accounts, at=at)
    for each in old:
        each.stood = standing_of(each.row, each.place.process if each.place else None)
        change(each, company, accounts, at=at)
    for extension in added:
        extension.stamp([*new, *(each for each in old if each.moved)])
    _save_new(new, progress)
    _save_visits(new, [each for each in old if each.moved], at=at)
    save_changed(old, _STAMPED)
    _save_date_moves(old, by=by, at=at)
    entries = [_entry(each, new=True) for each in new]
    entries += [_entry(each, new=False) for each in old if each.after]
    for extension in added:
        entries += extension.write([*new, *old], by=by, at=at)
    follow_many([(each.row, each.stood) for each in [*new, *old]], at=at)
    if entries:
        record_many(entries, by=by, at=at)
    with quietly():
        for each in old:
            if each.after:
                tell_listeners(each.row, frozenset(each.after), by=by, at=at)
    recount_numbered([each.row.pk for each in [*new, *old]], at)
    if progress and plans:
        progress("writing", len(plans), len(plans))


_STAMPED = (
    "stage",
    "status",
    "entered_stage_at",
    "closed_on",
    "closed_owner",
    "closed_team",
    "closed_segment",
    "search_text",
    "source_values",
)


def _save_date_moves(old: Sequence[DealPlan], *, by: Actor, at: datetime) -> None:
    """Keep every close date that moved: no push is hidden by coming from elsewhere."""
    pushes, pull_ins = [], []
    for each in old:
        was, now = each.was_due, each.row.close_date
        if not (each.row.is_open and was and now) or was == now:
            continue
        if is_later(each):
            pushes.append(push_row(each.row, was, now, IMPORTED, by=by, at=at))
        else:
            pull_ins.append(
                ClosePullIn(
                    deal=each.row, from_date=was, to_date=now, pulled_at=at, pulled_by=by.user
                )
            )
    ClosePush.objects.bulk_create(pushes, batch_size=BATCH)
    ClosePullIn.objects.bulk_create(pull_ins, batch_size=BATCH)


def _save_new(new: Sequence[DealPlan], progress: Progress | None) -> None:
    teams = _teams_of(each.row.owner_id for each in new if each.row.closed_on)
    for each in new:
        if each.row.closed_on:
            each.row.closed_team_id = teams.get(each.row.owner_id)
    done = 0
    for batch in in_batches(new):
        Deal.objects.bulk_create([each.row for each in batch])
        done += len(batch)
        if progress:
            progress("writing", done, len(new) + 1)


def _save_visits(new: Sequence[DealPlan], moved: Sequence[DealPlan], *, at: datetime) -> None:
    """Every imported deal has one visit: where it stands, and since when, if that is known."""
    teams = _teams_of(each.row.owner_id for each in moved)
    for each in moved:
        each.row.closed_team_id = teams.get(each.row.owner_id) if each.row.closed_on else None
        _leave(each, at=at)
    StageVisit.objects.bulk_create(
        [
            StageVisit(
                deal=each.row,
                stage_id=each.row.stage_id,
                version_id=each.place.process.version_id,
                move=Move.IMPORT,
                via=Via.IMPORT,
                entered_at=each.row.entered_stage_at,
            )
            for each in [*new, *moved]
            if each.place
        ],
        batch_size=BATCH,
    )


def _leave(each: DealPlan, *, at: datetime) -> None:
    """End the visit the deal was in; a stay cannot end before it began."""
    deal = each.row
    visit = deal.visits.filter(left_at=None).first()
    if visit is None:
        return
    moment = deal.entered_stage_at or at
    if visit.entered_at and moment < visit.entered_at:
        moment = max(at, visit.entered_at)
        deal.entered_stage_at = moment
    deal.visits.filter(pk=visit.pk).update(left_at=moment)


def _teams_of(owners: Iterable[int]) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for batch in in_batches(set(owners)):
        found |= dict(User.objects.filter(pk__in=batch).values_list("pk", "team"))
    return found


def _names_of_accounts(plans: Sequence[DealPlan]) -> dict[int, str]:
    """Names of the accounts that these deals have or will have."""
    numbers = {
        number
        for each in plans
        for number in (
            getattr(each.record.values.get("account"), "number", None),
            each.instance.account_id if each.instance else None,
        )
        if number
    }
    found: dict[int, str] = {}
    for batch in in_batches(numbers):
        found |= dict(Account.objects.filter(pk__in=batch).values_list("pk", "name"))
    return found


def _entry(each: DealPlan, *, new: bool) -> Draft:
    if new and each.place:
        each.after |= {"stage": each.place.rule.key, "status": each.place.status}
        if each.place.closed_on:
            each.after["closed_on"] = each.place.closed_on
        each.after["origin"] = Deal.Origin.IMPORT
    return entry(each, "deal", new=new)
