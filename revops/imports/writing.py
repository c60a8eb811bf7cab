"""What the imports of every kind share: finding what is there, comparing, setting, counting.

All of it within the transaction of the operation that calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import CharField, TextField

from revops.imports.drafts import BadRows, Drafts, Outcome, Record, by_reference
from revops.imports.fieldtypes import Ref, shown
from revops.imports.models import FieldWinner, SourceRecord
from revops.ledger.operations import Draft, record_many
from revops.people.actor import Actor

M = TypeVar("M", bound=models.Model)
BATCH = 500
BLANK: tuple[Any, ...] = (None, "", [], {})

Find = Callable[[str, str, set[str]], Mapping[str, list[int]]]


@dataclass
class Plan(Generic[M]):
    """One record of the file beside the row of ours that it is about."""

    record: Record
    instance: M | None
    news: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return self.instance is None

    @property
    def row(self) -> M:
        assert self.instance is not None
        return self.instance


def in_batches(values: Iterable[Any], size: int = BATCH) -> Iterable[list[Any]]:
    batch = list(values)
    for start in range(0, len(batch), size):
        yield batch[start : start + size]


def plan(
    records: Iterable[Record],
    instances: Mapping[str, M],
    remembered: Mapping[str, Mapping[str, Any]],
    *,
    ours: frozenset[str] = frozenset(),
) -> list[Plan[M]]:
    """Set each record beside its instance; news are the values the source has not said before.

    A field in which ours wins is news only as long as it is blank here.
    """
    plans = []
    for record in records:
        said = remembered.get(record.external_id, {})
        now = record.remembered()
        instance = instances.get(record.external_id)
        news = {
            key: value
            for key, value in record.values.items()
            if (key not in said or said[key] != now[key])
            and not (instance is not None and key in ours and is_set(instance, key))
        }
        plans.append(Plan(record, instance, news))
    return plans


def is_set(instance: models.Model, key: str) -> bool:
    """Whether a row has a value of its own; what is no column of it counts as set."""
    if key.startswith("custom."):
        custom: Mapping[str, Any] = getattr(instance, "custom", {})
        return custom.get(key.removeprefix("custom.")) not in BLANK
    try:
        column = instance._meta.get_field(key).attname  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return True
    return getattr(instance, column) not in BLANK


def fields_of_ours(source: str, entity: str) -> frozenset[str]:
    """The fields of an entity in which ours wins over this source."""
    rows = FieldWinner.objects.filter(source=source, entity=entity, winner=FieldWinner.Winner.OURS)
    return frozenset(rows.values_list("field", flat=True))


def without_ours(
    instance: models.Model, source: str, entity: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """What the source says, less the fields that are set here and in which ours wins over it."""
    ours = {name for name in fields_of_ours(source, entity) if is_set(instance, name)}
    said = {name: value for name, value in facts.items() if name not in ours}
    if ours and said.get("custom"):
        custom: Mapping[str, Any] = said["custom"]
        said["custom"] = {k: value for k, value in custom.items() if f"custom.{k}" not in ours}
    return said


def by_external_id(
    rows: models.QuerySet[M], source: str, records: Iterable[Record], *, lock: bool = True
) -> dict[str, M]:
    """The rows that came from `source` under the external ids of `records`, locked."""
    found: dict[str, M] = {}
    if lock:
        rows = rows.select_for_update(of=("self",))
    for ids in in_batches(record.external_id for record in records):
        for row in rows.filter(source=source, external_id__in=ids):
            found[row.external_id] = row  # type: ignore[attr-defined]
    return found


def set_fields(plan: Plan[M], values: Mapping[str, Any]) -> None:
    """Give the instance its new values and note on the plan what that changed."""
    row = plan.row
    for key, value in values.items():
        if key.startswith("custom."):
            _set_custom(plan, key.removeprefix("custom."), value)
            continue
        target = row._meta.get_field(key)
        if value is None and not target.null and isinstance(target, CharField | TextField):
            value = ""
        name = target.attname  # type: ignore[union-attr]
        old = getattr(row, name)
        if old != value:
            setattr(row, name, value)
            plan.before[key], plan.after[key] = old, value


def _set_custom(plan: Plan[Any], key: str, value: Any) -> None:
    custom = dict(plan.row.custom)
    old = custom.get(key)
    if old != value:
        plan.row.custom = custom | {key: value}
        plan.before[f"custom.{key}"], plan.after[f"custom.{key}"] = old, value


def columns_of(plans: Iterable[Plan[Any]]) -> list[str]:
    """The columns that bulk_update has to write for these plans."""
    keys = {key.split(".", 1)[0] for each in plans for key in each.after}
    return sorted(keys)


# References


def resolve(
    drafts: Drafts,
    entity: str,
    key: str,
    find: Find,
    *,
    within: Mapping[str, Any] | None = None,
) -> None:
    """Turn the references of one field into numbers; a row whose reference is unknown is bad.

    `find(by, source, values)` looks in the database. `within` holds the external ids of this
    very file, which may be referred to before their own rows come; those stay references.
    """
    for (source, by), wanted in by_reference(drafts.standing(entity), key).items():
        known: dict[str, list[int]] = {}
        for values in in_batches(sorted(wanted)):
            for value, numbers in find(by, source, set(values)).items():
                known[value] = numbers
        for value, records in wanted.items():
            here = within is not None and source == drafts.source and by == "external_id"
            if here and within is not None and value in within:
                continue
            for record in records:
                _settle(drafts, record, key, known.get(value, []))


def _settle(drafts: Drafts, record: Record, key: str, numbers: list[int]) -> None:
    ref: Ref = record.values[key]
    if len(numbers) == 1:
        record.values[key] = Found(numbers[0], ref)
        return
    what = f"{key}: {shown(ref.value)}"
    if numbers:
        drafts.reject_record(record, f"{what} is the {ref.by} of {len(numbers)} records")
    elif ref.by == "external_id":
        drafts.reject_record(record, f"{what} is no {ref.entity} of the source {ref.source}")
    else:
        drafts.reject_record(record, f"{what} is the {ref.by} of no {ref.entity}")


@dataclass(frozen=True)
class Found(Ref):
    """A reference that was found: the number of the row, spelled like the reference."""

    number: int = 0

    def __init__(self, number: int, ref: Ref) -> None:
        super().__init__(ref.entity, ref.by, ref.value, ref.source)
        object.__setattr__(self, "number", number)


def numbered(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with found references as the numbers of their rows; open ones are left out."""
    return {
        key: value.number if isinstance(value, Found) else value
        for key, value in values.items()
        if not isinstance(value, Ref) or isinstance(value, Found)
    }


