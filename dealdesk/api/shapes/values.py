"""Values and references that several shapes share."""

from __future__ import annotations

import json

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipeline.models import Deal

DIGEST = "^[0-9a-f]{64}$"


class KeyField(serializers.SlugRelatedField):
    """A row of the catalogue by its key."""

    default_error_messages = {"does_not_exist": "There is no “{value}”."}

    def __init__(self, model=None, **kwargs):
        super().__init__("key", queryset=model.objects.all(), **kwargs)


class DealRef(serializers.ModelSerializer):
    class Meta:
        model = Deal
        fields = ["id", "name"]


@extend_schema_field({"type": "object", "additionalProperties": True})
class JSONObject(serializers.Field):
    """A value kept as JSON."""

    def to_representation(self, value):
        return json.loads(value) if isinstance(value, str) else value
