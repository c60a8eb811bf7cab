"""What legal goes through before a contract on the customer's paper, or with redlines, passes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.requests import ApprovalRequest
from revops.models import Versioned


class PaperCheckQuerySet(models.QuerySet["PaperCheck"]):
    def standing(self) -> PaperCheckQuerySet:
        return self.filter(retired_at=None).order_by("position", "pk")


class PaperCheck(Versioned):
    """One line of legal's checklist."""

    text = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = PaperCheckQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["text"], condition=Q(retired_at=None), name="dealdesk_check_one_per_text"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="dealdesk_check_says_something"),
        ]

    def __str__(self) -> str:
        return self.text


class PaperTick(models.Model):
    """A line of the checklist that somebody of legal looked at, on one request."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="ticks")
    check_line = models.ForeignKey(PaperCheck, on_delete=models.PROTECT, related_name="ticks")
    ticked_at = models.DateTimeField()
    ticked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "check_line"], name="dealdesk_tick_one_per_line"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_line} on {self.request}"
