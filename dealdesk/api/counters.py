"""What a counter-offer is given and shown as."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dealdesk.models import Concession, CounterOffer, NonStandardTerm
from dealdesk.patches import ConcessionPatch, LinePatch, Patch, TermPatch
from revops.api import Input, PersonOut

DIGEST = "^[0-9a-f]{64}$"


class LinePatchIn(Input):
    key = serializers.CharField(max_length=20)
    percent = serializers.DecimalField(
        max_digits=24, decimal_places=10, min_value=0, max_value=100, help_text="Off standard."
    )


class TermPatchIn(Input):
    term = serializers.SlugRelatedField("key", queryset=NonStandardTerm.objects.all())
    value = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    text = serializers.CharField(required=False, allow_blank=True, default="")
    dropped = serializers.BooleanField(default=False)


class ConcessionPatchIn(Input):
    kind = serializers.ChoiceField(Concession.Kind.choices)
    line_key = serializers.CharField(required=False, allow_blank=True, default="", max_length=20)
    value = serializers.DecimalField(
        max_digits=16, decimal_places=4, min_value=0, help_text="0 leaves it out."
    )


class CounterIn(Input):
    """Other terms than those asked; what is not named stays as it was asked."""

    reason = serializers.CharField(max_length=4000)
    digest = serializers.RegexField(DIGEST, help_text="Of the terms that were read.")
    lines = LinePatchIn(many=True, required=False)
    term_months = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=240, default=None
    )
    payment_terms = serializers.CharField(required=False, allow_blank=True, default="")
    billing = serializers.CharField(required=False, allow_blank=True, default="")
    concessions = ConcessionPatchIn(many=True, required=False)
    terms = TermPatchIn(many=True, required=False)


def patch_from(facts: dict[str, Any]) -> Patch:
    """The changes that an endpoint was given."""
    return Patch(
        lines=tuple(LinePatch(**row) for row in facts.get("lines", ())),
        term_months=facts["term_months"],
        payment=facts["payment_terms"],
        billing=facts["billing"],
        concessions=tuple(ConcessionPatch(**row) for row in facts.get("concessions", ())),
        terms=tuple(
            TermPatch(row["term"].key, row["value"], row["text"], row["dropped"])
            for row in facts.get("terms", ())
        ),
    )


@extend_schema_field({"type": "object", "additionalProperties": True})
class PatchField(serializers.Field):
    """The changes, as they are kept."""

    def to_representation(self, value):
        return json.loads(value)


class CounterOut(serializers.ModelSerializer):
    """What an approver would approve instead, and what became of the offer."""

    offered_by = PersonOut(source="decision.decided_by")
    offered_at = serializers.DateTimeField(source="decision.decided_at")
    reason = serializers.CharField(source="decision.reason")
    patch = PatchField()
    answered_by = PersonOut(allow_null=True)

    class Meta:
        model = CounterOffer
        fields = [
            "id",
            "offered_by",
            "offered_at",
            "reason",
            "patch",
            "digest",
            "answer",
            "answered_at",
            "answered_by",
            "answer_note",
        ]
        read_only_fields = fields
