"""The policy that requests are judged by, in immutable published versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse


class PolicyVersion(models.Model):
    """One published policy: its canonical JSON and digest never change.

    Exactly one is in force; publishing another takes its place. `proposed_by` and `confirmed_by`
    are the two people behind it; one that a person published alone waits for its second.
    """

    number = models.PositiveIntegerField(unique=True)
    label = models.CharField(max_length=100)
    preset = models.CharField(max_length=30, blank=True)
    body = models.TextField(help_text="Canonical JSON of dealdesk.policy.Policy.")
    digest = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    based_on = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    acknowledged = models.JSONField(
        default=list,
        blank=True,
        help_text="Findings of the linter that were meant: key, sentence, note, by, at.",
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    was_alone = models.BooleanField(
        default=False, help_text="Published by one person, without a second."
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
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
            models.CheckConstraint(
                condition=Q(proposed_at=None, proposed_by=None)
                | Q(proposed_at__isnull=False, proposed_by__isnull=False),
                name="dealdesk_policy_proposal_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="dealdesk_policy_confirmation_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None)
                | Q(proposed_by=None)
                | ~Q(confirmed_by=F("proposed_by")),
                name="dealdesk_policy_confirmed_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(was_alone=False) | Q(proposed_by__isnull=False),
                name="dealdesk_policy_alone_has_its_proposer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} (v{self.number})"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:policy-version", args=[self.number])

    @property
    def awaits_a_second(self) -> bool:
        """Whether it was published by one person alone and nobody has confirmed it yet."""
        return self.was_alone and self.confirmed_at is None
