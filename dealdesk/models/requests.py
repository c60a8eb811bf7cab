"""Approval requests: one row an attempt to have the terms of a quote approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django_fsm import FSMField, transition

from dealdesk.models.policies import PolicyVersion
from dealdesk.models.quotes import Quote, TermsSnapshot
from pipeline.models import Deal
from pipeline.models.visibility import of_visible_deals
from revops.models import ProtectedStateMixin

if TYPE_CHECKING:
    from revops.people.models import User


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def pending(self) -> ApprovalRequestQuerySet:
        return self.filter(status=ApprovalRequest.Status.PENDING)

    def visible_to(self, user: User) -> ApprovalRequestQuerySet:
        return self.filter(of_visible_deals(user))


class ApprovalRequest(ProtectedStateMixin):
    """One attempt to have the terms of a quote approved."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        RETURNED = "returned", "Returned"
        RECALLED = "recalled", "Recalled"
        EXPIRED = "expired", "Expired"
        SUPERSEDED = "superseded", "Superseded"
        CONSUMED = "consumed", "Used for the win"
        LAPSED = "lapsed", "Lapsed"
        INVALIDATED = "invalidated", "No longer covers the deal"
        REVOKED = "revoked", "Revoked"

    class Return(models.TextChoices):
        LONGER_TERM = "longer_term", "A longer term"
        PREPAYMENT = "prepayment", "Prepayment"
        VOLUME = "volume", "More volume"
        REFERENCE = "reference", "A reference"
        NOTHING = "nothing", "Nothing"

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="requests")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="approval_requests")
    attempt = models.PositiveSmallIntegerField()
    snapshot = models.OneToOneField(TermsSnapshot, on_delete=models.PROTECT, related_name="request")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="requests")
    route = models.JSONField(help_text="dealdesk.routing.Route as it was evaluated, with trace.")
    route_key = models.CharField(max_length=120, help_text='"automatic" or roles joined by "+".')
    is_automatic = models.BooleanField(default=False)

    why = models.TextField(blank=True)
    in_return = models.JSONField(default=list, blank=True)
    in_return_note = models.TextField(blank=True)
    needed_by = models.DateField(null=True, blank=True)
    needed_cause = models.CharField(max_length=200, blank=True)

    status = FSMField(max_length=12, choices=Status.choices, default=Status.PENDING, protected=True)
    ended_reason = models.TextField(blank=True)
    origin = models.CharField(max_length=10, choices=Deal.Origin, default=Deal.Origin.APP)
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="approval_requests",
    )
    expires_at = models.DateTimeField(help_text="A pending request ends here by itself.")
    decided_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(
        null=True, blank=True, help_text="An approval is good for issuing until here."
    )
    consumed_at = models.DateTimeField(null=True, blank=True)
    bypassed_at = models.DateTimeField(null=True, blank=True)
    bypassed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who let it pass without its approvers.",
    )

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "attempt"], name="dealdesk_request_one_per_attempt"
            ),
            models.UniqueConstraint(
                fields=["quote"],
                condition=Q(status="pending"),
                name="dealdesk_request_one_pending_per_quote",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "approved",
                        "rejected",
                        "returned",
                        "recalled",
                        "expired",
                        "superseded",
                        "consumed",
                        "lapsed",
                        "invalidated",
                        "revoked",
                    ]
                ),
                name="dealdesk_request_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", decided_at=None)
                | (~Q(status="pending") & Q(decided_at__isnull=False)),
                name="dealdesk_request_decided_exactly_when_ended",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "consumed", "lapsed"])
                | Q(valid_until__isnull=False),
                name="dealdesk_request_approved_has_valid_until",
            ),
            models.CheckConstraint(
                condition=Q(status="consumed", consumed_at__isnull=False)
                | (~Q(status="consumed") & Q(consumed_at=None)),
                name="dealdesk_request_consumed_has_when",
            ),
            models.CheckConstraint(
                condition=Q(bypassed_at=None, bypassed_by=None)
                | Q(bypassed_at__isnull=False, bypassed_by__isnull=False) & ~Q(ended_reason=""),
                name="dealdesk_request_bypass_has_who_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(needed_by=None, needed_cause="")
                | (Q(needed_by__isnull=False) & ~Q(needed_cause="")),
                name="dealdesk_request_needed_by_has_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "-attempt"], name="dealdesk_request_of_deal"),
            models.Index(
                fields=["expires_at"],
                condition=Q(status="pending"),
                name="dealdesk_request_expiring",
            ),
            models.Index(
                fields=["valid_until"],
                condition=Q(status="approved"),
                name="dealdesk_request_lapsing",
            ),
            models.Index(fields=["submitted_at", "id"], name="dealdesk_request_submitted"),
            models.Index(fields=["route_key", "-decided_at"], name="dealdesk_request_of_route"),
            models.Index(
                fields=["-bypassed_at", "-id"],
                condition=Q(bypassed_at__isnull=False),
                name="dealdesk_request_let_pass",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} on {self.quote}"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:request-detail", args=[self.pk])

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @transition(field=status, source=Status.PENDING, target=Status.APPROVED)
    def mark_approved(self) -> None:
        """Every step said yes."""

    @transition(field=status, source=Status.PENDING, target=Status.APPROVED)
    def mark_bypassed(self) -> None:
        """An administrator let it pass; nobody who was asked has approved it."""

    @transition(field=status, source=Status.PENDING, target=Status.REJECTED)
    def mark_rejected(self) -> None:
        """One decider said no."""

    @transition(field=status, source=Status.PENDING, target=Status.RETURNED)
    def mark_returned(self) -> None:
        """One decider wants changes before they decide."""

    @transition(field=status, source=Status.PENDING, target=Status.RECALLED)
    def mark_recalled(self) -> None:
        """The submitter took it back."""

    @transition(field=status, source=Status.PENDING, target=Status.EXPIRED)
    def mark_expired(self) -> None:
        """Nobody decided in time; not a rejection."""

    @transition(field=status, source=Status.PENDING, target=Status.SUPERSEDED)
    def mark_superseded(self) -> None:
        """A later revision was submitted in its place."""

    @transition(field=status, source=Status.APPROVED, target=Status.CONSUMED)
    def mark_consumed(self) -> None:
        """The deal was won on these terms."""

    @transition(field=status, source=Status.APPROVED, target=Status.LAPSED)
    def mark_lapsed(self) -> None:
        """Its time for issuing is over, and it was not used."""

    @transition(field=status, source=Status.APPROVED, target=Status.INVALIDATED)
    def mark_invalidated(self) -> None:
        """The deal moved to terms this approval does not cover."""

    @transition(field=status, source=[Status.PENDING, Status.APPROVED], target=Status.REVOKED)
    def mark_revoked(self) -> None:
        """Its decider took the decision back in time."""
