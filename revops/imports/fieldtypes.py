"""What a field of a record may hold, and how the text of a cell becomes it. Pure."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from revops.company.models import validate_currency
from revops.imports.problems import BadValue

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")
TRUE = frozenset({"1", "true", "yes", "y", "x"})
FALSE = frozenset({"0", "false", "no", "n"})
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Formats:
    """How the file writes dates and numbers."""

    dates: tuple[str, ...] = ("%Y-%m-%d",)
    decimal_separator: str = "."
    thousands_separator: str = ""


def shown(text: str) -> str:
    """A cell's text for a message: quoted, and cut where it is long."""
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


class FieldType(ABC):
    """Turns the text of a cell (never blank) into the value of a field."""

    scales = False

    @abstractmethod
    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> Any:
        """The value. Raises BadValue for a text that is none."""


@dataclass(frozen=True)
class Text(FieldType):
    """Text as it stands, a leading = included; a single line unless `long`."""

    max_length: int = 200
    long: bool = False

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        if not self.long:
            text = " ".join(text.split())
        if len(text) > self.max_length:
            raise BadValue(f"has {len(text)} characters, at most {self.max_length} are kept")
        return text


@dataclass(frozen=True)
class Email(FieldType):
    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        try:
            validate_email(text)
        except ValidationError:
            raise BadValue(f"{shown(text)} is no e-mail address") from None
        return text.lower()


@dataclass(frozen=True)
class Currency(FieldType):
    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        try:
            validate_currency(text.upper())
        except ValidationError:
            raise BadValue(f"{shown(text)} is no currency, such as EUR") from None
        return text.upper()


@dataclass(frozen=True)
class Number(FieldType):
    """An exact decimal; more places than the field keeps are refused, never rounded away."""

    digits: int = 16
    places: int = 2
    minimum: Decimal | None = None

    scales = True

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> Decimal:
        plain = text
        if formats.thousands_separator:
            plain = plain.replace(formats.thousands_separator, "")
        if formats.decimal_separator != ".":
            plain = plain.replace(".", "!").replace(formats.decimal_separator, ".")
        if len(plain) > 40 or not NUMBER.match(plain):
            raise BadValue(f"{shown(text)} is no number")
        return self.kept(Decimal(plain) * (scale if scale is not None else 1), text)

    def kept(self, value: Decimal, text: str) -> Decimal:
        if abs(value) >= Decimal(10) ** (self.digits - self.places):
            raise BadValue(f"{shown(text)} is too large")
        if self.minimum is not None and value < self.minimum:
            raise BadValue(f"{shown(text)} is less than {self.minimum}")
        exact = value.quantize(Decimal(1).scaleb(-self.places))
        if exact != value:
            raise BadValue(f"{shown(text)} has more than {self.places} decimals")
        return exact


@dataclass(frozen=True)
class Integer(FieldType):
    minimum: int = 0
    maximum: int = 2_147_483_647

    scales = True

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> int:
        value = Number(digits=20, places=6).read(text, formats, scale)
        if value != value.to_integral_value():
            raise BadValue(f"{shown(text)} is no whole number")
        if not self.minimum <= value <= self.maximum:
            raise BadValue(f"{shown(text)} is not between {self.minimum} and {self.maximum}")
        return int(value)


@dataclass(frozen=True)
class Day(FieldType):
    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> date:
        for form in formats.dates:
            try:
                day = datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
            except ValueError:
                continue
            if not EARLIEST <= day <= LATEST:
                raise BadValue(f"{shown(text)} is not between 1900 and 2199")
            return day
        raise BadValue(f"{shown(text)} is no date of the form {' or '.join(formats.dates)}")


@dataclass(frozen=True)
class YesNo(FieldType):
    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> bool:
        if text.lower() in TRUE:
            return True
        if text.lower() in FALSE:
            return False
        raise BadValue(f"{shown(text)} is neither yes nor no")


@dataclass(frozen=True)
class Choice(FieldType):
    """One of a list, by its code or its label."""

    options: tuple[tuple[str, str], ...]

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        wanted = text.casefold()
        for code, label in self.options:
            if wanted in (code.casefold(), label.casefold()):
                return code
        codes = ", ".join(code for code, _ in self.options)
        raise BadValue(f"{shown(text)} is none of {codes}")


@dataclass(frozen=True)
class Choices(FieldType):
    """Several of a list, separated by commas or semicolons; kept sorted."""

    options: tuple[tuple[str, str], ...]

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> tuple[str, ...]:
        one = Choice(self.options)
        parts = [part.strip() for part in re.split(r"[,;]", text)]
        return tuple(sorted({one.read(part, formats) for part in parts if part}))


@dataclass(frozen=True)
class Ref:
    """A record meant by a cell, still to be found: which entity, by what, in which source."""

    entity: str
    by: str
    value: str
    source: str


@dataclass(frozen=True)
class Reference(FieldType):
    """Another record, by its external id in the source unless the mapping says by what."""

    entity: str
    lookups: Sequence[str] = ("external_id",)

    def read(self, text: str, formats: Formats, scale: Decimal | None = None) -> str:
        return Text(max_length=200).read(text, formats)


def spelled(value: Any) -> Any:
    """The one JSON spelling by which a value is remembered and compared."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Ref):
        return value.value if value.by == "external_id" else f"{value.by}:{value.value}"
    if isinstance(value, tuple | list):
        return [spelled(item) for item in value]
    if isinstance(value, Mapping):
        return {key: spelled(item) for key, item in value.items()}
    return value
