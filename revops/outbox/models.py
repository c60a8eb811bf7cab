from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: Any) -> NotificationQuerySet:
        """What `user` was told, newest first."""
        return self.filter(person=user).order_by("-created_at", "-pk")

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class Notification(models.Model):
    """Something a person is told, once: written in the transaction of the change itself."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notifications"
    )
    event = models.CharField(max_length=60)
    about_type = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    dedupe_key = models.CharField(max_length=200)
    context: Any = models.JSONField(default=dict)
    link = models.CharField(
        max_length=80, blank=True, help_text="kind:number; the token is derived"
    )
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "event", "dedupe_key"],
                name="outbox_notification_told_once",
            )
        ]
        indexes = [
            models.Index(fields=["person", "-created_at"], name="outbox_notification_newest"),
            models.Index(
                fields=["person"],
                condition=Q(read_at=None),
                name="outbox_notification_unread",
            ),
            models.Index(fields=["about_type", "about_id"], name="outbox_notification_about"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.person}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, at: datetime) -> DeliveryQuerySet:
        """Waiting for a try, or claimed by a worker that has not come back in time."""
        return self.filter(
            Q(state=Delivery.State.WAITING, next_try_at__lte=at)
            | Q(state=Delivery.State.SENDING, claimed_until__lte=at)
        )


class Delivery(models.Model):
    """One way of bringing a notification to its person, with its tries."""

    class Channel(models.TextChoices):
        MAIL = "mail", "Mail"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        GIVEN_UP = "given_up", "Given up"
        DROPPED = "dropped", "Not sent"

    notification = models.ForeignKey(
        Notification, on_delete=models.PROTECT, related_name="deliveries"
    )
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.MAIL)
    address = models.CharField(max_length=254, blank=True)
    message_id = models.CharField(max_length=200, unique=True)
    subject = models.CharField(max_length=300, blank=True)
    text_body = models.TextField(blank=True)
    html_body = models.TextField(blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce = models.CharField(
        max_length=300, blank=True, help_text="Why it came back, in the mail service's words."
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel"],
                name="outbox_delivery_one_per_channel",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | ~Q(state="sent") & Q(sent_at=None),
                name="outbox_delivery_sent_has_when",
            ),
            models.CheckConstraint(
                condition=Q(state="sending", claimed_until__isnull=False) & ~Q(claim="")
                | ~Q(state="sending") & Q(claimed_until=None, claim=""),
                name="outbox_delivery_claim_has_until",
            ),
            models.CheckConstraint(
                condition=Q(bounced_at=None, bounce="")
                | Q(bounced_at__isnull=False) & ~Q(bounce=""),
                name="outbox_delivery_bounce_has_what",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(next_try_at__isnull=False),
                name="outbox_delivery_waiting_has_next_try",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["waiting", "sending"]),
                name="outbox_delivery_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.notification} by {self.get_channel_display()}: {self.get_state_display()}"
