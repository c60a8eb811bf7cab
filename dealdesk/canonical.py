"""One exact spelling of frozen values: what is hashed, stored and read back.

Unlike a general serialiser it reads back what it wrote: a dataclass becomes the same dataclass,
a Decimal the same number, a Fraction the same ratio. Nothing here knows a database.

What is frozen today must keep its digest when its dataclass gains a field tomorrow: a field made
with metadata ADDED is left out while it has its default, and read back as that default.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


ADDED = {"added": True}
"""The metadata of a field that came later."""

AS_THEY_ARE = frozenset({str, int, bool, NoneType})
"""The types that JSON has as they are; most values are of one of these."""


def decimal_text(value: Decimal) -> str:
    """Return a Decimal in plain digits without trailing zeros: 10.00 is "10", 1E+2 is "100"."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def fraction_text(value: Fraction) -> str:
    """Return a ratio as plain digits where they end ("80000.01"), else as "100/3"."""
    denominator = value.denominator
    if denominator == 1:
        return str(value.numerator)
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    if denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def plain(value: Any) -> Any:
    """Return a frozen value in JSON's own types."""
    if type(value) in AS_THEY_ARE or isinstance(value, int):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, Fraction):
        return fraction_text(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        return _plain_dataclass(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical spelling: {value!r}")


def _plain_dataclass(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    later = _later(kind)
    if not later:
        return {name: plain(getattr(value, name)) for name in _names(kind)}
    return {
        name: plain(item)
        for name in _names(kind)
        if (item := getattr(value, name)) != later.get(name, _NEVER)
    }


_NEVER = object()


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a frozen value: sorted keys, no spaces, exact numbers."""
    return json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of a value, in hexadecimal."""
    return sha256(canonical_json(value))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def from_plain(kind: type[T], data: Any) -> T:
    """Return the frozen value that `plain` made `data` of; unknown keys are refused."""
    hint: Any = kind
    result: T = _reader(hint)(data)
    return result


def from_json(kind: type[T], text: str) -> T:
    return from_plain(kind, json.loads(text))


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _later(kind: Any) -> dict[str, Any]:
    """The fields that came later, with the default that is left out."""
    return {f.name: f.default for f in dataclasses.fields(kind) if "added" in f.metadata}


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return the function that reads values of one type hint."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _read_union(get_args(kind))
    if origin is tuple:
        return _read_tuple(get_args(kind))
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind)
    if kind is Fraction:
        return Fraction
    if kind is Decimal:
        return Decimal
    if kind is date:
        return date.fromisoformat
    if kind in (str, int, bool):
        return _read_scalar(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    raise TypeError(f"No reader for {kind!r}")


def _read_scalar(kind: type) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if type(data) is not kind:
            raise TypeError(f"Expected {kind.__name__}, not {data!r}")
        return data

    return read


def _read_union(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    (kind,) = (k for k in kinds if k is not NoneType)
    inner = _reader(kind)
    return lambda data: None if data is None else inner(data)


def _read_tuple(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        inner = _reader(kinds[0])
        return lambda data: tuple(inner(item) for item in data)
    readers = tuple(_reader(kind) for kind in kinds)
    return lambda data: tuple(r(item) for r, item in zip(readers, data, strict=True))


def _read_dataclass(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = {name: _reader(hints[name]) for name in _names(kind)}

    def read(data: Any) -> Any:
        unknown = data.keys() - readers.keys()
        if unknown:
            raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}.")
        return kind(**{name: readers[name](item) for name, item in data.items()})

    return read
