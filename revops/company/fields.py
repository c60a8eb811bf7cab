"""Values of fields the company defined itself: what JSON keeps of them, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model

from revops.addresses import number_in
from revops.company.models import Company, FieldDefinition
from revops.refusals import Missing, Refused
from revops.remembering import remembered

Kind = FieldDefinition.Kind
LISTS = frozenset({Kind.CHOICE, Kind.MULTI_CHOICE})
SEARCHED = frozenset(
    {
        Kind.TEXT,
        Kind.LONG_TEXT,
        Kind.INTEGER,
        Kind.NUMBER,
        Kind.CHOICE,
        Kind.MULTI_CHOICE,
        Kind.URL,
    }
)
"""Kinds whose words a search can find."""

LONGEST_TEXT, LONGEST_LONG_TEXT, LONGEST_ADDRESS = 500, 20_000, 2_000
MONEY_IN_TEXT = re.compile(r"(?P<amount>[-+0-9.]+)\s*(?P<currency>[A-Za-z]{3})?\Z")


def fields_of(entity: str) -> tuple[FieldDefinition, ...]:
    """Every field the company added to a kind of record, archived ones too, in order."""

    def read() -> tuple[FieldDefinition, ...]:
        rows = FieldDefinition.objects.filter(entity=entity)
        return tuple(rows.order_by("position", "pk"))

    return remembered(("fields", entity), read)


def standing_fields(entity: str) -> dict[str, FieldDefinition]:
    """The fields that are offered, by key."""
    return {each.key: each for each in fields_of(entity) if each.archived_at is None}


def file_kind(key: str) -> str:
    """The kind of an attachment that is the value of a field."""
    return f"field:{key}"


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
    if isinstance(value, Mapping | list):
        raise ValueError(f"{definition.label} is a text.")
    text = str(value).strip()
    longest = LONGEST_LONG_TEXT if definition.kind == Kind.LONG_TEXT else LONGEST_TEXT
    if len(text) > longest:
        raise ValueError(f"{definition.label} has at most {longest:,} characters.")
    return text


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
    if number and not -30 < number.adjusted() < 30:
        raise ValueError(f"{definition.label} is a number of at most 30 digits.")
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
    for option in definition.options:
        if value in (option["key"], option.get("label")) and not option.get("retired"):
            return str(option["key"])
    options = [option["key"] for option in definition.options if not option.get("retired")]
    raise ValueError(f"{definition.label} is one of {', '.join(options)}, not {value}.")


def read_choices(definition: FieldDefinition, value: Any) -> list[str]:
    if isinstance(value, str):
        # A cell of a file has them side by side.
        value = [part.strip() for part in re.split(r"[;|]", value) if part.strip()]
    values = value if isinstance(value, list) else [value]
    chosen = {read_choice(definition, item) for item in values}
    return [option["key"] for option in definition.options if option["key"] in chosen]


def read_url(definition: FieldDefinition, value: Any) -> str:
    address = str(value).strip()
    fault = f"{definition.label} is an address such as https://example.com."
    try:
        parts = urlsplit(address)
    except ValueError:
        raise ValueError(fault) from None
    if parts.scheme not in {"http", "https"} or not parts.netloc or len(address) > LONGEST_ADDRESS:
        raise ValueError(fault)
    return address


def read_money(definition: FieldDefinition, value: Any) -> dict[str, str]:
    """An amount with its currency: {"amount", "currency"}, "1200.50 EUR", or a plain number."""
    given = value
    if isinstance(value, Mapping):
        given = f"{value.get('amount', '')} {value.get('currency', '')}"
    found = MONEY_IN_TEXT.match(str(given).strip())
    if found is None:
        raise ValueError(f"{definition.label} is an amount such as 1200.50 EUR.")
    amount = read_decimal(definition, found["amount"])
    currency = (found["currency"] or Company.get().currency).upper()
    return {"amount": f"{amount:f}", "currency": currency}


def read_person(definition: FieldDefinition, value: Any) -> int:
    """The number of an active colleague, who is named by number or by e-mail address."""
    people = get_user_model()._default_manager.filter(is_active=True)
    number = value.pk if hasattr(value, "pk") else number_in(value)
    found = people.filter(pk=number) if number else people.filter(email=str(value).strip().lower())
    pk = found.values_list("pk", flat=True).first()
    if pk is None:
        raise ValueError(f"{definition.label}: nobody active here is {value}.")
    return int(pk)


def read_file(definition: FieldDefinition, value: Any) -> int:
    """The number of an attachment; whoever writes it asks whether that is about the record."""
    number = value.pk if hasattr(value, "pk") else number_in(value)
    if not number:
        raise ValueError(f"{definition.label} is the number of an attached file.")
    return int(number)


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
    Kind.MONEY: read_money,
    Kind.PERSON: read_person,
    Kind.FILE: read_file,
}


def validate_custom(entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom `values` of a record of `entity` as stored; refuses naming each fault."""
    if not values:
        return {}
    return normalise_values(standing_fields(entity).values(), values)


# In words


def words_of(
    definition: FieldDefinition,
    value: Any,
    names: Mapping[str, Mapping[int, str]] | None = None,
) -> str:
    """A stored value as a person reads it; `names` are those of people and files, by kind."""
    if value is None:
        return ""
    if definition.kind == Kind.MONEY and isinstance(value, Mapping):
        amount = Decimal(value["amount"])
        decimals = max(2, -int(amount.as_tuple().exponent))
        return f"{amount:,.{decimals}f} {value['currency']}"
    if definition.kind in (Kind.PERSON, Kind.FILE):
        return (names or {}).get(definition.kind, {}).get(value, "")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    labels = {option["key"]: option.get("label", option["key"]) for option in definition.options}
    if isinstance(value, list):
        return ", ".join(str(labels.get(each, each)) for each in value)
    return str(labels.get(value, value)) if isinstance(value, str) else str(value)


def searched_fields(entity: str) -> list[FieldDefinition]:
    """The fields that records are found by."""
    return [each for each in standing_fields(entity).values() if each.is_searchable]


def searched_words(
    entity: str, custom: Mapping[str, Any], fields: Iterable[FieldDefinition] | None = None
) -> list[str]:
    """What a record says in the fields that it is found by; over many, read the fields once."""
    if not custom:
        return []
    fields = searched_fields(entity) if fields is None else fields
    return [words_of(each, custom[each.key]) for each in fields if each.key in custom]
