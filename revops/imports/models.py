"""What a source system last said of a record, and the files on their way in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from revops.models import Versioned


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


class FieldWinner(models.Model):
    """Which system wins where one field of one source differs from ours.

    Without a row the source wins: what it changed since the last import is written.
    """

    class Winner(models.TextChoices):
        SOURCE = "source", "The source"
        OURS = "ours", "Ours"

    source = models.CharField(max_length=60)
    entity = models.CharField(max_length=40)
    field = models.CharField(max_length=80)
    winner = models.CharField(max_length=10, choices=Winner)
    chosen_at = models.DateTimeField()
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "entity", "field"], name="imports_field_winner_one_per_field"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.entity} from {self.source}: {self.get_winner_display()}"


class SavedMapping(Versioned):
    """A mapping kept under a name, to be used again: the same text that the command takes."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    text = models.TextField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"], name="imports_saved_mapping_one_per_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


class ImportRun(Versioned):
    """One uploaded file, from the upload to what came of it; the file goes when it is over."""

    class State(models.TextChoices):
        MAPPING = "mapping", "Columns are being mapped"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        IMPORTING = "importing", "Being imported"
        DONE = "done", "Imported"
        FAILED = "failed", "Could not be used"
        DROPPED = "dropped", "Dropped"

    kind = models.CharField(max_length=20)
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=300, blank=True)
    name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    profile: Any = models.JSONField(default=dict, help_text="What the first rows look like.")
    mapping_text = models.TextField(blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    skip_bad = models.BooleanField(default=False)
    phase = models.CharField(max_length=20, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    outcome: Any = models.JSONField(default=dict, help_text="What the check or the import said.")

    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="importing"),
                name="imports_run_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["checking", "importing"])
                | Q(started_at__isnull=False, finished_at=None),
                name="imports_run_at_work_has_start",
            ),
            models.CheckConstraint(
                condition=Q(started_at__isnull=False) | Q(started_by=None),
                name="imports_run_start_has_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "dropped"]) | Q(file=""),
                name="imports_run_over_keeps_no_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_state_display()}"

    @property
    def is_at_work(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.IMPORTING)
