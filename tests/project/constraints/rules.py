"""Every rule that our tables keep, and how the database names it."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, models

OURS = ("revops", "pipeline", "dealdesk")


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in OURS]


def constrained() -> dict[str, type[models.Model]]:
    """Every rule that our tables keep: named constraints, and columns unique by themselves."""
    found = {c.name: model for model in our_models() for c in model._meta.constraints}
    for model in our_models():
        for field in model._meta.local_concrete_fields:
            if field.unique and not field.primary_key:
                found[f"{model._meta.db_table}.{field.column}"] = model
    return found


def told_as(name: str) -> str:
    """How the database names what was broken. SQLite names the columns of what must be unique."""
    model = constrained()[name]
    if "." in name:
        table, column = name.split(".")
        return rf"{table}_{column}|{name}" if connection.vendor == "postgresql" else name
    [constraint] = [c for c in model._meta.constraints if c.name == name]
    if connection.vendor == "sqlite" and isinstance(constraint, models.UniqueConstraint):
        columns = [model._meta.get_field(field).column for field in constraint.fields]
        return ", ".join(rf"{model._meta.db_table}\.{column}" for column in columns) + "$"
    return name