def finder(rows: models.QuerySet[Any], **fields: str) -> Find:
    """A `find` over `rows`; `fields` says which column each way of looking up reads."""

    def find(by: str, source: str, values: set[str]) -> dict[str, list[int]]:
        column = fields.get(by, by)
        found: dict[str, list[int]] = {}
        wanted = {f"{column}__in": values}
        if by == "external_id":
            wanted["source"] = source  # type: ignore[assignment]
        for value, number in rows.filter(**wanted).values_list(column, "pk"):
            found.setdefault(value, []).append(number)
        return found

    return find


def reject_dangling(drafts: Drafts, entity: str, key: str) -> None:
    """Rows that refer to a record of this file whose own row is bad are bad as well."""
    while True:
        standing = {record.external_id for record in drafts.standing(entity)}
        dangling = [
            record
            for record in drafts.standing(entity)
            if isinstance(ref := record.values.get(key), Ref)
            and not isinstance(ref, Found)
            and ref.value not in standing
        ]
        if not dangling:
            return
        for record in dangling:
            value = shown(record.values[key].value)
            drafts.reject_record(record, f"{key}: the row of {value} is bad itself")


def reject_circles(
    drafts: Drafts, entity: str, key: str, there: Mapping[str, models.Model]
) -> None:
    """Rows whose references, with those kept here already, would lead back to themselves are bad.

    A node is the number of a row that is there, or the external id of one that is new.
    """
    rows = next(iter(there.values()), None)
    above: dict[Any, Any] = (
        dict(type(rows)._default_manager.filter(**{f"{key}__isnull": False}).values_list("pk", key))
        if rows
        else {}
    )
    nodes = {external_id: row.pk for external_id, row in there.items()}
    records = drafts.standing(entity)
    for record in records:
        if key in record.values:
            ref = record.values[key]
            target = getattr(ref, "number", None) or (ref and nodes.get(ref.value, ref.value))
            above[nodes.get(record.external_id, record.external_id)] = target
    for record in records:
        start = nodes.get(record.external_id, record.external_id)
        step, seen = above.get(start), set()
        while step is not None and step != start and step not in seen:
            seen.add(step)
            step = above.get(step)
        if step is not None and step == start:
            reason = f"{key}: {shown(record.external_id)} would come above itself"
            drafts.reject_record(record, reason)


# What the source said last


def remembered(source: str, entity: str, records: Iterable[Record]) -> dict[str, SourceRecord]:
    found: dict[str, SourceRecord] = {}
    for ids in in_batches(record.external_id for record in records):
        rows = SourceRecord.objects.filter(source=source, entity=entity, external_id__in=ids)
        found |= {row.external_id: row for row in rows}
    return found


def remember(
    source: str, plans: Iterable[Plan[Any]], known: Mapping[str, SourceRecord], *, at: datetime
) -> None:
    """Keep what the source now says, where that is news."""
    new, changed = [], []
    for each in plans:
        row = known.get(each.record.external_id)
        if row is None:
            new.append(
                SourceRecord(
                    source=source,
                    entity=each.record.entity,
                    external_id=each.record.external_id,
                    record_id=each.row.pk,
                    values=each.record.remembered(),
                    imported_at=at,
                )
            )
        elif each.news:
            row.values = row.values | each.record.remembered()
            row.imported_at = at
            changed.append(row)
    SourceRecord.objects.bulk_create(new, batch_size=BATCH)
    SourceRecord.objects.bulk_update(changed, ["values", "imported_at"], batch_size=BATCH)


# The result


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


# Plain records: accounts, contacts, products, teams


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
