"""One spelling for every value: the JSON that hashes and digests are computed over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any
from uuid import UUID

from django.db.models import Model

AS_THEY_ARE = frozenset({str, int, bool, NoneType})
"""The types that JSON has as they are; most values are of one of these."""


def jsonable(value: Any) -> Any:
    """Return `value` in JSON's own types, each kind of value always spelled the same way.

    Floats are refused: money and percentages are Decimals and keep the digits they were given.
    """
    if type(value) in AS_THEY_ARE:
        return value
    if isinstance(value, Enum):
        return jsonable(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        return {str(jsonable(key)): jsonable(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, Mapping):
        return {str(jsonable(key)): jsonable(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(jsonable(item) for item in value)
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical spelling: {value!r}")


def canonical_json(value: Any) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, UTC moments."""
    return _spell(jsonable(value))


_spell = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def moment_text(moment: datetime) -> str:
    """Return an aware moment in UTC with microseconds, such as 2026-11-03T09:30:00.000000Z."""
    if moment.tzinfo is None:
        raise TypeError(f"A moment needs its zone: {moment!r}")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
