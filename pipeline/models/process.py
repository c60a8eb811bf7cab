"""How a company sells, written as data: pipelines, their versions, stages and what each asks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from revops.models import Versioned


class Choice(models.Model):
    """One value of a pick list (push reasons, loss reasons, sources); the key never changes."""

    class List(models.TextChoices):
        SOURCE = "source", "Source"
        PUSH_REASON = "push_reason", "Close-date push reason"
        LOSS_REASON = "loss_reason", "Loss reason"

    list = models.CharField(max_length=30, choices=List)
    key = models.SlugField(max_length=50)
    label = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "key"], name="pipeline_choice_one_per_key"),
        ]

    def __str__(self) -> str:
        return self.label


class PipelineQuerySet(models.QuerySet["Pipeline"]):
    def in_use(self) -> PipelineQuerySet:
        """The pipelines in which deals can be entered: with rules in force, and not retired."""
        return self.with_rules().filter(retired_at=None)

    def with_rules(self) -> PipelineQuerySet:
        """Without those that have never been published."""
        published = PipelineVersion.objects.filter(published_at__isnull=False)
        return self.filter(
            models.Exists(published.filter(pipeline=models.OuterRef("pk")))
        ).order_by("position", "pk")


class Pipeline(models.Model):
    """One way of selling; its rules live in versions."""

    key = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = PipelineQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class PipelineVersion(Versioned):
    """The rules of a pipeline from one publication to the next; published rows never change.

    A version without a publication is the draft; each pipeline has one at most.
    """

    class Freedom(models.TextChoices):
        FREE = "free", "Free"
        REASON = "reason", "With a reason"
        NEVER = "never", "Never"

    class Gate(models.TextChoices):
        EXIT = "exit", "Leaving a stage asks that stage's items"
        ENTRY = "entry", "Entering a stage asks that stage's items"

    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    skipping = models.CharField(max_length=10, choices=Freedom, default=Freedom.REASON)
    moving_back = models.CharField(max_length=10, choices=Freedom, default=Freedom.REASON)
    gate = models.CharField(max_length=10, choices=Gate, default=Gate.EXIT)
    debt_blocks_at = models.ForeignKey(
        "Stage", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    debt_days = models.PositiveSmallIntegerField(
        default=14, help_text="Days after a skip until what it left open is overdue."
    )
    buyer_silence_days = models.PositiveSmallIntegerField(
        default=14, help_text="Days without anything from the buyer before a deal is flagged."
    )
    based_on = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True, help_text="What changes with it, and why.")
    drafted_at = models.DateTimeField(null=True, blank=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pipeline", "number"], name="pipeline_version_one_per_number"
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=False) | Q(published_by=None),
                name="pipeline_version_publication_has_when",
            ),
            models.CheckConstraint(
                condition=Q(drafted_at__isnull=False) | Q(drafted_by=None),
                name="pipeline_version_draft_has_when",
            ),
            models.UniqueConstraint(
                fields=["pipeline"],
                condition=Q(published_at=None),
                name="pipeline_version_one_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pipeline} v{self.number}"


class Stage(models.Model):
    """The stable identity of a stage; position, kind and items belong to a version."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="stages")
    key = models.SlugField(max_length=50)
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "key"], name="pipeline_stage_one_per_key"),
        ]

    def __str__(self) -> str:
        return self.name


class StageRule(models.Model):
    """What one version says about one stage."""

    class Kind(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    class ForecastCategory(models.TextChoices):
        PIPELINE = "pipeline", "Pipeline"
        BEST_CASE = "best_case", "Best case"
        COMMIT = "commit", "Commit"
        CLOSED = "closed", "Closed"
        OMITTED = "omitted", "Omitted"

    version = models.ForeignKey(PipelineVersion, on_delete=models.CASCADE, related_name="rules")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="rules")
    name = models.CharField(
        max_length=100, blank=True, help_text="What this version calls the stage."
    )
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.OPEN)
    probability_percent = models.PositiveSmallIntegerField(default=0)
    forecast_category = models.CharField(
        max_length=10, choices=ForecastCategory, default=ForecastCategory.PIPELINE
    )
    default_stale_days = models.PositiveSmallIntegerField(null=True, blank=True)
    may_create_here = models.BooleanField(default=True)
    entry_roles = models.JSONField(
        default=list,
        blank=True,
        help_text="Role codes that may enter; empty means everybody.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "stage"], name="pipeline_rule_one_per_stage"
            ),
            models.UniqueConstraint(
                fields=["version", "position"], name="pipeline_rule_one_per_position"
            ),
            models.CheckConstraint(
                condition=Q(probability_percent__lte=100),
                name="pipeline_rule_probability_at_most_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} in {self.version}"


class StageRemoval(models.Model):
    """Where the deals of a stage go that a version has no more."""

    version = models.ForeignKey(PipelineVersion, on_delete=models.CASCADE, related_name="removals")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    goes_to = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "stage"], name="pipeline_removal_one_per_stage"
            ),
            models.CheckConstraint(
                condition=~Q(stage=F("goes_to")), name="pipeline_removal_leads_elsewhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} into {self.goes_to} with {self.version}"


class RequiredItem(models.Model):
    """Evidence that a stage asks for; the key names an item kind of the registry."""

    rule = models.ForeignKey(StageRule, on_delete=models.CASCADE, related_name="items")
    key = models.CharField(max_length=60)
    label = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0)
    none_allowed = models.BooleanField(
        default=False,
        help_text='"There is none" is a valid answer, stored with person and date.',
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "key"], name="pipeline_item_one_per_key"),
        ]

    def __str__(self) -> str:
        return self.label


class ExitCriterion(models.Model):
    """A statement that a person confirms before the deal leaves the stage."""

    rule = models.ForeignKey(StageRule, on_delete=models.CASCADE, related_name="criteria")
    key = models.SlugField(max_length=60)
    label = models.CharField(max_length=150)
    position = models.PositiveSmallIntegerField(default=0)
    needs_note = models.BooleanField(
        default=False, help_text="Whoever confirms it says in a note how they know."
    )
    derived_from = models.CharField(
        max_length=60,
        blank=True,
        help_text="Key of the fact that confirms it; empty where a person does.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "key"], name="pipeline_criterion_one_per_key"),
        ]

    def __str__(self) -> str:
        return self.label


class JunkWord(models.Model):
    """A placeholder that counts as nothing where evidence is asked, such as "tbd"."""

    text = models.CharField(
        max_length=60, unique=True, help_text="In small letters, without punctuation."
    )
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.text
