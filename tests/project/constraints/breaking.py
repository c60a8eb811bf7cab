"""The ways to write a bad row, past every operation: change one that is there, or add its twin."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models

from revops.people.models import User
from tests.factories.people import AT

DAY = date(2026, 11, 3)
LATER = AT + timedelta(days=1)


def change(model, /, _where=None, **facts):
    """Write facts into one row (the first, or the first that fits)."""

    def write():
        row = model._base_manager.filter(**(_where or {})).order_by("pk").first()
        assert row is not None, f"no {model.__name__} to change"
        model._base_manager.filter(pk=row.pk).update(**facts)

    return write


def twin(model, /, _where=None, **facts):
    """Add a copy of one row (the first, or the first that fits) with other facts."""

    def write():
        row = model._base_manager.filter(**(_where or {})).order_by("pk").first()
        assert row is not None, f"no {model.__name__} to copy"
        copy = {
            field.attname: getattr(row, field.attname)
            for field in model._meta.concrete_fields
            if not field.primary_key
        }
        model._base_manager.bulk_create([model(**copy | facts)])

    return write


def both(model, **facts):
    """Write the same facts into all rows and into a twin of one."""

    def write():
        change(model, **facts)()
        twin(model, **facts)()

    return write


def somebody() -> User:
    return User.objects.order_by("pk").first()


def own(model, column):
    """Let a row point at itself."""
    return lambda: model._base_manager.update(**{column: models.F("pk")})


def by_somebody(model, column, way=change):
    """A person without a moment."""
    return lambda: way(model, **{column: somebody().pk})()
