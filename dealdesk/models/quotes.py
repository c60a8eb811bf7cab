"""Quotes: what a rep offers, line by line, and the frozen terms that were judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from dealdesk.models.prices import (
    BillingFrequency,
    NonStandardTerm,
    PaymentTerms,
    Price,
    Product,
)
from pipeline.models import Deal, Segment
from pipeline.models.visibility import of_visible_deals
from revops.models import Versioned

if TYPE_CHECKING:
    from revops.people.models import User


class QuoteQuerySet(models.QuerySet["Quote"]):
    def visible_to(self, user: User) -> QuoteQuerySet:
        return self.filter(of_visible_deals(user))

    def primary(self) -> QuoteQuerySet:
        return self.filter(is_primary=True)


class Quote(Versioned):
    """One revision of what we offer on a deal; a submitted revision never changes."""

    class Kind(models.TextChoices):
        NEW = "new", "New business"
        RENEWAL = "renewal", "Renewal"
        EXPANSION = "expansion", "Expansion"
        AMENDMENT = "amendment", "Amendment"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="quotes")
    revision = models.PositiveSmallIntegerField()
    based_on = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_primary = models.BooleanField(default=False)

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.NEW)
    currency = models.CharField(max_length=3)
    priced_on = models.DateField(help_text="The day whose price list and rate count.")
    term_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Months the customer cannot leave; empty if one-off only.",
    )
    payment_terms = models.ForeignKey(PaymentTerms, on_delete=models.PROTECT, related_name="+")
    billing = models.ForeignKey(BillingFrequency, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)

    # Shown in lists; always written with the lines, never read by a decision.
    list_amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    standard_amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    net_amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    annual_amount = models.DecimalField("ACV", max_digits=16, decimal_places=2, default=0)
    discount_percent = models.DecimalField(max_digits=9, decimal_places=4, default=0)

    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    origin = models.CharField(max_length=10, choices=Deal.Origin, default=Deal.Origin.APP)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = QuoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "revision"], name="dealdesk_quote_one_per_revision"
            ),
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(is_primary=True),
                name="dealdesk_quote_one_primary_per_deal",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", submitted_at=None)
                | Q(status="submitted", submitted_at__isnull=False),
                name="dealdesk_quote_submitted_has_when",
            ),
            models.CheckConstraint(
                condition=Q(net_amount__gte=0), name="dealdesk_quote_net_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["priced_on", "id"], name="dealdesk_quote_priced_on"),
        ]

    def __str__(self) -> str:
        return f"{self.deal} r{self.revision}"

    def get_absolute_url(self) -> str:
        return reverse("dealdesk:quote-detail", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT


class QuoteLine(models.Model):
    """One product on a quote. What was typed is kept as it was typed."""

    class DiscountKind(models.TextChoices):
        DISCRETIONARY = "discretionary", "Discretionary"
        VOLUME = "volume", "Volume tier claimed"

    class Typed(models.TextChoices):
        NOTHING = "nothing", "Standard price"
        PERCENT = "percent", "Percent"
        UNIT_PRICE = "unit_price", "Net unit price"
        NET_AMOUNT = "net_amount", "Net amount of the whole term"

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(
        max_length=20,
        blank=True,
        help_text="The same from revision to revision; blank: its position.",
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=10, choices=Price.Period)
    list_unit_price = models.DecimalField(max_digits=16, decimal_places=4)
    tier_percent = models.DecimalField(
        "published volume discount", max_digits=7, decimal_places=4, default=0
    )
    term_percent = models.DecimalField(
        "published term discount", max_digits=7, decimal_places=4, default=0
    )
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    discount_kind = models.CharField(
        max_length=15, choices=DiscountKind, default=DiscountKind.DISCRETIONARY
    )
    typed = models.CharField(max_length=10, choices=Typed, default=Typed.NOTHING)
    typed_value = models.DecimalField(max_digits=24, decimal_places=10, null=True, blank=True)
    is_included = models.BooleanField(
        "included at no charge",
        default=False,
        help_text="A line with no list price says so.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["quote", "position"], name="dealdesk_line_one_per_position"
            ),
            models.UniqueConstraint(
                fields=["quote", "key"], condition=~Q(key=""), name="dealdesk_line_one_per_key"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="dealdesk_line_quantity_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(typed="nothing", typed_value=None)
                | (~Q(typed="nothing") & Q(typed_value__isnull=False)),
                name="dealdesk_line_typed_value_exactly_when_typed",
            ),
            models.CheckConstraint(
                condition=~Q(typed="percent") | Q(typed_value__lte=100),
                name="dealdesk_line_percent_at_most_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def stable_key(self) -> str:
        return self.key or f"line-{self.position}"


class LineYear(models.Model):
    """What one contract year of a ramped line sells; a line without rows is the same each year."""

    line = models.ForeignKey(QuoteLine, on_delete=models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField()
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    tier_percent = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    typed = models.CharField(
        max_length=10, choices=QuoteLine.Typed, default=QuoteLine.Typed.NOTHING
    )
    typed_value = models.DecimalField(max_digits=24, decimal_places=10, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "year"], name="dealdesk_line_year_one"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, year__gte=1),
                name="dealdesk_line_year_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}, year {self.year}"


class Concession(models.Model):
    """Something given away beside the price: free months, a credit, a waived fee, free seats."""

    class Kind(models.TextChoices):
        FREE_MONTHS = "free_months", "Free months"
        CREDIT = "credit", "Credit"
        WAIVED_FEE = "waived_fee", "Waived fee"
        FREE_SEATS = "free_seats", "Free seats"

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="concessions")
    kind = models.CharField(max_length=12, choices=Kind)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    line = models.ForeignKey(
        QuoteLine,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="concessions",
    )
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="free_months", months__gte=1)
                | Q(kind__in=["credit", "waived_fee"], amount__gt=0)
                | Q(kind="free_seats", quantity__gt=0, line__isnull=False),
                name="dealdesk_concession_has_its_value",
            ),
            models.CheckConstraint(
                condition=Q(kind="free_months", amount=None, quantity=None)
                | Q(kind__in=["credit", "waived_fee"], months=None, quantity=None)
                | Q(kind="free_seats", months=None, amount=None),
                name="dealdesk_concession_has_one_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.quote}"


class QuoteTerm(models.Model):
    """A non-standard term asked for on a quote, with its value and exact text."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="terms")
    term = models.ForeignKey(NonStandardTerm, on_delete=models.PROTECT, related_name="quote_terms")
    requested_value = models.CharField(max_length=200, blank=True)
    requested_text = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["quote", "term"], name="dealdesk_quote_term_one"),
        ]

    def __str__(self) -> str:
        return f"{self.term} on {self.quote}"


class QuoteEdit(models.Model):
    """Who changed a quote, and which judged topics that made worse for us."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="edits")
    edited_at = models.DateTimeField()
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    worsened = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return f"edit of {self.quote}"


class TermsSnapshot(models.Model):
    """The terms of one submission as they were judged: canonical JSON and its digests."""

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="snapshots")
    body = models.TextField(help_text="Canonical JSON of dealdesk.terms.Terms.")
    digest = models.CharField(max_length=64)
    price_digest = models.CharField(max_length=64)
    commercial_digest = models.CharField(max_length=64)
    legal_digest = models.CharField(max_length=64)
    segment = models.CharField(max_length=20, choices=Segment)
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"terms of {self.quote}"
