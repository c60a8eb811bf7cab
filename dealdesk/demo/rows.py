"""Rows on their way into the database: COPY on PostgreSQL, bulk inserts elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max

BATCH = 500

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class Table:
    """The columns of one model that a loader fills; every other column takes its default."""

    def __init__(self, model: type[models.Model], columns: str) -> None:
        self.model = model
        self.columns = columns.split()
        self.name = model._meta.db_table
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        known = {field.attname: field for field in [*fields, model._meta.pk]}
        unknown = [name for name in self.columns if name not in known]
        if unknown:
            raise LookupError(f"{model.__name__} has no {', '.join(unknown)}.")
        self.defaults = {
            field.attname: bare(field.get_default())
            for field in fields
            if field.attname not in self.columns
        }
        self._db_columns = [known[name].column for name in (*self.columns, *self.defaults)]
        self._tail = "".join(f"\t{encoded(value)}" for value in self.defaults.values())

    def copy_text(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """The rows in the text format of COPY."""
        tail = self._tail
        lines = ["\t".join([_ENCODERS[type(v)](v) for v in row]) + tail for row in rows]
        return ("\n".join(lines) + "\n").encode() if lines else b""

    def copy(self, text: bytes) -> None:
        columns = ", ".join(f'"{name}"' for name in self._db_columns)
        with (
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{self.name}" ({columns}) FROM STDIN') as copy,
        ):
            copy.write(text)

    def insert(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write the rows, whatever the database."""
        if not rows:
            return
        if connection.vendor == "postgresql":
            self.copy(self.copy_text(rows))
            return
        self.model._base_manager.bulk_create(
            [self.model(**dict(zip(self.columns, map(_plain, row), strict=True))) for row in rows],
            batch_size=BATCH,
        )

    def last_id(self) -> int:
        return self.model._base_manager.aggregate(last=Max("pk"))["last"] or 0


class Json(str):
    """JSON that is text already, so that what many rows share is spelled once."""

    __slots__ = ()


def bare(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def encoded(value: Any) -> str:
    return _ENCODERS[type(value)](value)


def _plain(value: Any) -> Any:
    return json.loads(value) if type(value) is Json else value


def _text(value: str) -> str:
    # Looking is far cheaper than translating, and hardly a text needs it.
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        return value.translate(_ESCAPES)
    return value


def _json(value: Any) -> str:
    return _text(_spell(value)) if value else str(value)


_spell = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


_ENCODERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "\\N",
    str: _text,
    Json: _text,
    int: str,
    bool: lambda value: "t" if value else "f",
    Decimal: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    dict: _json,
    list: _json,
}


@contextmanager
def checked_at_its_end() -> Iterator[None]:
    """Check foreign keys when the block ends, rather than all of them when everything does.

    Inside, rows may come before those that they point at.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def continue_sequences(tables: Iterable[Table]) -> None:
    """Let the next row of each table come after those that brought their own number."""
    statements = connection.ops.sequence_reset_sql(no_style(), [table.model for table in tables])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def analyze() -> None:
    """Tell the planner what the tables hold now."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
