"""The policy that requests are judged by, in immutable published versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class PolicyVersion(models.Model):
    """One published policy: its canonical JSON and digest never change.

    Exactly one is in force; publishing another takes its place.
    """

    number = models.PositiveIntegerField(unique=True)
    label = models.CharField(max_length=100)
    preset = models.CharField(max_length=30, blank=True)
    body = models.TextField(help_text="Canonical JSON of dealdesk.policy.Policy.")
    digest = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    in_force = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["in_force"],
                condition=Q(in_force=True),
                name="dealdesk_policy_one_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} (v{self.number})"
