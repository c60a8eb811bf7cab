"""Accounts and the people we know there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from pipeline.searching import holding_words
from revops.models import Versioned

if TYPE_CHECKING:
    from revops.people.models import User


class Segment(models.TextChoices):
    """Size of an account by head count (domain 3.4); the edges are data of the policy."""

    SMB = "smb", "SMB"
    MID_MARKET = "mid_market", "Mid-market"
    ENTERPRISE = "enterprise", "Enterprise"
    STRATEGIC = "strategic", "Strategic"
    UNKNOWN = "unknown", "Unknown"


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: User) -> AccountQuerySet:
        """The accounts this person may see."""
        from pipeline.models.visibility import accounts_visible_to

        return self.filter(accounts_visible_to(user))

    def matching(self, text: str) -> AccountQuerySet:
        """Accounts whose name or domain contains every word of `text`."""
        return self.filter(holding_words(self, text))


class Account(Versioned):
    """A company we sell to."""

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    employees = models.PositiveIntegerField("head count", null=True, blank=True)
    revenue_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    revenue_currency = models.CharField(max_length=3, blank=True)
    founded_year = models.PositiveSmallIntegerField(null=True, blank=True)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="subsidiaries",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="accounts",
    )

    segment_override = models.CharField(max_length=20, choices=Segment, blank=True)
    segment_override_reason = models.TextField(blank=True)
    segment_override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    segment_override_at = models.DateTimeField(null=True, blank=True)

    custom = models.JSONField(default=dict, blank=True)
    source = models.CharField("source system", max_length=50, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    search_text = models.CharField(max_length=500, blank=True, editable=False)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="pipeline_account_one_per_external_id",
            ),
            models.CheckConstraint(
                condition=Q(
                    segment_override="",
                    segment_override_by=None,
                    segment_override_at=None,
                )
                | (
                    ~Q(segment_override="")
                    & ~Q(segment_override_reason="")
                    & Q(
                        segment_override_by__isnull=False,
                        segment_override_at__isnull=False,
                    )
                ),
                name="pipeline_account_override_has_reason_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=models.F("id")),
                name="pipeline_account_is_not_its_own_parent",
            ),
        ]
        indexes = [
            models.Index(fields=["search_text"], name="pipeline_account_search"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("pipeline:account-detail", args=[self.pk])


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> ContactQuerySet:
        """The contacts this person may see."""
        from pipeline.models.visibility import contacts_visible_to

        return self.filter(contacts_visible_to(user))


class Contact(Versioned):
    """A person at an account. Personal values never enter the ledger in clear."""

    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="contacts",
    )
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=50, blank=True)

    custom = models.JSONField(default=dict, blank=True)
    source = models.CharField("source system", max_length=50, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="pipeline_contact_one_per_external_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_reachable(self) -> bool:
        return bool(self.email or self.phone)
