"""Values that several shapes take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipeline import registry
from pipeline.models import (
    Stage,
)
from revops.api import PersonField

NUMBER_OR_ADDRESS = {
    "oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 254}],
    "description": "A colleague, by number or by e-mail address.",
}


@extend_schema_field(NUMBER_OR_ADDRESS)
class Colleague(PersonField):
    pass


@extend_schema_field({"type": "object", "additionalProperties": True})
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

    A value, `{"none": true}` where there is none, or true for a criterion. A contact is
    `{"contact": 12}` or `{"name": …, "email": …}`.
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
    if isinstance(value, Mapping):
        kind = registry.item_kind(key)
        facts = value.values()
        if value.get("none") is not True and (kind is None or kind.field):
            return False
        return all(each is None or isinstance(each, str | int) for each in facts)
    return isinstance(value, str | int | float)


def is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str | int | float) for each in value)
    return value is None or isinstance(value, str | int | float)


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
