"""The personal links of approval mails."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from dealdesk.models.slots import ApprovalSlot


class ApprovalLink(models.Model):
    """A personal link to one slot. The row holds a nonce and a hash; the token is derived."""

    slot = models.ForeignKey(ApprovalSlot, on_delete=models.PROTECT, related_name="links")
    nonce = models.CharField(max_length=64, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    credential = models.CharField(
        max_length=16,
        blank=True,
        help_text="Marks the person's password: changing it ends the link.",
    )
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    first_opened_at = models.DateTimeField(null=True, blank=True)
    retyped_at = models.DateTimeField(
        null=True, blank=True, help_text="When its holder typed the discount, where that is asked."
    )
    mistyped = models.PositiveSmallIntegerField(
        default=0, help_text="How often the discount was typed wrongly."
    )
    consumed_at = models.DateTimeField(null=True, blank=True)
    killed_at = models.DateTimeField(null=True, blank=True)
    killed_why = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(killed_at=None, consumed_at=None),
                name="dealdesk_link_one_live_per_slot",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")),
                name="dealdesk_link_expires_after_issue",
            ),
            models.CheckConstraint(
                condition=Q(killed_at=None, killed_why="")
                | Q(killed_at__isnull=False) & ~Q(killed_why=""),
                name="dealdesk_link_kill_has_why",
            ),
        ]

    def __str__(self) -> str:
        return f"link to {self.slot}"
