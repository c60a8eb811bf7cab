"""The steps of a request: what is agreed together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.requests import ApprovalRequest


class ApprovalStep(models.Model):
    """One thing that must be agreed: by whom, on which topics, how many of them."""

    class State(models.TextChoices):
        NOT_YET_REQUESTED = "not_yet_requested", "Not yet asked"
        REQUESTED = "requested", "Asked"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"
        CARRIED_FORWARD = "carried_forward", "Carried forward"
        BYPASSED = "bypassed", "Bypassed"

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    wave = models.PositiveSmallIntegerField(default=1)
    key = models.CharField(max_length=80, help_text='Its roles, such as "finance+legal".')
    name = models.CharField(max_length=100)
    mode = models.CharField(max_length=20, default="first_response")
    groups = models.JSONField(help_text="How many of each role must agree: {role: k}.")
    topics = models.JSONField(default=dict, help_text="Topics each role judges: {role: [...]}.")
    reasons = models.JSONField(
        default=dict, help_text="Why each role is asked: {role: [sentence]}."
    )
    state = models.CharField(max_length=20, choices=State, default=State.REQUESTED)
    settled_at = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who asked for this step beside what the policy asks.",
    )
    added_why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "position"], name="dealdesk_step_one_per_position"
            ),
            models.CheckConstraint(
                condition=Q(added_by=None, added_why="")
                | Q(added_by__isnull=False) & ~Q(added_why=""),
                name="dealdesk_step_added_has_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["not_yet_requested", "requested"], settled_at=None)
                | ~Q(state__in=["not_yet_requested", "requested"]) & Q(settled_at__isnull=False),
                name="dealdesk_step_settled_has_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.request}"
