"""What each source said last, so that only what it changed is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from revops.imports.drafts import Record
from revops.imports.models import SourceRecord
from revops.imports.writing.plans import BATCH, Plan, in_batches


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
