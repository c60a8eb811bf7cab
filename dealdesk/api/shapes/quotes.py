"""Quotes as they are given."""

from __future__ import annotations

from rest_framework import serializers

from dealdesk.api.shapes.values import DealRef
from dealdesk.models import Concession, LineYear, Quote, QuoteLine, QuoteTerm
from revops.api import PersonOut


class YearOut(serializers.ModelSerializer):
    class Meta:
        model = LineYear
        fields = ["year", "quantity", "tier_percent", "typed", "typed_value"]
        read_only_fields = fields


class LineOut(serializers.ModelSerializer):
    key = serializers.CharField(source="stable_key")
    product = serializers.SlugRelatedField("key", read_only=True)
    years = YearOut(many=True)

    class Meta:
        model = QuoteLine
        fields = [
            "key",
            "position",
            "product",
            "period",
            "list_unit_price",
            "tier_percent",
            "term_percent",
            "quantity",
            "discount_kind",
            "typed",
            "typed_value",
            "is_included",
            "years",
        ]
        read_only_fields = fields


class ConcessionOut(serializers.ModelSerializer):
    line_key = serializers.CharField(source="line.stable_key", default="")

    class Meta:
        model = Concession
        fields = ["kind", "months", "amount", "quantity", "line_key", "note"]
        read_only_fields = fields


class TermOut(serializers.ModelSerializer):
    term = serializers.SlugRelatedField("key", read_only=True)

    class Meta:
        model = QuoteTerm
        fields = ["term", "requested_value", "requested_text"]
        read_only_fields = fields


class QuoteOut(serializers.ModelSerializer):
    """A quote as lists show it."""

    deal = DealRef()
    payment_terms = serializers.SlugRelatedField("key", read_only=True)
    billing = serializers.SlugRelatedField("key", read_only=True)
    created_by = PersonOut(allow_null=True)
    url = serializers.CharField(source="get_absolute_url", help_text="Its page.")

    class Meta:
        model = Quote
        fields = [
            "id",
            "version",
            "deal",
            "revision",
            "based_on",
            "is_primary",
            "kind",
            "status",
            "currency",
            "priced_on",
            "term_months",
            "payment_terms",
            "billing",
            "note",
            "list_amount",
            "standard_amount",
            "net_amount",
            "annual_amount",
            "discount_percent",
            "created_at",
            "created_by",
            "submitted_at",
            "url",
        ]
        read_only_fields = fields


class QuoteDetail(QuoteOut):
    """A quote with everything that it offers, and the request it waits on or stands on."""

    lines = LineOut(many=True)
    concessions = ConcessionOut(many=True)
    terms = TermOut(many=True)
    request = serializers.IntegerField(allow_null=True, help_text="Its last approval request.")

    class Meta(QuoteOut.Meta):
        fields = [*QuoteOut.Meta.fields, "lines", "concessions", "terms", "request"]
        read_only_fields = fields
