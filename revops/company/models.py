from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from revops.models import Versioned
from revops.remembering import remembered

validate_currency = RegexValidator(
    r"^[A-Z]{3}\Z", "A currency is three capital letters, such as EUR."
)


class Company(Versioned):
    """The one company of this installation, with its settings."""

    name = models.CharField(max_length=120, default="Our company")
    zone = models.CharField(max_length=60, default="UTC")
    currency = models.CharField(max_length=3, default="USD", validators=[validate_currency])
    preset = models.CharField(max_length=40, blank=True, help_text="The policy it started with.")
    rate_max_age_days = models.PositiveSmallIntegerField(
        default=31, help_text="An exchange rate older than this is not used."
    )
    close_date_from_start = models.BooleanField(
        default=True, help_text="Every open deal has a close date from creation."
    )
    set_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "company"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="company_company_is_one_row"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="company_company_currency_is_a_code",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> Company:
        """The company's row. In a loop, read it once and ask it."""
        return remembered("company", lambda: cls.objects.get(pk=1))

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def local_day(self, at: datetime) -> date:
        """The day it is at `at` where the company is."""
        return at.astimezone(self.zone_info).date()


class ExchangeRate(models.Model):
    """What one unit of the company currency is worth in another, from a day on."""

    currency = models.CharField(max_length=3, validators=[validate_currency])
    per_company_unit = models.DecimalField(max_digits=20, decimal_places=10)
    valid_from = models.DateField()
    source = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["currency", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "valid_from"],
                name="company_exchange_rate_one_a_day",
            ),
            models.CheckConstraint(
                condition=Q(per_company_unit__gt=Decimal(0)),
                name="company_exchange_rate_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.per_company_unit} {self.currency} from {self.valid_from}"


class FieldDefinition(Versioned):
    """A field the company added to a kind of record. Its key and kind never change."""

    class Entity(models.TextChoices):
        DEAL = "deal", "Deal"
        ACCOUNT = "account", "Account"
        CONTACT = "contact", "Contact"
        QUOTE = "quote", "Quote"

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        LONG_TEXT = "long_text", "Long text"
        INTEGER = "integer", "Whole number"
        NUMBER = "number", "Number"
        BOOLEAN = "boolean", "Yes or no"
        DATE = "date", "Date"
        CHOICE = "choice", "One of a list"
        MULTI_CHOICE = "multi_choice", "Several of a list"
        URL = "url", "Web address"
        MONEY = "money", "Money"
        PERSON = "person", "Person"
        FILE = "file", "File"

    entity = models.CharField(max_length=20, choices=Entity)
    key = models.SlugField(max_length=60)
    kind = models.CharField(max_length=20, choices=Kind)
    label = models.CharField(max_length=120)
    help_text = models.CharField(max_length=300, blank=True)
    options: Any = models.JSONField(
        default=list,
        blank=True,
        help_text='For lists: [{"key": "emea", "label": "EMEA"}, …]',
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_searchable = models.BooleanField(
        default=False, help_text="Deals are found by what this field says."
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["entity", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key"], name="company_field_definition_key_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_entity_display()}: {self.label}"
