"""Policies tried on what was submitted: the runs, what they found, and files of other systems."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from dealdesk.models.policies import PolicyVersion
from dealdesk.models.quotes import TermsSnapshot
from revops.models import Versioned


class JudgedFacts(models.Model):
    """What a route depends on, taken from one snapshot; it can be made again at any time."""

    snapshot = models.OneToOneField(
        TermsSnapshot, primary_key=True, on_delete=models.PROTECT, related_name="facts"
    )
    schema = models.PositiveSmallIntegerField()
    body = models.TextField(
        blank=True, help_text="dealdesk.replayfacts.Facts as JSON; blank: judged in full."
    )

    def __str__(self) -> str:
        return f"facts of {self.snapshot}"


class AtWork(Versioned):
    """Long work that a page waits for: its state, how far it is, and what came of it."""

    class State(models.TextChoices):
        MAPPING = "mapping", "Columns are being mapped"
        WORKING = "working", "At work"
        DONE = "done", "Done"
        FAILED = "failed", "Broke off"

    state = models.CharField(max_length=10, choices=State, default=State.WORKING)
    phase = models.CharField(max_length=40, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    outcome: Any = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_at_work(self) -> bool:
        return self.state == self.State.WORKING


class ReplayRun(AtWork):
    """One policy tried on the submissions of a period."""

    class Against(models.TextChoices):
        WAS = "was", "What really happened"
        IN_FORCE = "in_force", "The version in force"

    name = models.CharField(max_length=150, help_text="What the tried policy is called.")
    policy_body = models.TextField(help_text="Canonical JSON of the policy that is tried.")
    policy_digest = models.CharField(max_length=64)
    against = models.CharField(max_length=10, choices=Against)
    version_against = models.ForeignKey(
        PolicyVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    since = models.DateField()
    until = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="working", finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="dealdesk_replay_finished_exactly_when_over",
            ),
            models.CheckConstraint(
                condition=Q(since__lte=models.F("until")), name="dealdesk_replay_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(against="was", version_against=None)
                | Q(against="in_force", version_against__isnull=False),
                name="dealdesk_replay_names_what_it_is_held_against",
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="dealdesk_replay_newest")]

    def __str__(self) -> str:
        return f"replay of {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:policy-replay-result", args=[self.pk])


class ReplayChanges(models.Model):
    """Some of the submissions whose route a tried policy changes, of one kind, in their order."""

    run = models.ForeignKey(ReplayRun, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    body: Any = models.JSONField(help_text="[request, route before, route after, net]")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind", "number"], name="dealdesk_replay_changes_one_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of {self.run}"


class ReplayFile(AtWork):
    """Another system's export on which a policy is tried; its rows stand in the file alone.

    The file goes when somebody drops it or keeps the result, and by itself after a day.
    """

    name = models.CharField(max_length=200)
    file = models.FileField(upload_to="replays/%Y/%m/", max_length=300, blank=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    profile: Any = models.JSONField(default=dict, help_text="What the first rows look like.")
    mapping_text = models.TextField(blank=True)
    policy_name = models.CharField(max_length=150, blank=True)
    policy_body = models.TextField(blank=True)
    policy_digest = models.CharField(max_length=64, blank=True)
    kept_at = models.DateTimeField(null=True, blank=True)
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kept_at=None, kept_by=None)
                | Q(kept_at__isnull=False, kept_by__isnull=False, state="done", file=""),
                name="dealdesk_replay_file_kept_without_its_rows",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["mapping", "working"], finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="dealdesk_replay_file_finished_exactly_when_over",
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="dealdesk_replay_file_newest")]

    def __str__(self) -> str:
        return f"replay of {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:replay-file-result", args=[self.pk])
