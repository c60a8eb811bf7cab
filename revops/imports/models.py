"""What a source system last said about a record, so that an import overwrites only its news."""

from __future__ import annotations

from typing import Any

from django.db import models


class SourceRecord(models.Model):
    """The last values that one source gave for one record of ours.

    Deals carry theirs themselves. A value changed by hand here differs from the record's and
    stays, until the source's own value changes.
    """

    source = models.CharField(max_length=60)
    entity = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    record_id = models.BigIntegerField()
    values: Any = models.JSONField(default=dict)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "entity", "external_id"],
                name="imports_source_record_one_per_external_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.external_id} of {self.source}"
