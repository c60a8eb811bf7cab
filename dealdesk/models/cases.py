"""Named test cases of the policy: small facts, and who must be asked for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dealdesk.models.prices import BillingFrequency, NonStandardTerm
from revops.models import Versioned


class PolicyCaseQuerySet(models.QuerySet["PolicyCase"]):
    def standing(self) -> PolicyCaseQuerySet:
        """Those that a policy is held against, in the order they are listed."""
        return self.filter(retired_at=None).order_by("position", "pk")


class PolicyCase(Versioned):
    """One case a policy must decide as expected before it is published."""

    class Expected(models.TextChoices):
        AUTOMATIC = "automatic", "Nobody is asked"
        ASKED = "asked", "These roles are asked"
        REFUSED = "refused", "It is refused: nobody can approve"

    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    discount_percent = models.DecimalField(max_digits=9, decimal_places=6, default=0)
    annual_value = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        default=10000,
        help_text="Net of the first year in company currency.",
    )
    months = models.PositiveSmallIntegerField("term in months", default=12)
    segment = models.CharField(max_length=50, default="mid_market")
    region = models.CharField(max_length=60, blank=True)
    family = models.CharField("product family", max_length=100, blank=True)
    payment_days = models.PositiveSmallIntegerField("payment due after days", default=30)
    billing = models.ForeignKey(BillingFrequency, on_delete=models.PROTECT, related_name="+")
    published_percent = models.DecimalField(
        "published term discount", max_digits=7, decimal_places=4, default=0
    )
    tier_claimed = models.DecimalField(
        "volume discount claimed", max_digits=7, decimal_places=4, null=True, blank=True
    )
    tier_earned = models.DecimalField(
        "volume discount earned", max_digits=7, decimal_places=4, default=0
    )
    terms = models.ManyToManyField(NonStandardTerm, blank=True, related_name="+")

    expected = models.CharField(max_length=10, choices=Expected)
    roles = models.JSONField(default=list, blank=True)

    shipped_key = models.SlugField(max_length=60, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = PolicyCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(retired_at=None), name="dealdesk_case_one_per_name"
            ),
            models.UniqueConstraint(
                fields=["shipped_key"],
                condition=~Q(shipped_key=""),
                name="dealdesk_case_shipped_once",
            ),
            models.CheckConstraint(
                condition=Q(expected="asked") & ~Q(roles=[])
                | Q(expected__in=["automatic", "refused"], roles=[]),
                name="dealdesk_case_asks_exactly_when_expected",
            ),
            models.CheckConstraint(condition=Q(months__gte=1), name="dealdesk_case_has_a_term"),
        ]

    def __str__(self) -> str:
        return self.name
