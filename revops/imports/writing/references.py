"""References from row to row: found, left open, dangling, or leading in a circle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from revops.imports.drafts import Drafts, Record, by_reference
from revops.imports.fieldtypes import Ref, shown
from revops.imports.writing.plans import in_batches

Find = Callable[[str, str, set[str]], Mapping[str, list[int]]]


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
