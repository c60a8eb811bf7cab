"""What happens around a deal."""

from __future__ import annotations

from rest_framework import serializers

from pipeline.api.shapes.values import Visible
from pipeline.models import (
    Activity,
    Contact,
    DealContact,
)
from revops.api import Input, PersonOut


class LinkIn(Input):
    contact = Visible(queryset=Contact.objects.all())
    role = serializers.ChoiceField(DealContact.Role.choices)


class ActivityOut(serializers.ModelSerializer):
    logged_by = PersonOut(allow_null=True)

    class Meta:
        model = Activity
        fields = ["id", "kind", "side", "happened_at", "body", "logged_by", "logged_at"]
        read_only_fields = fields


class ActivityIn(Input):
    kind = serializers.ChoiceField(Activity.Kind.choices)
    side = serializers.ChoiceField(Activity.Side.choices)
    body = serializers.CharField(required=False, allow_blank=True, default="")
    happened_at = serializers.DateTimeField(required=False, allow_null=True)
