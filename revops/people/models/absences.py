"""When people are away, and who answers for them meanwhile."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from revops.models import Versioned

if TYPE_CHECKING:
    from revops.people.models.people import User

DAY = timedelta(days=1)


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def standing(self) -> AbsenceQuerySet:
        """Those that were not called off."""
        return self.filter(cancelled_at=None)

    def around(self, at: datetime) -> AbsenceQuerySet:
        """Those that may hold now in some zone of the earth; `holds` says which do."""
        day = at.date()
        return self.standing().filter(first_day__lte=day + DAY, last_day__gte=day - DAY)

    def to_come(self, at: datetime) -> AbsenceQuerySet:
        """Those that are not over everywhere yet, the earliest first."""
        found = self.standing().filter(last_day__gte=at.date() - DAY)
        return found.order_by("first_day", "pk")


class Absence(Versioned):
    """The days on which one person is away, and who answers for them on these days."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="absences"
    )
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who answers meanwhile; blank: nobody.",
    )
    first_day = models.DateField(help_text="The person's own day.")
    last_day = models.DateField(help_text="The person's own day, the whole of it.")
    note = models.CharField(max_length=200, blank=True)

    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="people_absence_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(delegate=None) | ~Q(delegate=F("person")),
                name="people_absence_delegate_is_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=False) | Q(cancelled_by=None),
                name="people_absence_cancelled_has_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["last_day", "first_day"],
                condition=Q(cancelled_at=None),
                name="people_absence_standing",
            ),
            models.Index(fields=["person", "last_day"], name="people_absence_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} away from {self.first_day} to {self.last_day}"

    @property
    def begins_at(self) -> datetime:
        """The first moment of the first day, where the person is."""
        return datetime.combine(self.first_day, time(), self.person.get_zone())

    @property
    def ends_at(self) -> datetime:
        """The first moment of the day after the last one."""
        return datetime.combine(self.last_day + DAY, time(), self.person.get_zone())

    def holds(self, at: datetime) -> bool:
        """Whether the person is away at that moment."""
        return self.cancelled_at is None and self.begins_at <= at < self.ends_at

    def is_over(self, at: datetime) -> bool:
        return self.cancelled_at is not None or self.ends_at <= at

    def is_seen_in_full_by(self, user: User) -> bool:
        """Whether its note is for them: the person's own, the line's above and RevOps'."""
        return user.pk == self.person_id or user.pk == self.entered_by_id or user.is_staff


def until_words(day: date) -> str:
    """The last day of an absence as sentences say it: "3 December"."""
    return f"{day:%-d %B}"
