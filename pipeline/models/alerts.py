"""What people are told of findings, how often they want it, and what was told already."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from pipeline.models.deals import Deal
from revops.models import Versioned


class AlertPreference(Versioned):
    """How often one person wants to be told of findings."""

    class Cadence(models.TextChoices):
        IMMEDIATE = "immediate", "At once"
        DAILY = "daily", "Once a day"
        WEEKLY = "weekly", "On Mondays"
        OFF = "off", "Never"

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="alert_preference"
    )
    cadence = models.CharField(max_length=10, choices=Cadence, default=Cadence.IMMEDIATE)
    weekly_digest = models.BooleanField(
        default=True, help_text="The state of the pipeline on Monday morning."
    )

    waiting_digest = models.BooleanField(
        default=True, help_text="What waits for an answer, on working mornings."
    )

    def __str__(self) -> str:
        return f"{self.person}: {self.get_cadence_display()}"


class FindingAlert(models.Model):
    """That a person was told of a finding, so that it is not told again while it stands."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="alerts")
    finding = models.CharField(max_length=40)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="Empty until a mail told it.")
    escalates = models.BooleanField(default=False, help_text="Told to a manager, unanswered.")
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "finding", "person"],
                condition=Q(cleared_at=None),
                name="pipeline_alert_one_standing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "found_at"],
                condition=Q(told_at=None, cleared_at=None),
                name="pipeline_alert_untold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding} on {self.deal}, told to {self.person}"


class DigestSent(models.Model):
    """That a person had the digest of a day; nobody has one twice."""

    class Kind(models.TextChoices):
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"
        WAITING = "waiting", "What waits"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    day = models.DateField(help_text="The reader's own day.")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "day"], name="pipeline_digest_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} digest of {self.person}, {self.day}"
