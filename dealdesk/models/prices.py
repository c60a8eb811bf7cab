"""What we sell, at which published price, and on which standard terms."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

from revops.models import Versioned


class EffectiveQuerySet(models.QuerySet):
    def effective_on(self, day: date):
        """Rows that hold on that day; both ends are inclusive."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)


class Effective(models.Model):
    """Something that holds from one day until another; an empty end is open."""

    valid_from = models.DateField(default=date(2000, 1, 1))
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True


class Product(Versioned):
    """Something we sell."""

    class Kind(models.TextChoices):
        RECURRING = "recurring", "Recurring"
        ONE_OFF = "one_off", "One-off"

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    family = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RECURRING)
    source = models.CharField("source system", max_length=50, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="dealdesk_product_one_per_external_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PriceList(Versioned):
    """The authoritative prices in one currency."""

    currency = models.CharField(max_length=3, unique=True)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"


class Price(Effective):
    """The list price of one unit of a product: once, per month or per year."""

    class Period(models.TextChoices):
        ONCE = "once", "Once"
        MONTH = "month", "Per month"
        YEAR = "year", "Per year"

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="prices")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices")
    period = models.CharField(max_length=10, choices=Period)
    amount = models.DecimalField(max_digits=16, decimal_places=4)

    objects = EffectiveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="dealdesk_price_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="dealdesk_price_ends_after_it_begins",
            ),
            models.UniqueConstraint(
                fields=["price_list", "product", "valid_from"],
                name="dealdesk_price_one_per_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.amount} {self.price_list.currency}"


class VolumeTier(Effective):
    """A published discount that a quantity earns; no exception."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="volume_tiers")
    from_quantity = models.PositiveIntegerField()
    discount_percent = models.DecimalField(max_digits=7, decimal_places=4)

    objects = EffectiveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lt=100),
                name="dealdesk_volume_tier_percent_in_range",
            ),
            models.UniqueConstraint(
                fields=["product", "from_quantity", "valid_from"],
                name="dealdesk_volume_tier_one_per_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} from {self.from_quantity}: {self.discount_percent} %"


class TermDiscount(Effective):
    """A published discount that a committed term earns; no exception. No product: all recurring."""

    product = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="term_discounts",
    )
    from_months = models.PositiveSmallIntegerField()
    discount_percent = models.DecimalField(max_digits=7, decimal_places=4)

    objects = EffectiveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lt=100),
                name="dealdesk_term_discount_percent_in_range",
            ),
            models.UniqueConstraint(
                fields=["product", "from_months", "valid_from"],
                name="dealdesk_term_discount_one_per_length",
            ),
            models.UniqueConstraint(
                fields=["from_months", "valid_from"],
                condition=Q(product=None),
                name="dealdesk_term_discount_one_general",
            ),
        ]

    def __str__(self) -> str:
        return f"from {self.from_months} months: {self.discount_percent} %"


class PaymentTerms(models.Model):
    """When an invoice is due; fewer days is sooner cash."""

    key = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    net_days = models.PositiveSmallIntegerField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "payment terms"

    def __str__(self) -> str:
        return self.name


class BillingFrequency(models.Model):
    """How many months are invoiced ahead; more months is sooner cash. 0 means all up front."""

    key = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    months_ahead = models.PositiveSmallIntegerField()
    in_arrears = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "billing frequencies"

    def __str__(self) -> str:
        return self.name


class NonStandardTerm(Versioned):
    """A term of the catalogue that a customer may ask for instead of the standard one."""

    class Category(models.TextChoices):
        PAYMENT = "payment", "Payment"
        TERM = "term", "Term"
        PRICE = "price", "Price and volume"
        LEGAL = "legal", "Legal"
        SLA = "sla", "SLA and support"
        SECURITY = "security", "Security and privacy"
        OTHER = "other", "Other"

    class ValueType(models.TextChoices):
        NONE = "none", "No value"
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        PERCENT = "percent", "Percent"
        MONEY = "money", "Money"

    class OtherWording(models.TextChoices):
        ASKED = "asked", "Is asked about"
        PROHIBITED = "prohibited", "Nobody can approve"

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=150)
    category = models.CharField(max_length=10, choices=Category)
    standard_wording = models.TextField(blank=True)
    standard_value = models.CharField(max_length=100, blank=True)
    value_type = models.CharField(max_length=10, choices=ValueType, default=ValueType.TEXT)
    owner_roles = models.JSONField(default=list, blank=True)
    other_wording = models.CharField(
        "any other wording",
        max_length=10,
        choices=OtherWording,
        default=OtherWording.ASKED,
        help_text="What a wording is that is neither our standard nor a fallback.",
    )
    is_paper = models.BooleanField(
        "asks legal for its checklist",
        default=False,
        help_text="The contract is not ours: legal is always asked, and ticks its checklist.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
