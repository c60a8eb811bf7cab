"""Exceptions, and their ranking."""

from __future__ import annotations

from rest_framework import serializers

from dealdesk.api.shapes.values import DealRef
from dealdesk.models import ExceptionRecord
from pipeline.api.shapes import AccountRef
from revops.api import PersonOut
from revops.people.models import Team


class TeamRef(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["id", "key", "name"]


class ExceptionOut(serializers.ModelSerializer):
    """One exception of one request."""

    deal = DealRef()
    account = AccountRef(allow_null=True)
    term = serializers.SlugRelatedField("key", read_only=True, allow_null=True)
    requester = PersonOut(allow_null=True)
    team = TeamRef(allow_null=True)
    deciders = PersonOut(many=True)
    request = serializers.IntegerField(source="request_id")

    class Meta:
        model = ExceptionRecord
        fields = [
            "id",
            "request",
            "deal",
            "account",
            "kind",
            "term",
            "label",
            "standard_value",
            "requested_value",
            "granted_value",
            "discount_percent",
            "stake_amount",
            "segment",
            "tier",
            "requester",
            "team",
            "outcome",
            "requested_at",
            "decided_at",
            "business_hours",
            "deciders",
        ]
        read_only_fields = fields


class RankedOut(serializers.Serializer):
    """Exceptions of one label, counted together."""

    kind = serializers.ChoiceField(ExceptionRecord.Kind.choices)
    label = serializers.CharField()
    requests = serializers.IntegerField()
    deals = serializers.IntegerField()
    accounts = serializers.IntegerField()
    approved = serializers.IntegerField()
    rejected = serializers.IntegerField()
    pending = serializers.IntegerField()
    approval_percent = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    stake = serializers.DecimalField(max_digits=None, decimal_places=2)
    hours = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    slowest_hours = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    last_requested_at = serializers.DateTimeField()


class SummaryOut(serializers.Serializer):
    requests = serializers.IntegerField()
    exceptions = serializers.IntegerField()
    deals = serializers.IntegerField()
    accounts = serializers.IntegerField()
    approved = serializers.IntegerField()
    rejected = serializers.IntegerField()
    pending = serializers.IntegerField()
    approval_percent = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    stake = serializers.DecimalField(max_digits=None, decimal_places=2)
    hours = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)


class RankingOut(serializers.Serializer):
    """The exception report: the whole, and the ranking by label."""

    summary = SummaryOut()
    ranked = RankedOut(many=True)
