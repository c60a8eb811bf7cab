"""Questions to the deal desk about a deal that has no quote yet, or none to ask about."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from pipeline.models import Deal
from pipeline.models.visibility import of_visible_deals

if TYPE_CHECKING:
    from revops.people.models import User


class DeskThreadQuerySet(models.QuerySet["DeskThread"]):
    def visible_to(self, user: User) -> DeskThreadQuerySet:
        return self.filter(of_visible_deals(user))

    def open(self) -> DeskThreadQuerySet:
        return self.exclude(waits_on=DeskThread.WaitsOn.NOBODY)

    def waiting_on_desk(self) -> DeskThreadQuerySet:
        return self.filter(waits_on=DeskThread.WaitsOn.DESK)

    def late(self, at: datetime) -> DeskThreadQuerySet:
        return self.waiting_on_desk().filter(due_at__lt=at)

    def by_urgency(self) -> DeskThreadQuerySet:
        """What waits on the desk by when it is due, then what waits on sellers, oldest first."""
        return self.order_by(F("due_at").asc(nulls_last=True), "asked_at", "pk")


class DeskThread(models.Model):
    """A question to the deal desk: somebody owns it, and a clock runs. It grants nothing."""

    class WaitsOn(models.TextChoices):
        DESK = "desk", "Waits for the desk"
        SELLER = "seller", "Answered"
        NOBODY = "nobody", "Closed"

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="desk_threads")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="desk_questions"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="desk_threads",
        help_text="Who at the deal desk answers.",
    )
    waits_on = models.CharField(max_length=8, choices=WaitsOn, default=WaitsOn.DESK)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="By when the desk answers, while it waits for the desk."
    )
    reminded_at = models.DateTimeField(
        null=True, blank=True, help_text="When the desk was told that this answer is overdue."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = DeskThreadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(waits_on__in=["desk", "seller", "nobody"]),
                name="dealdesk_thread_waits_on_is_known",
            ),
            models.CheckConstraint(
                condition=Q(waits_on="desk", due_at__isnull=False)
                | ~Q(waits_on="desk") & Q(due_at=None),
                name="dealdesk_thread_due_exactly_while_desk_is_asked",
            ),
            models.CheckConstraint(
                condition=Q(waits_on="nobody", closed_at__isnull=False, closed_by__isnull=False)
                | ~Q(waits_on="nobody") & Q(closed_at=None, closed_by=None),
                name="dealdesk_thread_closed_has_who_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "-id"], name="dealdesk_thread_of_deal"),
            models.Index(
                fields=["owner", "due_at"],
                condition=~Q(waits_on="nobody"),
                name="dealdesk_thread_of_owner",
            ),
            models.Index(
                fields=["due_at", "asked_at", "id"],
                condition=~Q(waits_on="nobody"),
                name="dealdesk_thread_by_urgency",
            ),
        ]

    def __str__(self) -> str:
        return f"question about {self.deal}"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:thread-detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.waits_on != self.WaitsOn.NOBODY

    def is_late(self, at: datetime) -> bool:
        """Whether the desk is past the time of its answer."""
        return self.due_at is not None and self.due_at < at


class DeskMessage(models.Model):
    """What was said in a thread. Never changes."""

    thread = models.ForeignKey(DeskThread, on_delete=models.PROTECT, related_name="messages")
    body = models.TextField()
    from_desk = models.BooleanField(help_text="Whether the desk said it, and not the seller.")
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    via = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(body=""), name="dealdesk_deskmessage_says_something"
            ),
        ]
        indexes = [models.Index(fields=["thread", "id"], name="dealdesk_deskmessage_of_thread")]

    def __str__(self) -> str:
        return f"message of {self.written_by}"
