"""Writing other values into each of many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, cast

from django.db import connection, models
from django.db.models import Field

BATCH = 1000


def write_columns(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write the named columns of rows that are each given as a number and its values.

    As `bulk_update`, and many times sooner: that one names each row once for every column.
    Assumes the caller's transaction.
    """
    fields = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in columns]
    found = iter(rows)
    write = from_lists if connection.vendor == "postgresql" else one_by_one
    while batch := list(islice(found, BATCH)):
        write(model, fields, [(row[0], *prepared(fields, row[1:])) for row in batch])


def prepared(fields: Sequence[Field[Any, Any]], values: Sequence[Any]) -> list[Any]:
    return [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, values, strict=True)
    ]


def from_lists(
    model: type[models.Model], fields: Sequence[Field[Any, Any]], rows: Sequence[Sequence[Any]]
) -> None:
    """One statement for all of them; each column comes as a list."""
    key = model._meta.pk
    types = ", ".join(f"%s::{field.db_type(connection)}[]" for field in (key, *fields))
    names = [quoted(field) for field in fields]
    said = ", ".join(f"{name} = told.{name}" for name in names)
    told = f"unnest({types}) AS told(number, {', '.join(names)})"
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {said} FROM {told} WHERE {table}.{quoted(key)} = number",
            [list(column) for column in zip(*rows, strict=True)],
        )


def one_by_one(
    model: type[models.Model], fields: Sequence[Field[Any, Any]], rows: Sequence[Sequence[Any]]
) -> None:
    said = ", ".join(f"{quoted(field)} = %s" for field in fields)
    key = quoted(model._meta.pk)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {connection.ops.quote_name(model._meta.db_table)} SET {said} WHERE {key} = %s",
            [(*values, number) for number, *values in rows],
        )


def quoted(field: Field[Any, Any]) -> str:
    return connection.ops.quote_name(field.get_attname_column()[1] or "")
