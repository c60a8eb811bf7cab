"""Other terms that somebody who was asked would approve."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.decisions import Decision


class CounterOffer(models.Model):
    """What one approver would say yes to instead: changes, and the terms they come to.

    It stands beside the decision that returned the request. Answered once, by who sells.
    """

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="counter")
    patch = models.TextField(help_text="Canonical JSON of dealdesk.patches.Patch.")
    body = models.TextField(help_text="Canonical JSON of the terms with those changes.")
    digest = models.CharField(max_length=64)
    answer = models.CharField(max_length=10, choices=Answer, null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answer_note = models.TextField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(patch=""), name="dealdesk_counter_says_what"),
            models.CheckConstraint(
                condition=Q(answer=None, answered_at=None, answered_by=None, answer_note=None)
                | Q(
                    answer__in=["accepted", "declined", "withdrawn"],
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    answer_note__isnull=False,
                ),
                name="dealdesk_counter_answered_has_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"counter-offer of {self.decision.decided_by}"

    @property
    def is_open(self) -> bool:
        return self.answer is None
