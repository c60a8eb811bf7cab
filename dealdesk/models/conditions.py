"""What an approver asks for beside their yes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.decisions import Decision


class ApprovalCondition(models.Model):
    """Something that must be done before the deal is won on an approval. Done once."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="conditions")
    text = models.CharField(max_length=300)
    set_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    done_note = models.TextField(null=True, blank=True, help_text="How it was done, or where.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="dealdesk_condition_says_something"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None, done_note=None)
                | Q(done_at__isnull=False, done_by__isnull=False, done_note__isnull=False)
                & ~Q(done_note=""),
                name="dealdesk_condition_done_has_who_when_and_how",
            ),
        ]

    def __str__(self) -> str:
        return self.text
