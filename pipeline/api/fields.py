"""The fields that the company added, as `custom` takes and gives them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from revops.api import Endpoint
from revops.company.models import FieldDefinition

ENTITIES = [value for value, _ in FieldDefinition.Entity.choices]


class OptionOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    retired = serializers.BooleanField(help_text="Offered no longer; records may still have it.")


class FieldOut(serializers.ModelSerializer):
    """A field that the company added to a kind of record."""

    options = serializers.SerializerMethodField()
    archived = serializers.SerializerMethodField(help_text="Offered no longer.")

    class Meta:
        model = FieldDefinition
        fields = [
            "entity",
            "key",
            "kind",
            "label",
            "help_text",
            "options",
            "is_searchable",
            "archived",
        ]
        read_only_fields = fields

    @extend_schema_field(OptionOut(many=True))
    def get_options(self, field) -> list:
        return [
            {
                "key": option["key"],
                "label": option.get("label", option["key"]),
                "retired": bool(option.get("retired")),
            }
            for option in field.options
        ]

    def get_archived(self, field) -> bool:
        return field.archived_at is not None


class FieldsApi(Endpoint):
    """What `custom` of a record may hold."""

    @extend_schema(
        operation_id="fields_list",
        responses=FieldOut(many=True),
        parameters=[OpenApiParameter("entity", str, enum=ENTITIES)],
    )
    def get(self, request):
        """The fields that the company added, in order; archived ones say so."""
        entity = request.query_params.get("entity", "")
        if entity and entity not in ENTITIES:
            raise ValidationError({"entity": [f"One of {', '.join(ENTITIES)}."]})
        rows = FieldDefinition.objects.order_by("entity", "position", "pk")
        rows = rows.filter(entity=entity) if entity else rows
        return Response(FieldOut(rows, many=True).data)
