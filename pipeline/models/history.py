"""What happened to a deal, in rows that are added and never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from pipeline.models.deals import Deal
from pipeline.models.process import Pipeline, PipelineVersion, Stage


class Move(models.TextChoices):
    """How a deal came into a stage."""

    CREATE = "create", "Created"
    ADVANCE = "advance", "Advanced"
    SKIP = "skip", "Skipped ahead"
    SEND_BACK = "send_back", "Sent back"
    WIN = "win", "Won"
    LOSE = "lose", "Lost"
    REOPEN = "reopen", "Reopened"
    TRANSFER = "transfer", "Transferred"
    IMPORT = "import", "Imported"
    RESTAGE = "restage", "Moved by new rules"


BYPASS = (
    Q(is_override=True)
    | Q(move__in=["import", "restage"])
    | (Q(via__in=["import", "system", "command"]) & ~Q(move="create"))
)
"""Visits that went past a gate: by an override, an import, or the installation itself."""


class StageVisit(models.Model):
    """One stay of a deal in a stage; `left_at` is set once. Unknown times only on imports."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="visits")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="visits")
    version = models.ForeignKey(
        PipelineVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    move = models.CharField(max_length=10, choices=Move)
    reason = models.TextField(blank=True)
    skipped = models.JSONField(default=list, blank=True, help_text="Keys of the stages jumped.")
    via = models.CharField(
        max_length=12,
        blank=True,
        default="",
        db_default="",
        help_text="The door it came by; empty where it was not kept.",
    )
    is_override = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An administrator moved the deal past what its gate asked.",
    )
    bypassed = models.JSONField(
        default=list,
        blank=True,
        db_default=models.Value([], models.JSONField()),
        help_text="What an override went past: key, label and stage of each.",
    )
    entered_at = models.DateTimeField(null=True, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(left_at=None),
                name="pipeline_visit_one_open_per_deal",
            ),
            models.CheckConstraint(
                condition=Q(entered_at__isnull=False) | Q(move="import"),
                name="pipeline_visit_has_entered_at",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(entered_at=None) | Q(left_at__gte=F("entered_at")),
                name="pipeline_visit_left_after_entered",
            ),
            models.CheckConstraint(
                condition=~Q(move__in=["skip", "send_back", "reopen", "transfer"]) | ~Q(reason=""),
                name="pipeline_visit_irregular_move_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(is_override=False) | ~Q(reason=""),
                name="pipeline_visit_override_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(entered_at__isnull=False) | Q(entered_by=None),
                name="pipeline_visit_entry_has_when",
            ),
        ]
        indexes = [
            models.Index(fields=["stage", "left_at"], name="pipeline_visit_of_stage"),
            models.Index(fields=["entered_at"], name="pipeline_visit_entered"),
            models.Index(fields=["-id"], condition=BYPASS, name="pipeline_visit_bypass"),
        ]

    def __str__(self) -> str:
        return f"{self.deal} in {self.stage}"


class CriterionTick(models.Model):
    """A person's confirmation, with date, of one exit criterion."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="ticks")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    criterion_key = models.CharField(max_length=60)
    note = models.TextField(blank=True)
    evidence = models.ForeignKey(
        "work.Attachment",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The file that shows it, where one was given.",
    )
    ticked_at = models.DateTimeField()
    ticked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "stage", "criterion_key"],
                condition=Q(withdrawn_at=None),
                name="pipeline_tick_one_standing_per_criterion",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=False) | Q(withdrawn_by=None),
                name="pipeline_tick_withdrawal_has_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_key} on {self.deal}"


class ClosePush(models.Model):
    """A close date that moved later, with its reason code."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="pushes")
    from_date = models.DateField()
    to_date = models.DateField()
    reason_key = models.CharField(max_length=50)
    note = models.TextField(blank=True)
    crosses_month = models.BooleanField()
    crosses_quarter = models.BooleanField()
    pushed_at = models.DateTimeField()
    pushed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_date__gt=F("from_date")), name="pipeline_push_is_later"
            ),
            models.CheckConstraint(condition=~Q(reason_key=""), name="pipeline_push_has_reason"),
        ]
        indexes = [
            models.Index(fields=["deal", "-pushed_at", "-id"], name="pipeline_push_of_deal"),
            models.Index(
                fields=["pushed_at", "id"],
                include=["deal", "reason_key"],
                name="pipeline_push_of_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deal}: {self.from_date} to {self.to_date}"


class ClosePullIn(models.Model):
    """A close date that moved earlier."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="pull_ins")
    from_date = models.DateField()
    to_date = models.DateField()
    pulled_at = models.DateTimeField()
    pulled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_date__lt=F("from_date")), name="pipeline_pull_in_is_earlier"
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "-pulled_at", "-id"], name="pipeline_pull_in_of_deal"),
            models.Index(fields=["pulled_at"], name="pipeline_pull_in_pulled"),
        ]

    def __str__(self) -> str:
        return f"{self.deal}: {self.from_date} back to {self.to_date}"


class GateDebt(models.Model):
    """An item of a skipped stage that is still owed."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="debts")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    item_key = models.CharField(max_length=60)
    label = models.CharField(max_length=150)
    is_criterion = models.BooleanField(default=False)
    none_allowed = models.BooleanField(default=False)
    reason = models.TextField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="debts",
        help_text="Who pays it off; empty for the owner of the deal.",
    )
    due_on = models.DateField(null=True, blank=True)
    incurred_at = models.DateTimeField()
    incurred_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    paid_at = models.DateTimeField(null=True, blank=True)
    paid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "stage", "item_key"],
                condition=Q(paid_at=None),
                name="pipeline_debt_one_unpaid_per_item",
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=False) | Q(paid_by=None),
                name="pipeline_debt_payment_has_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} owed on {self.deal}"


class StageRollup(models.Model):
    """Count and sum of the deals of one owner in one stage and currency, kept by every change."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="+")
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    currency = models.CharField(max_length=3)
    count = models.IntegerField(default=0)
    amount = models.DecimalField(max_digits=20, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pipeline", "stage", "owner", "currency"],
                name="pipeline_rollup_one_per_cell",
            ),
            models.CheckConstraint(
                condition=Q(count__gte=0), name="pipeline_rollup_count_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} in {self.stage}: {self.count}"
