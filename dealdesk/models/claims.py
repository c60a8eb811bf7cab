"""Who of several people asked in one role is on it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dealdesk.models.requests import ApprovalRequest
from dealdesk.models.slots import ApprovalSlot
from dealdesk.models.steps import ApprovalStep
from revops.people.models import Role


class SlotClaimQuerySet(models.QuerySet["SlotClaim"]):
    def standing(self) -> SlotClaimQuerySet:
        """Claims that hold: not given back, and still something to decide for who made them."""
        return self.filter(
            released_at=None,
            slot__state=ApprovalSlot.State.REQUESTED,
            step__request__status=ApprovalRequest.Status.PENDING,
        )


class SlotClaim(models.Model):
    """One person says to the others asked in the same role: I am on it. Decides nothing."""

    step = models.ForeignKey(ApprovalStep, on_delete=models.PROTECT, related_name="claims")
    role = models.CharField(max_length=20, choices=Role)
    slot = models.ForeignKey(ApprovalSlot, on_delete=models.PROTECT, related_name="claims")
    claimed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    objects = SlotClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["step", "role"],
                condition=Q(released_at=None),
                name="dealdesk_claim_one_per_step_and_role",
            ),
        ]
        indexes = [
            models.Index(
                fields=["slot"], condition=Q(released_at=None), name="dealdesk_claim_standing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.slot} claimed"
