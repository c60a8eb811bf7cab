"""The stages of each pipeline, and what each of them asks."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from pipeline.models import Choice, Pipeline, StageRule
from pipeline.stages import process_of
from revops.api import Endpoint


class ItemOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    none_allowed = serializers.BooleanField(help_text="“There is none” is an answer.")


class CriterionOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()


class StageOut(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(StageRule.Kind.choices)
    probability_percent = serializers.IntegerField()
    may_create_here = serializers.BooleanField()
    items = ItemOut(many=True)
    criteria = CriterionOut(many=True)


class PipelineOut(serializers.Serializer):
    """One way of selling, by the rules in force."""

    key = serializers.CharField()
    name = serializers.CharField()
    stages = StageOut(many=True)


class ChoiceOut(serializers.ModelSerializer):
    class Meta:
        model = Choice
        fields = ["list", "key", "label"]


class ProcessOut(serializers.Serializer):
    pipelines = PipelineOut(many=True)
    choices = ChoiceOut(many=True, help_text="Sources, push reasons and loss reasons.")


class PipelinesApi(Endpoint):
    """Pipelines with their stages, and the pick lists of deals."""

    @extend_schema(responses=ProcessOut)
    def get(self, request):
        pipelines = Pipeline.objects.filter(retired_at=None, versions__published_at__isnull=False)
        choices = Choice.objects.filter(retired_at=None).order_by("list", "position", "pk")
        found = {
            "pipelines": [
                {
                    "key": each.key,
                    "name": each.name,
                    "stages": [asdict(rule) for rule in process_of(each).rules],
                }
                for each in pipelines.distinct().order_by("position", "pk")
            ],
            "choices": choices,
        }
        return Response(ProcessOut(found).data)
