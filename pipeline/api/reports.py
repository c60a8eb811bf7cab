"""The numbers of a pipeline, and how each of them is made."""

from __future__ import annotations

from dataclasses import asdict

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from pipeline.metrics import METRICS
from pipeline.models import Pipeline
from pipeline.reports.index import check_can_read_reports
from pipeline.reports.scope import Scope
from pipeline.reports.shapes import SEPARATE
from pipeline.reports.summary import summary
from revops.api import Endpoint
from revops.company.models import Company
from revops.people.models import Team, User

MOST_YEARS = 20


class AskedIn(serializers.Serializer):
    pipeline = serializers.SlugField(default="new-business", help_text="Key of a pipeline.")
    to = serializers.DateField(required=False, help_text="Last day; today where it is not said.")
    by = serializers.ChoiceField(SEPARATE, default="owner", help_text="What to tell apart.")
    owner = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    team = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def get_fields(self):
        first = serializers.DateField(
            required=False, help_text="First day; that of the quarter where it is not said."
        )
        return {"from": first} | super().get_fields()

    def validate(self, asked):
        until = asked.get("to") or Company.get().local_day(timezone.now())
        first_month = 3 * ((until.month - 1) // 3) + 1
        since = asked.get("from") or until.replace(month=first_month, day=1)
        if since > until:
            raise serializers.ValidationError({"to": "The report ends before it begins."})
        if until.year - since.year > MOST_YEARS or not 1900 <= since.year <= until.year < 9000:
            raise serializers.ValidationError({"from": f"Ask for {MOST_YEARS} years at most."})
        return asked | {"from": since, "to": until}


class RateOut(serializers.Serializer):
    won = serializers.IntegerField()
    lost = serializers.IntegerField()
    rate = serializers.FloatField(
        allow_null=True, help_text="A fraction, unrounded; null without a denominator."
    )
    n = serializers.IntegerField()
    low = serializers.FloatField(allow_null=True, help_text="Wilson's interval, below 200 cases.")
    high = serializers.FloatField(allow_null=True)
    enough = serializers.BooleanField(help_text="False below 20 cases.")


class CycleOut(serializers.Serializer):
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    p90 = serializers.IntegerField(allow_null=True)
    n = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Won deals that do not say when they began.")


class CohortOut(serializers.Serializer):
    created = serializers.IntegerField()
    won = serializers.IntegerField()
    lost = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)


class FiguresOut(serializers.Serializer):
    win_rate = RateOut()
    won_value = serializers.CharField(help_text="In company currency, with cents.")
    cycle_days = CycleOut()
    cohort_win_rate = CohortOut(allow_null=True)
    unconverted = serializers.DictField(
        child=serializers.CharField(), help_text="Amounts without a rate, by currency."
    )


class RowsOut(serializers.DictField):
    """A report as the pages show it: `rows`, and what belongs to all of them."""


class ReportOut(FiguresOut):
    pipeline = serializers.CharField()
    to = serializers.DateField()
    currency = serializers.CharField()
    grouped_by = serializers.CharField()
    by = serializers.DictField(child=FiguresOut(), help_text="The same by name.")
    unknown_opened = serializers.IntegerField()
    stage_conversion = RowsOut()
    time_in_stage = RowsOut()
    velocity = RowsOut()
    losses = RowsOut()
    slippage = RowsOut()
    trend = RowsOut()
    aging = RowsOut()
    pushes = RowsOut()
    funnel = RowsOut()

    def get_fields(self):
        return {"from": serializers.DateField()} | super().get_fields()


class MetricOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    formula = serializers.CharField()
    unit = serializers.CharField()
    source = serializers.CharField()


class PipelineReportApi(Endpoint):
    """The numbers of a period: of all deals, or of those that the reader leads or owns."""

    @extend_schema(parameters=[AskedIn], responses=ReportOut)
    def get(self, request):
        check_can_read_reports(request.user)
        asked = AskedIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(summary(self.scope(asked.validated_data), asked.validated_data["by"]))

    def scope(self, asked) -> Scope:
        """What is asked about. Whoever is not in the reader's line is not there."""
        scope = Scope(
            found(Pipeline, key=asked["pipeline"]),
            asked["from"],
            asked["to"],
            timezone.now(),
            self.request.user,
            owner=found(User, pk=asked["owner"]) if "owner" in asked else None,
            team=found(Team, pk=asked["team"]) if "team" in asked else None,
        )
        if scope.owner and scope.line is not None and scope.owner.pk not in scope.line:
            raise Http404
        return scope


def found(model, **facts):
    row = model.objects.filter(**facts).first()
    if row is None:
        raise Http404
    return row


class MetricsApi(Endpoint):
    """How each number is made."""

    @extend_schema(responses=MetricOut(many=True))
    def get(self, request):
        check_can_read_reports(request.user)
        return Response([asdict(each) for each in METRICS.values()])
