"""What people decided, and took back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.slots import ApprovalSlot


class Decision(models.Model):
    """What one person decided on one slot, and on exactly which terms. Never changes."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        RETURNED = "returned", "Returned for changes"

    slot = models.OneToOneField(ApprovalSlot, on_delete=models.PROTECT, related_name="decision")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.TextField(blank=True)
    terms_digest = models.CharField(max_length=64)
    topics = models.JSONField(help_text="Digest of each topic judged: {topic: digest}.")
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions"
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    via = models.CharField(max_length=10)
    ip = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(verdict__in=["rejected", "returned"]) | ~Q(reason=""),
                name="dealdesk_decision_rejection_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["approved", "rejected", "returned"]),
                name="dealdesk_decision_verdict_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["decided_by", "-decided_at"], name="dealdesk_decision_by"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.decided_by}"


class DecisionRevocation(models.Model):
    """A decision taken back by its author in time. The decision itself stays as it was."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="revocation")
    reason = models.TextField()
    revoked_at = models.DateTimeField()
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    via = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="dealdesk_revocation_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.decision} taken back"
