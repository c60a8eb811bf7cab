"""What the clock of an approval does by itself, each thing once and at its time."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from dealdesk.models.slots import ApprovalSlot


class ClockMarkQuerySet(models.QuerySet["ClockMark"]):
    def due(self, at: datetime) -> ClockMarkQuerySet:
        """Those whose time has come and that nobody settled, but for stopped clocks."""
        found = self.filter(settled_at=None, due_at__lte=at)
        return found.exclude(slot__paused_at__isnull=False, slot__state="requested")


class ClockMark(models.Model):
    """One thing that happens when an answer does not come in time."""

    class Kind(models.TextChoices):
        WARNING = "warning", "Warned"
        REMINDER = "reminder", "Reminded, with somebody added"
        ESCALATION = "escalation", "Handed upward"

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        NOBODY = "nobody", "Nobody was there"
        OVERTAKEN = "overtaken", "Overtaken by a later one"
        NOT_NEEDED = "not_needed", "Not needed any more"

    slot = models.ForeignKey(ApprovalSlot, on_delete=models.PROTECT, related_name="marks")
    kind = models.CharField(max_length=12, choices=Kind)
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)

    objects = ClockMarkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "kind"], name="dealdesk_mark_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["warning", "reminder", "escalation"]),
                name="dealdesk_mark_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None, outcome="")
                | Q(settled_at__isnull=False) & ~Q(outcome=""),
                name="dealdesk_mark_settled_has_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(settled_at=None), name="dealdesk_mark_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.slot}"
