"""What records of several apps share; no tables of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django_fsm import FSMFieldMixin

from revops.refusals import Conflict


class Versioned(models.Model):
    """A record that people edit: its version rises by one with every change."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def save_version(self, *, update_fields: Iterable[str]) -> None:
        """Save the named fields as the record's next version."""
        self.version += 1
        self.save(update_fields=[*update_fields, "version"])


def check_version(record: Versioned, expected: int | None) -> None:
    """Raise Conflict unless `record` is still at the version its editor saw (None: not asked)."""
    if expected is not None and record.version != expected:
        raise Conflict(
            "Somebody else changed this in the meantime. Look again, then repeat your change.",
            code="stale",
            expected=expected,
            version=record.version,
        )


class ProtectedStateMixin(models.Model):
    """Lets a model with protected FSM fields be refreshed and validated.

    A protected field refuses every assignment, so it is taken out of the instance before a
    refresh and left out of validation. Stands first among the bases.
    """

    class Meta:
        abstract = True

    @classmethod
    def protected_states(cls) -> set[str]:
        """Names of the protected FSM fields."""
        return {
            field.attname
            for field in cls._meta.concrete_fields
            if isinstance(field, FSMFieldMixin) and field.protected
        }

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        kept = {
            name: self.__dict__.pop(name) for name in self.protected_states() & set(self.__dict__)
        }
        self.__dict__["_taken_out"] = set(kept)
        try:
            super().refresh_from_db(*args, **kwargs)
        finally:
            del self.__dict__["_taken_out"]
            for name, value in kept.items():
                self.__dict__.setdefault(name, value)

    def get_deferred_fields(self) -> set[str]:
        # A field taken out for the refresh is not deferred, or it would not be read anew.
        return super().get_deferred_fields() - self.__dict__.get("_taken_out", set())

    def clean_fields(self, exclude: Iterable[str] | None = None) -> None:
        super().clean_fields(exclude={*(exclude or ()), *self.protected_states()})


def subject_of(record: models.Model) -> tuple[str, int]:
    """Return how other tables point at `record`: its kind and its number."""
    return record._meta.model_name or "", record.pk
