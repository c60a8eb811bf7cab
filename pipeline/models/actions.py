"""What entering a stage sets in motion."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pipeline.models.process import Stage
from revops.models import Versioned


class StageAction(Versioned):
    """A task that the owner of a deal is given when it enters a stage."""

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(max_length=100)
    due_hours = models.PositiveSmallIntegerField(
        default=16, help_text="Working hours until it is due; eight are a working day."
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "title"],
                condition=Q(retired_at=None),
                name="pipeline_stage_action_one_per_title",
            ),
            models.CheckConstraint(
                condition=Q(due_hours__gt=0), name="pipeline_stage_action_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} on entering {self.stage}"
