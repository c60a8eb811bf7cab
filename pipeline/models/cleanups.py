"""Guided clean-ups of a messy pipeline."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from revops.models import Versioned


class CleanUpRun(Versioned):
    """One guided clean-up: where it stands, and how many deals each step found and left."""

    class Scope(models.TextChoices):
        LINE = "line", "My line"
        ALL = "all", "All deals"

    scope = models.CharField(max_length=10, choices=Scope)
    step = models.PositiveSmallIntegerField(default=1)
    counts = models.JSONField(
        default=dict,
        help_text="By step: how many deals it found at the start, and left at its end.",
    )
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="clean_ups"
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["started_by"],
                condition=Q(finished_at=None),
                name="pipeline_clean_up_one_running_per_person",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
                name="pipeline_clean_up_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(step__gte=1, step__lte=5), name="pipeline_clean_up_step_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"clean-up of {self.started_by}, {self.started_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("pipeline:clean-up-plan")
