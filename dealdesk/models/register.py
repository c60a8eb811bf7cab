"""The register of exceptions, fed by submitting and deciding, never by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from dealdesk.models.prices import NonStandardTerm
from dealdesk.models.requests import ApprovalRequest
from pipeline.models import Account, Deal, Segment
from pipeline.models.visibility import of_visible_deals

if TYPE_CHECKING:
    from revops.people.models import User


class ExceptionRecordQuerySet(models.QuerySet["ExceptionRecord"]):
    def visible_to(self, user: User) -> ExceptionRecordQuerySet:
        return self.filter(of_visible_deals(user))


class ExceptionRecord(models.Model):
    """One exception of one request: a discount beyond rep authority or a non-standard term."""

    class Kind(models.TextChoices):
        DISCOUNT = "discount", "Discount"
        PAYMENT = "payment", "Payment terms"
        BILLING = "billing", "Billing"
        TERM_LENGTH = "term_length", "Term length"
        VOLUME = "volume", "Volume beyond tier"
        CATALOGUE = "catalogue", "Non-standard term"

    class Outcome(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"
        BYPASSED = "bypassed", "Bypassed"

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="exceptions"
    )
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="exceptions")
    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="exceptions",
    )
    kind = models.CharField(max_length=12, choices=Kind)
    term = models.ForeignKey(
        NonStandardTerm,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="exceptions",
    )
    label = models.CharField(max_length=200, help_text="Normalised: what is counted together.")
    standard_value = models.CharField(max_length=200, blank=True)
    requested_value = models.CharField(max_length=200, blank=True)
    granted_value = models.CharField(max_length=200, blank=True)
    discount_percent = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)
    stake_amount = models.DecimalField(
        "amount at stake",
        max_digits=16,
        decimal_places=2,
        help_text="In company currency.",
    )
    segment = models.CharField(max_length=20, choices=Segment)
    tier = models.CharField(max_length=120, help_text="Key of the route.")
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    team = models.ForeignKey(
        "people.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PENDING)
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    business_hours = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    deciders = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)

    objects = ExceptionRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="pending", decided_at=None)
                | (~Q(outcome="pending") & Q(decided_at__isnull=False)),
                name="dealdesk_exception_decided_exactly_when_ended",
            ),
            models.CheckConstraint(
                condition=(Q(kind="catalogue") & Q(term__isnull=False))
                | (~Q(kind="catalogue") & Q(term=None)),
                name="dealdesk_exception_catalogue_has_term",
            ),
        ]
        indexes = [
            models.Index(fields=["requested_at", "id"], name="dealdesk_exception_requested"),
            models.Index(fields=["kind", "label"], name="dealdesk_exception_label"),
            models.Index(fields=["decided_at"], name="dealdesk_exception_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.label} on {self.deal}"
