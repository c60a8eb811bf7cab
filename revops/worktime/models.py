from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from revops.models import Versioned


def office_week() -> dict[str, list[list[str]]]:
    """Monday to Friday, nine to five."""
    return {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


class Calendar(Versioned):
    """The hours in which a group of people works, and the days on which it does not."""

    name = models.CharField(max_length=120, unique=True)
    zone = models.CharField(max_length=60, blank=True, help_text="Blank: the company's.")
    week: Any = models.JSONField(
        default=office_week,
        help_text='Hours for each day, such as {"mon": [["09:00", "17:00"]]}.',
    )
    country = models.CharField(
        max_length=2,
        blank=True,
        help_text="Its public holidays are free; blank: none are.",
    )
    subdivision = models.CharField(max_length=10, blank=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="worktime_calendar_one_default",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A day off that no country's list knows."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="worktime_holiday_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
