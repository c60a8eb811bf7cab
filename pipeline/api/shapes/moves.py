"""What the verbs of a deal take, and what a gate asks."""

from __future__ import annotations

from rest_framework import serializers

from pipeline.api.shapes.deals import MissingOut
from pipeline.api.shapes.values import Colleague, EvidenceField, StageField
from revops.api import Input


class AdvanceIn(Input):
    evidence = EvidenceField(required=False)


class SkipIn(Input):
    to = StageField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    evidence = EvidenceField(required=False)


class SendBackIn(Input):
    to = StageField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class LoseIn(Input):
    loss_reason = serializers.CharField(required=False, allow_blank=True, max_length=50, default="")
    competitor = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    competitor_none = serializers.BooleanField(required=False, default=False)
    note = serializers.CharField(required=False, allow_blank=True, default="")
    evidence = EvidenceField(required=False)


class ReopenIn(Input):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    close_date = serializers.DateField(required=False, allow_null=True)


class MoveIn(LoseIn):
    """A move to a stage, whatever kind of move that is."""

    to = StageField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    close_date = serializers.DateField(required=False, allow_null=True)


class PushIn(Input):
    to = serializers.DateField()
    reason_key = serializers.CharField(required=False, allow_blank=True, max_length=50, default="")
    note = serializers.CharField(required=False, allow_blank=True, default="")


class PullInIn(Input):
    to = serializers.DateField()


class ReassignIn(Input):
    owner = Colleague()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class GateOut(serializers.Serializer):
    """What stands between a deal and a move; empty when it may go."""

    move = serializers.CharField()
    to = serializers.CharField()
    missing = MissingOut(many=True)
