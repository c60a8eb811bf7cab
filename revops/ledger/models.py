from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from revops.models import subject_of
from revops.people.actor import Via

VIA_CHOICES = [
    (Via.WEB, "Page"),
    (Via.API, "API"),
    (Via.LINK, "Mail link"),
    (Via.MAIL, "Answered mail"),
    (Via.IMPORT, "Import"),
    (Via.SYSTEM, "System"),
    (Via.COMMAND, "Command"),
]


class EntryQuerySet(models.QuerySet["Entry"]):
    def about(self, record: models.Model) -> EntryQuerySet:
        """Entries on `record` or related to it, newest first."""
        kind, number = subject_of(record)
        own = Entry.objects.order_by().filter(subject_type=kind, subject_id=number).values("pk")
        related = (
            EntryRelation.objects.order_by()
            .filter(subject_type=kind, subject_id=number)
            .values("entry_id")
        )
        return self.filter(pk__in=own.union(related, all=True)).order_by("-at", "-pk")


class Entry(models.Model):
    """One change, never rewritten: who, when, by which way, from what to what, and why.

    The entries of one subject form a chain: each carries the hash of the one before it.
    """

    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    sequence = models.PositiveIntegerField()
    verb = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    via = models.CharField(max_length=10, choices=VIA_CHOICES)
    at = models.DateTimeField()
    facts_json = models.TextField()

    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "sequence"],
                name="ledger_entry_one_chain_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(via__in=list(Via)), name="ledger_entry_via_is_known"
            ),
        ]
        indexes = [models.Index(fields=["verb", "at"], name="ledger_entry_by_verb")]

    def __str__(self) -> str:
        return f"{self.verb} on {self.subject_type} {self.subject_id} ({self.sequence})"

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What was recorded: before, after, why, related, personal (as commitments)."""
        return json.loads(self.facts_json)

    @property
    def before(self) -> dict[str, Any]:
        return self.facts.get("before", {})

    @property
    def after(self) -> dict[str, Any]:
        return self.facts.get("after", {})

    @property
    def why(self) -> str:
        return self.facts.get("why", "")


class EntryRelation(models.Model):
    """A record other than its subject that an entry is about; their timelines show it too."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="relations")
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "entry"],
                name="ledger_entry_relation_once",
            )
        ]

    def __str__(self) -> str:
        return f"entry {self.entry_id} concerns {self.subject_type} {self.subject_id}"


class PersonalValue(models.Model):
    """What a commitment in the ledger stands for. Erased when the person asks; the chain holds."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="personal_values")
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    field = models.CharField(max_length=60)
    salt = models.CharField(max_length=64)
    value_json = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "field"], name="ledger_personal_value_one_per_field"
            )
        ]
        indexes = [
            models.Index(
                fields=["subject_type", "subject_id"],
                name="ledger_personal_value_whose",
            )
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.subject_type} {self.subject_id}"


class Checkpoint(models.Model):
    """A seal over all entries since the last one: their Merkle root, chained."""

    number = models.PositiveIntegerField(unique=True)
    first_entry_id = models.BigIntegerField()
    last_entry_id = models.BigIntegerField()
    entry_count = models.PositiveIntegerField()
    merkle_root = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"checkpoint {self.number} over {self.entry_count} entries"
