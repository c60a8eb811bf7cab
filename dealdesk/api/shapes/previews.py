"""What submitting now would lead to."""

from __future__ import annotations

from rest_framework import serializers

from revops.api import PersonOut
from revops.people.models import Role


class ReasonlessGroup(serializers.Serializer):
    role = serializers.ChoiceField(Role.choices)
    label = serializers.CharField()
    people = PersonOut(many=True)
    hours = serializers.IntegerField(help_text="Business hours allowed.")
    working_days = serializers.CharField()
    due_at = serializers.DateTimeField()
    reasons = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())
    carried_forward = serializers.SerializerMethodField()

    def get_carried_forward(self, group) -> bool:
        return group.carried is not None


class PreviewStepOut(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    wave = serializers.IntegerField()
    groups = ReasonlessGroup(many=True)


class AvoidOut(serializers.Serializer):
    """What would keep some roles from being asked."""

    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices))
    sentence = serializers.CharField()
    net = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)
    route_key = serializers.CharField(source="key")


class ProblemOut(serializers.Serializer):
    code = serializers.CharField()
    sentence = serializers.CharField()
    about = serializers.CharField()


class PreviewOut(serializers.Serializer):
    """Everything that submitting now would lead to."""

    automatic = serializers.BooleanField()
    route_key = serializers.CharField(source="route.key")
    currency = serializers.CharField(source="terms.currency")
    list_amount = serializers.DecimalField(
        max_digits=None, decimal_places=2, source="terms.price.list_amount"
    )
    standard_amount = serializers.DecimalField(
        max_digits=None, decimal_places=2, source="terms.price.standard_amount"
    )
    net_amount = serializers.DecimalField(
        max_digits=None, decimal_places=2, source="terms.price.net_amount"
    )
    steps = PreviewStepOut(many=True)
    working_days = serializers.CharField()
    expected_at = serializers.DateTimeField()
    avoid = AvoidOut(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    problems = ProblemOut(many=True, help_text="Why submitting would be refused.")
