"""What of a file is news: each record beside the row of ours that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import CharField, TextField

from revops.imports.drafts import Record
from revops.imports.models import FieldWinner

M = TypeVar("M", bound=models.Model)
BATCH = 500
BLANK: tuple[Any, ...] = (None, "", [], {})


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
