"""Pre-approved and prohibited wordings of the terms in the catalogue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dealdesk.models.prices import NonStandardTerm
from revops.models import Versioned


class TermRungQuerySet(models.QuerySet["TermRung"]):
    def standing(self) -> TermRungQuerySet:
        return self.filter(retired_at=None).order_by("position", "pk")


class TermRung(Versioned):
    """One exact wording of a term between our standard and whatever the customer writes.

    A fallback asks only the roles it names, nobody when it names none. A prohibited wording
    nobody can approve. Text and value count together, letter by letter but for spaces.
    """

    class Kind(models.TextChoices):
        FALLBACK = "fallback", "Pre-approved fallback"
        PROHIBITED = "prohibited", "Prohibited"

    term = models.ForeignKey(NonStandardTerm, on_delete=models.PROTECT, related_name="rungs")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FALLBACK)
    name = models.CharField(max_length=120)
    value = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    roles = models.JSONField(
        default=list, blank=True, help_text="Who is asked; empty: no approval needed."
    )
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = TermRungQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["term", "name"],
                condition=Q(retired_at=None),
                name="dealdesk_rung_one_per_name",
            ),
            models.CheckConstraint(
                condition=Q(kind="fallback") | Q(kind="prohibited", roles=[]),
                name="dealdesk_rung_prohibited_asks_nobody",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="dealdesk_rung_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.term}: {self.name}"
