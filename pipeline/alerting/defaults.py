"""The tasks that come with the stages of the shipped pipeline."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pipeline.defaults import NEW_BUSINESS
from pipeline.models import Stage, StageAction

SHIPPED = {
    "discovery": "Discovery questionnaire",
    "demo": "Prepare the environment",
    "proposal": "Send the proposal",
}
WORKING_HOURS = 16


@transaction.atomic
def ensure_stage_actions(at: datetime) -> None:
    """Put them there where no stage of the pipeline has had a task yet; change nothing else."""
    stages = Stage.objects.filter(pipeline__key=NEW_BUSINESS)
    if StageAction.objects.filter(stage__in=stages).exists():
        return
    StageAction.objects.bulk_create(
        StageAction(stage=stage, title=SHIPPED[stage.key], due_hours=WORKING_HOURS)
        for stage in stages.filter(key__in=SHIPPED)
    )
