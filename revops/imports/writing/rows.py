"""Writing rows with their ledger entries, and counting what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from revops.imports.drafts import BadRows, Drafts, Outcome
from revops.imports.writing.plans import (
    BATCH,
    M,
    Plan,
    columns_of,
    fields_of_ours,
    plan,
    set_fields,
)
from revops.imports.writing.references import numbered
from revops.imports.writing.remembering import remember, remembered
from revops.ledger.operations import Draft, record_many
from revops.people.actor import Actor


def settle(
    drafts: Drafts,
    plans: Mapping[str, list[Plan[Any]]],
    *,
    dry_run: bool,
    skip_bad: bool,
) -> Outcome:
    """Return what is about to happen. Raises BadRows when bad rows forbid it."""
    kind = drafts.mapping.kind
    outcome = Outcome(
        kind=kind.key,
        source=drafts.source,
        rows=drafts.rows,
        counts={entity: count(each) for entity, each in plans.items()},
        bad=drafts.bad_rows(),
        notes=drafts.notes,
        main=kind.main,
        dry_run=dry_run,
    )
    if outcome.bad and not skip_bad and not dry_run:
        raise BadRows(outcome)
    return outcome


def count(plans: Iterable[Plan[Any]]) -> dict[str, int]:
    counted = Counter(
        "created" if each.is_new else "changed" if each.news else "unchanged" for each in plans
    )
    return {key: counted[key] for key in ("created", "changed", "unchanged")}


def write_rows(
    plans: list[Plan[M]],
    *,
    make: Callable[[Plan[M]], M],
    finish: Callable[[Plan[M]], None] = lambda each: None,
    itself: str = "",
    extra: Iterable[str] = (),
    apart: Iterable[str] = (),
) -> tuple[list[Plan[M]], list[Plan[M]]]:
    """Create and change rows in bulk; return the plans that create and that have news.

    `itself` names a reference to a row of the same table, which is set when all are there;
    `apart` names what the kind writes elsewhere; `extra`, columns that `finish` sets.
    """
    new = [each for each in plans if each.is_new]
    old = [each for each in plans if not each.is_new and each.news]
    for each in new:
        each.instance = make(each)
    for each in [*new, *old]:
        mine = {k: v for k, v in numbered(each.news).items() if k != itself and k not in apart}
        set_fields(each, mine)
        finish(each)
    rows = type(new[0].row)._default_manager if new else None
    if rows is not None:
        rows.bulk_create([each.row for each in new], batch_size=BATCH)
    if itself:
        _point(plans, new, old, itself)
    save_changed([each for each in old if each.after], extra)
    return new, old


def _point(plans: list[Plan[M]], new: list[Plan[M]], old: list[Plan[M]], key: str) -> None:
    """Set the references to rows of the same table, by number or by external id."""
    numbers = {each.record.external_id: each.row.pk for each in plans}
    pointing = []
    for each in [*new, *old]:
        if key not in each.news:
            continue
        ref = each.news[key]
        number = ref if ref is None else getattr(ref, "number", 0) or numbers[ref.value]
        set_fields(each, {key: number})
        if number and each in new:
            pointing.append(each.row)
    if pointing:
        type(pointing[0])._default_manager.bulk_update(pointing, [key], batch_size=BATCH)


def save_changed(changed: Sequence[Plan[Any]], extra: Iterable[str] = ()) -> None:
    """Write the rows of plans that changed something, each as its next version."""
    if not changed:
        return
    for each in changed:
        each.row.version += 1
    columns = sorted({*columns_of(changed), *extra, "version"})
    rows = type(changed[0].row)._default_manager
    rows.bulk_update([each.row for each in changed], columns, batch_size=BATCH)


def entry(
    each: Plan[Any], noun: str, *, new: bool, personal: frozenset[str] = frozenset()
) -> Draft:
    """The ledger's entry for one record; personal values go in veiled."""
    return Draft(
        f"{noun}.imported" if new else f"{noun}.changed",
        each.row,
        before=None if new else {k: v for k, v in each.before.items() if k not in personal},
        after={
            key: value
            for key, value in each.after.items()
            if key not in personal and (value not in (None, "") or not new)
        },
        personal={key: each.after[key] for key in sorted(personal) if key in each.after},
    )


def import_rows(
    drafts: Drafts,
    entity: str,
    instances: Mapping[str, M],
    *,
    make: Callable[[Plan[M]], M],
    finish: Callable[[Plan[M]], None] = lambda each: None,
    follow: Callable[[list[Plan[M]], list[Plan[M]]], None] = lambda new, changed: None,
    itself: str = "",
    extra: Iterable[str] = (),
    apart: Iterable[str] = (),
    personal: frozenset[str] = frozenset(),
    dry_run: bool,
    skip_bad: bool,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Plan, judge and write the records of a kind that has one entity, within the transaction."""
    known = remembered(drafts.source, entity, drafts.standing(entity))
    plans = plan(
        drafts.standing(entity),
        instances,
        {key: row.values for key, row in known.items()},
        ours=fields_of_ours(drafts.source, entity),
    )
    outcome = settle(drafts, {entity: plans}, dry_run=dry_run, skip_bad=skip_bad)
    if dry_run:
        return outcome
    new, changed = write_rows(
        plans, make=make, finish=finish, itself=itself, extra=extra, apart=apart
    )
    remember(drafts.source, plans, known, at=at)
    follow(new, changed)
    entries = [entry(each, entity, new=True, personal=personal) for each in new]
    entries += [entry(each, entity, new=False, personal=personal) for each in changed if each.after]
    if entries:
        record_many(entries, by=by, at=at)
    outcome.written = True
    return outcome
