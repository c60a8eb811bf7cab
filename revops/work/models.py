from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from revops.models import Versioned, subject_of


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> TaskQuerySet:
        return self.filter(state=Task.State.OPEN)

    def about(self, record: models.Model) -> TaskQuerySet:
        kind, number = subject_of(record)
        return self.filter(about_type=kind, about_id=number)

    def closed(self) -> TaskQuerySet:
        return self.exclude(state=Task.State.OPEN)

    def of(self, user: Any) -> TaskQuerySet:
        """Tasks of `user`, the next due first."""
        return self.filter(assignee=user).order_by("due_at", "pk")

    def of_line(self, user: Any) -> TaskQuerySet:
        """Tasks of `user` and of everybody below them."""
        return self.filter(assignee__links_above__ancestor=user)


class Task(Versioned):
    """Something one person is asked to do about one record."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=40)
    about_type = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tasks"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    dedupe_key = models.CharField(max_length=120, blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    result = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None, closed_by=None)
                | Q(state__in=["done", "cancelled"], closed_at__isnull=False),
                name="work_task_closing_has_when",
            ),
            models.UniqueConstraint(
                fields=["kind", "about_type", "about_id", "dedupe_key"],
                condition=Q(state="open") & ~Q(dedupe_key=""),
                name="work_task_one_open_per_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["assignee", "due_at"],
                condition=Q(state="open"),
                name="work_task_waiting",
            ),
            models.Index(fields=["about_type", "about_id"], name="work_task_about"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def about(self, record: models.Model) -> AttachmentQuerySet:
        kind, number = subject_of(record)
        return self.filter(about_type=kind, about_id=number, removed_at=None).order_by("pk")


class Attachment(models.Model):
    """A file about a record. Its bytes never change; it is served through permission only."""

    file = models.FileField(upload_to="attachments/%Y/%m/", max_length=300)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=40, blank=True, help_text="Such as contract.")
    about_type = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["about_type", "about_id"], name="work_attachment_about")]
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=False) | Q(removed_by=None),
                name="work_attachment_removal_has_when",
            )
        ]

    def __str__(self) -> str:
        return self.name
