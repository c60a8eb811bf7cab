"""How a request and its people met: pages opened, nudges sent, mails answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.requests import ApprovalRequest
from dealdesk.models.slots import ApprovalSlot


class ApprovalOpening(models.Model):
    """The first time that the person of a slot had the terms before them, signed in.

    Written for its person's own calibration; no gate and no clock asks it.
    """

    slot = models.OneToOneField(ApprovalSlot, on_delete=models.PROTECT, related_name="opening")
    opened_at = models.DateTimeField()
    via = models.CharField(max_length=10)

    def __str__(self) -> str:
        return f"{self.slot} opened"


class Nudge(models.Model):
    """A rep's reminder to everybody who is asked: one a day and request."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="nudges")
    day = models.DateField(help_text="The company's day.")
    nudged_at = models.DateTimeField()
    nudged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    via = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "day"], name="dealdesk_nudge_one_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.request} nudged on {self.day}"


class MailReply(models.Model):
    """A mail that answered an approval, and what was made of it; its words are elsewhere."""

    class Outcome(models.TextChoices):
        DECIDED = "decided", "Taken as a decision"
        COMMENTED = "commented", "Kept as a comment"
        IGNORED = "ignored", "Left alone"
        REFUSED = "refused", "Refused"

    message_id = models.CharField(max_length=250, unique=True, help_text="Each mail counts once.")
    slot = models.ForeignKey(
        ApprovalSlot, null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    is_authenticated = models.BooleanField(
        default=False, help_text="The provider vouched for the sender, who is the slot's person."
    )
    outcome = models.CharField(max_length=10, choices=Outcome)
    why = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "mail replies"
        constraints = [
            models.CheckConstraint(
                condition=~Q(outcome__in=["decided", "commented"]) | Q(slot__isnull=False),
                name="dealdesk_reply_taken_has_slot",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="decided") | Q(is_authenticated=True),
                name="dealdesk_reply_decides_authenticated",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["ignored", "refused"]) | ~Q(why=""),
                name="dealdesk_reply_left_has_why",
            ),
        ]

    def __str__(self) -> str:
        return f"reply {self.message_id}: {self.get_outcome_display()}"
