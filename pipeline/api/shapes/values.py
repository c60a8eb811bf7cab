"""Values that several shapes take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipeline import registry
from pipeline.gates import CRITERION
from pipeline.models import (
    Stage,
)
from pipeline.registry import CUSTOM
from revops.api import PersonField

NUMBER_OR_ADDRESS = {
    "oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 254}],
    "description": "A colleague, by number or by e-mail address.",
}


@extend_schema_field(NUMBER_OR_ADDRESS)
class Colleague(PersonField):
    pass


CUSTOM_VALUES = {
    "type": "object",
    "description": (
        "Fields that the company added, by key; GET …/fields/ says which there are. Text, long "
        "text and address: a string. Whole number: an integer. Number: a string of digits. Yes "
        "or no: a boolean. Date: YYYY-MM-DD. One of a list: an option's key; several: an array "
        "of keys. Money: {amount, currency}. Person: a colleague's number, or e-mail address "
        "when writing. File: the number of an attachment, made by POST …/attachments/ with the "
        "field's key. null takes a value away."
    ),
    "additionalProperties": {
        "oneOf": [
            {"type": "string"},
            {"type": "number"},
            {"type": "boolean"},
            {"type": "array", "items": {"type": "string"}},
            {
                "type": "object",
                "properties": {
                    "amount": {"type": "string"},
                    "currency": {"type": "string"},
                },
                "required": ["amount", "currency"],
            },
        ],
        "nullable": True,
    },
}


@extend_schema_field(CUSTOM_VALUES)
class CustomField(serializers.Field):
    """Fields that the company added, by key; each is read by its definition."""

    default_error_messages = {"shape": "An object of field keys with their values."}

    def to_internal_value(self, data):
        if not isinstance(data, dict) or not all(is_plain(value) for value in data.values()):
            self.fail("shape")
        return data

    def to_representation(self, value):
        return value


@extend_schema_field({"type": "object", "additionalProperties": True})
class EvidenceField(serializers.Field):
    """Answers to what a gate asks, by the `key` of each missing item.

    A value, or `{"none": true}` where there is none. A criterion takes true, or
    `{"note": …, "file": 12}`. A contact is `{"contact": 12}` or `{"name": …, "email": …}`.
    """

    default_error_messages = {
        "shape": "An object of item keys with their answers.",
        "answer": "{item}: give a value, or an object with “none”.",
    }

    def to_internal_value(self, data):
        if not isinstance(data, dict):
            self.fail("shape")
        for key, value in data.items():
            if not is_answer(key, value):
                self.fail("answer", item=key)
        return data

    def to_representation(self, value):
        return value


def is_answer(key: str, value: Any) -> bool:
    """Whether an answer has the shape of one; what it says is for the operation to judge."""
    if key.startswith(CRITERION):
        return value is True or is_confirmation(value)
    if key.startswith(CUSTOM) and is_plain(value) and not isinstance(value, str | int | float):
        return True
    if isinstance(value, Mapping):
        kind = registry.item_kind(key)
        facts = value.values()
        if value.get("none") is not True and (kind is None or kind.field):
            return False
        return all(each is None or isinstance(each, str | int) for each in facts)
    return isinstance(value, str | int | float)


def is_confirmation(value: Any) -> bool:
    """Whether a criterion is confirmed: plainly, with a note, or with a file of the deal."""
    if not isinstance(value, Mapping):
        return isinstance(value, bool | int | str)
    known = {"note": str, "file": int}
    return set(value) <= set(known) and all(isinstance(value[n], known[n]) for n in value)


def is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str | int | float) for each in value)
    if isinstance(value, dict):
        return is_money(value)
    return value is None or isinstance(value, str | int | float)


def is_money(value: Mapping[str, Any]) -> bool:
    """Whether a value has the shape of an amount with its currency."""
    return set(value) == {"amount", "currency"} and all(
        isinstance(each, str | int | float) for each in value.values()
    )


class Visible(serializers.PrimaryKeyRelatedField):
    """A record by its number, among those the caller may see."""

    def get_queryset(self):
        return super().get_queryset().visible_to(self.context["request"].user)


class StageField(serializers.SlugRelatedField):
    """A stage by its key, among those of the deal's pipeline."""

    default_error_messages = {"does_not_exist": "This pipeline has no stage “{value}”."}

    def __init__(self, **kwargs):
        super().__init__("key", queryset=Stage.objects.all(), **kwargs)

    def get_queryset(self):
        return super().get_queryset().filter(pipeline=self.context.get("pipeline"))
