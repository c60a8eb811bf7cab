"""What the database keeps as it was, whatever code runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, models, transaction

from revops import triggers
from tests.factories.people import AT
from tests.project.constraints.breaking import DAY
from tests.project.constraints.rules import our_models

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rule", triggers.declared(), ids=lambda rule: rule.table)
def test_the_database_keeps_history(company, rule):
    """Nothing is deleted, and no column changes but those that the rule lets go."""
    model = next(model for model in our_models() if model._meta.db_table == rule.table)
    rows = model._base_manager.filter(pk=kept_row(rule, model))

    with pytest.raises(DatabaseError, match=rule.why or "never rewritten"), transaction.atomic():
        rows._raw_delete(using="default")
    for field in model._meta.concrete_fields:
        value = getattr(rows.get(), field.attname)
        if field.primary_key or field.column in rule.free:
            continue
        if value is None and field.column in rule.once:
            continue
        if value == [] and field.column in rule.from_empty:
            continue
        with (
            pytest.raises(DatabaseError, match=rule.why or "never rewritten"),
            transaction.atomic(),
        ):
            rows.update(**{field.attname: other_than(value, field)})


def kept_row(rule: triggers.Rule, model: type[models.Model]) -> int:
    """A row that the rule holds for."""
    condition = rule.frozen_when.format(row=rule.table) or "1 = 1"
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT id FROM "{rule.table}" WHERE {condition} LIMIT 1')
        found = cursor.fetchone()
    assert found, f"no row of {model.__name__} is kept"
    return found[0]


def other_than(value, field):
    """Some other value that the column could hold."""
    if isinstance(field, models.ForeignKey):
        return (value or 0) + 1
    if isinstance(field, models.JSONField):
        return ["other"]
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return (value or AT) + timedelta(days=1)
    if isinstance(field, models.DateField):
        return (value or DAY) + timedelta(days=1)
    if isinstance(field, models.CharField | models.TextField | models.FileField):
        return "b" if str(value) == "a" else "a"
    return (value or 0) + 1
