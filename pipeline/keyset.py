"""Lists paged by key: the cost of a page does not grow with its number.

Rows come in the order of one indexed column, then of their own number; rows without a value
come last. They are read as two stretches, so that both run along the index on any database.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet

LONGEST = 30
"""Digits; no amount of ours has as many."""


@dataclass(frozen=True)
class Order:
    """A column, and the way it runs."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class Page:
    """Some rows, and the mark after which the next ones begin ("" when there are none)."""

    rows: list[Any]
    next: str = ""


def mark_of(row: Model | Mapping[str, Any], order: Order) -> str:
    """The mark of a row (a record, or its columns by name), fit for an address."""
    if isinstance(row, Mapping):
        place = [row[order.field], row["pk"]]
    else:
        place = [getattr(row, order.field), row.pk]
    text = json.dumps(place, cls=ExactEncoder)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class ExactEncoder(DjangoJSONEncoder):
    """Keeps the microseconds that the usual encoder cuts off."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def read_mark(mark: str, order: Order, model: type[Model]) -> tuple[Any, int] | None:
    """The value and number in a mark; None for one that is damaged or of another order."""
    try:
        text = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4))
        value, pk = json.loads(text)
        field: Any = model._meta.get_field(order.field)
        value = None if value is None else field.to_python(value)
        return storable(value), int(pk)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError, ValidationError):
        return None


def storable(value: Any) -> Any:
    """The value, if a database can compare with it. Raises ValueError or OverflowError."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Decimal) and not (value.is_finite() and value.adjusted() < LONGEST):
        raise ValueError(value)
    if isinstance(value, str):
        value.encode()
        if "\x00" in value:
            raise ValueError(value)
    return value


def page_of(
    rows: QuerySet[Any],
    order: Order,
    *,
    after: str = "",
    size: int = 50,
    whole: QuerySet[Any] | None = None,
) -> Page:
    """Return the page of `rows` that follows the mark.

    `whole` says with what a row is read once it is known to be on the page. Without it, a database
    that has to sort may join all that match before it takes the first.
    """
    start = read_mark(after, order, rows.model) if after else None
    found: list[Any] = []
    if start is None or start[0] is not None:
        found = read(with_value(rows, order, start), size + 1, whole)
    if len(found) <= size and rows.model._meta.get_field(order.field).null:
        found += read(without_value(rows, order, start), size + 1 - len(found), whole)
    if len(found) <= size:
        return Page(found)
    return Page(found[:size], mark_of(found[size - 1], order))


def read(rows: QuerySet[Any], number: int, whole: QuerySet[Any] | None) -> list[Any]:
    if whole is None:
        return list(rows[:number])
    first = rows.select_related(None).values("pk")[:number]
    return list(whole.filter(pk__in=first).order_by(*rows.query.order_by))


def with_value(rows: QuerySet[Any], order: Order, start: tuple[Any, int] | None) -> QuerySet[Any]:
    sign, beyond = ("-", "lt") if order.descending else ("", "gt")
    rows = rows.filter(**{f"{order.field}__isnull": False})
    if start:
        value, pk = start
        # The first condition bounds the stretch of the index; the second is exact.
        rows = rows.filter(
            Q(**{f"{order.field}__{beyond}e": value}),
            Q(**{f"{order.field}__{beyond}": value}) | Q(**{f"pk__{beyond}": pk}),
        )
    return rows.order_by(f"{sign}{order.field}", f"{sign}pk")


def without_value(
    rows: QuerySet[Any], order: Order, start: tuple[Any, int] | None
) -> QuerySet[Any]:
    sign, beyond = ("-", "lt") if order.descending else ("", "gt")
    rows = rows.filter(**{f"{order.field}__isnull": True})
    if start and start[0] is None:
        rows = rows.filter(**{f"pk__{beyond}": start[1]})
    return rows.order_by(f"{sign}pk")
