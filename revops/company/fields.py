"""Values of fields the company defined itself: what JSON keeps of them, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from revops.company.models import FieldDefinition
from revops.refusals import Missing, Refused

Kind = FieldDefinition.Kind


def normalise_values(
    definitions: Iterable[FieldDefinition], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `values` as they are stored; empty ones become None. Refuses naming every fault."""
    known = {definition.key: definition for definition in definitions}
    normal: dict[str, Any] = {}
    faults: list[Missing] = []
    for key, value in values.items():
        definition = known.get(key)
        try:
            if definition is None:
                raise ValueError(f"There is no field {key}.")
            normal[key] = normalise(definition, value)
        except ValueError as fault:
            label = definition.label if definition else key
            faults.append(Missing(key=key, label=label, sentence=str(fault)))
    if faults:
        raise Refused(
            " ".join(fault.sentence for fault in faults), code="bad_field", missing=faults
        )
    return normal


def normalise(definition: FieldDefinition, value: Any) -> Any:
    """Return one value in JSON's types; raises ValueError with a sentence."""
    if value is None or (isinstance(value, str) and not value.strip()) or value == []:
        return None
    return READERS[definition.kind](definition, value)


def read_text(definition: FieldDefinition, value: Any) -> str:
    return str(value).strip()


def read_integer(definition: FieldDefinition, value: Any) -> int:
    number = read_decimal(definition, value)
    if number != int(number):
        raise ValueError(f"{definition.label} is a whole number, not {value}.")
    return int(number)


def read_number(definition: FieldDefinition, value: Any) -> str:
    return f"{read_decimal(definition, value):f}"


def read_decimal(definition: FieldDefinition, value: Any) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{definition.label} is a number, not {value}.") from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(f"{definition.label} is a number, not {value}.")
    return number


def read_boolean(definition: FieldDefinition, value: Any) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False}
    words |= {"off": False, "0": False}
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise ValueError(f"{definition.label} is yes or no, not {value}.") from None


def read_date(definition: FieldDefinition, value: Any) -> str:
    try:
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError:
        raise ValueError(f"{definition.label} is a day such as 2026-11-30, not {value}.") from None


def read_choice(definition: FieldDefinition, value: Any) -> str:
    options = [option["key"] for option in definition.options]
    if value not in options:
        raise ValueError(f"{definition.label} is one of {', '.join(options)}, not {value}.")
    return value


def read_choices(definition: FieldDefinition, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    chosen = {read_choice(definition, item) for item in values}
    return [option["key"] for option in definition.options if option["key"] in chosen]


def read_url(definition: FieldDefinition, value: Any) -> str:
    address = str(value).strip()
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f"{definition.label} is an address such as https://example.com.")
    return address


READERS: dict[str, Callable[[FieldDefinition, Any], Any]] = {
    Kind.TEXT: read_text,
    Kind.LONG_TEXT: read_text,
    Kind.INTEGER: read_integer,
    Kind.NUMBER: read_number,
    Kind.BOOLEAN: read_boolean,
    Kind.DATE: read_date,
    Kind.CHOICE: read_choice,
    Kind.MULTI_CHOICE: read_choices,
    Kind.URL: read_url,
}


def validate_custom(entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom `values` of a record of `entity` as stored; refuses naming each fault."""
    if not values:
        return {}
    definitions = FieldDefinition.objects.filter(entity=entity, archived_at=None)
    return normalise_values(definitions, values)
