"""What the numbers are made of: how deals stood and when, daily tallies, quotas and forecasts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from pipeline.models.deals import Deal
from pipeline.models.process import Pipeline, Stage, StageRule
from revops.models import Versioned


class DealStanding(models.Model):
    """How a deal stood from one moment to the next: one row for each change of what is reported.

    `until` is set once. What an import does not know of the past is taken as it was on import.
    """

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="standings")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    pipeline = models.ForeignKey(
        Pipeline, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=10, choices=Deal.Status)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    currency = models.CharField(max_length=3)
    close_date = models.DateField(null=True, blank=True)
    forecast_category = models.CharField(
        max_length=10,
        choices=StageRule.ForecastCategory,
        help_text="The deal's own, or that of its stage at the time.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(until=None),
                name="pipeline_standing_one_present_per_deal",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="pipeline_standing_ends_after_it_began",
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "since", "id"], name="pipeline_standing_of_deal"),
            models.Index(fields=["pipeline", "since"], name="pipeline_standing_since"),
            models.Index(fields=["pipeline", "until"], name="pipeline_standing_until"),
            models.Index(fields=["owner", "until"], name="pipeline_standing_of_owner"),
            models.Index(fields=["pipeline", "close_date"], name="pipeline_standing_due"),
        ]

    def __str__(self) -> str:
        return f"{self.deal} since {self.since:%Y-%m-%d}"


class TallyMark(models.Model):
    """A day whose tallies something may have changed since they were counted."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["pipeline", "day"], name="pipeline_tally_mark_day")]

    def __str__(self) -> str:
        return f"{self.pipeline} on {self.day}"


class Tally(models.Model):
    """One measure of one day or month, in cells: counted anew whenever a mark says so.

    A day without a row had nothing of it.
    """

    class Grain(models.TextChoices):
        DAY = "day", "Day"
        MONTH = "month", "Month"

    pipeline = models.ForeignKey(
        Pipeline, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    grain = models.CharField(max_length=5, choices=Grain)
    start = models.DateField()
    measure = models.CharField(max_length=30)
    dimension = models.CharField(max_length=20, blank=True, help_text="Empty for all deals.")
    cells = models.JSONField(
        default=list,
        help_text="Of each key and currency: how many, what amount, how many of each days.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pipeline", "measure", "dimension", "grain", "start"],
                name="pipeline_tally_one_per_day_or_month",
            ),
        ]
        indexes = [
            models.Index(fields=["pipeline", "grain", "start"], name="pipeline_tally_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.dimension} {self.start}"


class Quota(Versioned):
    """What a person is to win in a period; without a pipeline it counts every pipeline."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quotas"
    )
    pipeline = models.ForeignKey(
        Pipeline, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)
    source = models.CharField("source system", max_length=50, blank=True)
    external_id = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "pipeline", "starts_on", "ends_on"],
                name="pipeline_quota_one_per_period",
            ),
            models.UniqueConstraint(
                fields=["person", "starts_on", "ends_on"],
                condition=Q(pipeline=None),
                name="pipeline_quota_one_for_all_pipelines",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="pipeline_quota_period_is_ordered"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="pipeline_quota_is_above_nought"
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="pipeline_quota_one_per_external_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.starts_on} to {self.ends_on}"


class ForecastCall(models.Model):
    """What a manager calls for a person's line and a period, over what the deals add up to."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="forecast_calls",
        help_text="Whose roll-up it replaces.",
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    category = models.CharField(max_length=10, choices=StageRule.ForecastCategory)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)
    reason = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pipeline", "person", "starts_on", "ends_on", "category"],
                condition=Q(ended_at=None),
                name="pipeline_call_one_standing",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="pipeline_call_has_reason"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="pipeline_call_period_is_ordered"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(ended_by=None),
                name="pipeline_call_end_has_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} of {self.person}: {self.amount} {self.currency}"


class ForecastSnapshot(models.Model):
    """What the deals of one owner that close in one month came to as a day began.

    A call counts for a whole line and for as many months as it was made for.
    """

    taken_on = models.DateField()
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(null=True, help_text="First day; empty for deals without a date.")
    category = models.CharField(max_length=10, choices=StageRule.ForecastCategory)
    is_call = models.BooleanField(default=False, help_text="Called by a manager for a whole line.")
    months = models.PositiveSmallIntegerField(default=1, help_text="More than one for a call.")
    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField(default=0)
    amount = models.DecimalField(max_digits=20, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "taken_on",
                    "pipeline",
                    "owner",
                    "month",
                    "months",
                    "category",
                    "is_call",
                    "currency",
                ],
                name="pipeline_snapshot_one_per_cell",
            ),
            models.UniqueConstraint(
                fields=["taken_on", "pipeline", "owner", "category", "currency"],
                condition=Q(month=None),
                name="pipeline_snapshot_one_without_month",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pipeline", "month", "taken_on"],
                include=["category", "currency", "is_call", "months", "owner", "amount"],
                name="pipeline_snapshot_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} on {self.taken_on}: {self.category}"
