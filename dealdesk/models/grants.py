"""Authority lent in advance, within a scope and a budget."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from dealdesk.models.requests import ApprovalRequest
from pipeline.models import Account
from revops.people.models import Role, Team

if TYPE_CHECKING:
    from revops.people.models import User


class StandingGrantQuerySet(models.QuerySet["StandingGrant"]):
    def standing(self) -> StandingGrantQuerySet:
        return self.filter(revoked_at=None)

    def visible_to(self, user: User) -> StandingGrantQuerySet:
        """One's own, given or held, and all of them for who oversees deals."""
        if user.has_role(*OVERSEES):
            return self
        mine = Q(given_by=user) | Q(person=user)
        return self.filter(mine | Q(team=user.team_id) if user.team_id else mine)


OVERSEES = (Role.REVOPS_ADMIN, Role.DEAL_DESK, Role.FINANCE, Role.LEGAL, Role.AUDITOR)


class StandingGrant(models.Model):
    """One person's authority lent to another or to a team: for what, how often and how much.

    Only what was used and the revocation are written later; another scope is another grant.
    """

    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants_given"
    )
    role = models.CharField(max_length=20, choices=Role, help_text="In which role it was given.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="grants_held",
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="grants_held"
    )

    max_discount_percent = models.DecimalField(max_digits=7, decimal_places=4)
    families = models.JSONField("product families", default=list, blank=True)
    segments = models.JSONField(default=list, blank=True)
    terms = models.JSONField(
        default=list, blank=True, help_text="Keys of the catalogue terms that are covered too."
    )
    accounts = models.ManyToManyField(Account, blank=True, related_name="+")

    max_uses = models.PositiveIntegerField("requests")
    max_amount = models.DecimalField(
        "discount in all", max_digits=16, decimal_places=2, help_text="In company currency."
    )
    currency = models.CharField(max_length=3)
    ends_on = models.DateField(help_text="The last day on which it may be used.")
    note = models.TextField(blank=True)
    given_at = models.DateTimeField()

    used_count = models.PositiveIntegerField(default=0)
    used_amount = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal(0))

    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    revoked_why = models.TextField(null=True, blank=True)

    objects = StandingGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, team__isnull=False) | Q(person__isnull=False, team=None),
                name="dealdesk_grant_has_one_grantee",
            ),
            models.CheckConstraint(
                condition=Q(person=None) | ~Q(person=F("given_by")),
                name="dealdesk_grant_never_to_oneself",
            ),
            models.CheckConstraint(
                condition=Q(max_discount_percent__gt=0, max_discount_percent__lte=100)
                & Q(max_uses__gt=0, max_amount__gt=0),
                name="dealdesk_grant_has_a_budget",
            ),
            models.CheckConstraint(
                condition=Q(used_count__lte=F("max_uses"))
                & Q(used_amount__lte=F("max_amount"), used_amount__gte=0),
                name="dealdesk_grant_never_overdrawn",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, revoked_why=None)
                | Q(
                    revoked_at__isnull=False,
                    revoked_by__isnull=False,
                    revoked_why__isnull=False,
                )
                & ~Q(revoked_why=""),
                name="dealdesk_grant_revoked_has_who_when_and_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ends_on"],
                condition=Q(revoked_at=None),
                name="dealdesk_grant_standing",
            ),
        ]

    def __str__(self) -> str:
        return f"G-{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:grant-detail", args=[self.pk])

    @property
    def number(self) -> str:
        return str(self)

    @property
    def uses_hint(self) -> str:
        return f"of {self.max_uses}"

    @property
    def amount_hint(self) -> str:
        return f"of {self.max_amount:,.2f} {self.currency}"

    @property
    def grantee(self) -> str:
        return self.person.name if self.person else f"Team {self.team}"

    @property
    def uses_left(self) -> int:
        return self.max_uses - self.used_count

    @property
    def amount_left(self) -> Decimal:
        return self.max_amount - self.used_amount


class GrantUse(models.Model):
    """One request that a grant answered for, and what that took of its budget.

    Given back when the request ends without a win.
    """

    grant = models.ForeignKey(StandingGrant, on_delete=models.PROTECT, related_name="uses")
    request = models.OneToOneField(
        ApprovalRequest, on_delete=models.PROTECT, related_name="grant_use"
    )
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    drawn_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_why = models.TextField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="dealdesk_grant_use_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None, returned_why=None)
                | Q(returned_at__isnull=False, returned_why__isnull=False) & ~Q(returned_why=""),
                name="dealdesk_grant_use_returned_has_why",
            ),
        ]
        indexes = [
            models.Index(fields=["grant", "-id"], name="dealdesk_grant_use_of_grant"),
        ]

    def __str__(self) -> str:
        return f"use of {self.grant} by {self.request}"
