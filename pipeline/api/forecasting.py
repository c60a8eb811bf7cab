"""The forecast, its change, its accuracy, quotas and calls."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from pipeline import operations
from pipeline.api.paging import KeysetPagination
from pipeline.api.shapes.values import Colleague
from pipeline.forecasting.accuracy import accuracies
from pipeline.forecasting.bars import Bar, View
from pipeline.forecasting.forecast import forecast_of
from pipeline.forecasting.lines import CATEGORIES, Line
from pipeline.forecasting.periods import Period, read_period, whole_months
from pipeline.forecasting.waterfall import waterfall
from pipeline.forecasting.whose import check_can_see_forecast, people_seen_by, whose_deals
from pipeline.forecasting.windows import window_of
from pipeline.forms.forecasting import CALLED, PeriodForm, WaterfallForm
from pipeline.keyset import Order
from pipeline.models import ForecastCall, Pipeline, Quota
from pipeline.reports.scope import counted_owners
from revops.api import IF_MATCH, Endpoint, Input, PersonOut, Records
from revops.company.models import Company
from revops.people.models import User

AMOUNT = {"max_digits": 16, "decimal_places": 2}


def money(**facts):
    return serializers.DecimalField(max_digits=20, decimal_places=2, **facts)


def fraction(**facts):
    """A ratio, unrounded; null where there is nothing to divide by."""
    return serializers.FloatField(allow_null=True, **facts)


# The forecast


class CallOut(serializers.ModelSerializer):
    person = PersonOut()
    made_by = PersonOut(allow_null=True)

    class Meta:
        model = ForecastCall
        fields = [
            "id", "person", "starts_on", "ends_on", "category", "amount", "currency", "reason",
            "made_at", "made_by", "ended_at",
        ]  # fmt: skip


class ForecastLine(serializers.Serializer):
    """A person with everybody below them, in company currency."""

    person = serializers.IntegerField(
        help_text="Number of the person; null for all together.", allow_null=True
    )
    name = serializers.CharField()
    depth = serializers.IntegerField(help_text="How far below the first level.")
    closed = money()
    commit = money()
    best_case = money()
    pipeline = money()
    omitted = money()
    computed = money(help_text="Closed and commit, as the deals add up.")
    called = money(allow_null=True, help_text="What was called in its place.")
    forecast = money(help_text="What counts: the call, else the lines below and own deals.")
    best = money(help_text="The same with best case.")
    quota = money(allow_null=True)
    gap = money(allow_null=True, help_text="Quota less forecast.")
    coverage = fraction(help_text="Open deals ÷ quota.")
    remaining_coverage = fraction(help_text="Open deals ÷ what the quota still lacks.")
    attainment = fraction(help_text="Closed ÷ quota.")
    deals = serializers.IntegerField()

    def to_representation(self, instance):
        """As DRF's own, in half the time: a company has a line for each person."""
        return {
            name: None if instance[name] is None else show(instance[name])
            for name, show in self.showing
        }

    @cached_property
    def showing(self):
        return [(str(each.field_name), each.to_representation) for each in self._readable_fields]


class ForecastOut(serializers.Serializer):
    """What the deals of a period come to; lines follow the reporting line, depth first."""

    pipeline = serializers.CharField()
    period = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    currency = serializers.CharField()
    rates_of = serializers.DateField()
    without_rate = serializers.ListField(
        child=serializers.CharField(), help_text="Currencies whose amounts are in no sum."
    )
    total = ForecastLine()
    lines = ForecastLine(many=True)


WHOSE = [
    OpenApiParameter("pipeline", str, description="Key; without it the first one."),
    OpenApiParameter("person", int, description="That person and everybody below them."),
    OpenApiParameter("team", int),
]
PERIOD = OpenApiParameter(
    "period", str, description="2026-11 or 2026-Q4; without it the present quarter."
)


class ForecastEndpoint(Endpoint):
    """Asks as the pages do: what names somebody not visible is not there."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        check_can_see_forecast(request.user)
        self.today = Company.get().local_day(self.at)

    def asked(self, form_class):
        form = form_class(self.request.query_params, reader=self.request.user, today=self.today)
        form.is_valid()
        if form.names_the_unseen:
            raise NotFound
        if form.errors:
            raise ValidationError(form.errors)
        facts = form.cleaned_data
        whose = whose_deals(self.request.user, person=facts.get("person"), team=facts.get("team"))
        return facts, whose


class ForecastApi(ForecastEndpoint):
    """The forecast of a month or quarter, by person along the reporting line."""

    @extend_schema(responses=ForecastOut, parameters=[*WHOSE, PERIOD])
    def get(self, request):
        facts, whose = self.asked(PeriodForm)
        period = facts["period"]
        found = forecast_of(facts["pipeline"], period, whose, today=self.today)
        shown = {
            "pipeline": found.pipeline.key,
            "period": period.key,
            "starts_on": period.starts_on,
            "ends_on": period.ends_on,
            "currency": found.conversion.currency,
            "rates_of": found.conversion.day,
            "without_rate": found.missing,
            "total": told(found.total, 0) | {"person": None},
            "lines": [told(line, depth) for root in found.lines for depth, line in root.walk()],
        }
        return Response(ForecastOut(shown).data)


def told(line: Line, depth: int) -> dict[str, object]:
    return {
        "person": line.person_id,
        "name": line.name,
        "depth": depth,
        **{key: line.amounts[key] for key in CATEGORIES},
        "computed": line.computed,
        "called": line.call.amount if line.call else None,
        "forecast": line.forecast,
        "best": line.best,
        "quota": line.quota,
        "gap": line.gap,
        "coverage": line.coverage,
        "remaining_coverage": line.remaining,
        "attainment": line.attainment,
        "deals": line.count,
    }


# Its change


class BarOut(serializers.Serializer):
    bar = serializers.ChoiceField(choices=["starting", *(bar.value for bar in Bar), "ending"])
    label = serializers.CharField()
    deals = serializers.IntegerField()
    amount = money(help_text="In company currency; the bars add up to the cent.")
    by_currency = serializers.DictField(child=money(), help_text="Unconverted.")


class WaterfallOut(serializers.Serializer):
    """From starting to ending; bars that are nought are left out."""

    pipeline = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    closes_from = serializers.DateField(allow_null=True)
    closes_until = serializers.DateField(allow_null=True)
    currency = serializers.CharField()
    without_rate = serializers.ListField(child=serializers.CharField())
    bars = BarOut(many=True)


class WaterfallApi(ForecastEndpoint):
    """What came and went between two days, both included."""

    @extend_schema(
        responses=WaterfallOut,
        parameters=[
            *WHOSE,
            OpenApiParameter("from", str, description="First day; without it this month's."),
            OpenApiParameter("to", str, description="Last day; without it today."),
            OpenApiParameter(
                "closes",
                str,
                description="Close dates that count: a month or quarter near today, or “all”; "
                "without it those of the days asked.",
            ),
        ],
    )
    def get(self, request):
        facts, whose = self.asked(WaterfallForm)
        window, _ = window_of(facts["closes"], facts["from"], facts["to"])
        view = View(window, counted_owners(whose.owners))
        found = waterfall(facts["pipeline"], facts["from"], facts["to"], view, at=self.at)
        ends = [("starting", "Starting", found.starting), ("ending", "Ending", found.ending)]
        bars = [(step.bar.value, step.label, step) for step in found.steps]
        shown = {
            "pipeline": facts["pipeline"].key,
            "since": found.since,
            "until": found.until,
            "closes_from": window.first,
            "closes_until": window.last,
            "currency": found.conversion.currency,
            "without_rate": found.missing,
            "bars": [
                {
                    "bar": key,
                    "label": label,
                    "deals": each.count,
                    "amount": each.amount,
                    "by_currency": each.sums,
                }
                for key, label, each in [ends[0], *bars, ends[1]]
            ],
        }
        return Response(WaterfallOut(shown).data)


# Its accuracy


class AccuracyOut(serializers.Serializer):
    """One period foretold, from snapshots alone."""

    period = serializers.CharField()
    forecast_of = serializers.DateField(allow_null=True, help_text="Day of the first snapshot.")
    forecast = money(allow_null=True)
    won_as_of = serializers.DateField(allow_null=True)
    won = money(allow_null=True)
    accuracy = fraction(help_text="1 − |forecast − won| ÷ won.")
    note = serializers.CharField(help_text="Why there is no figure.")


class AccuracyApi(ForecastEndpoint):
    """The accuracy of a period and the five before it."""

    @extend_schema(responses=AccuracyOut(many=True), parameters=[*WHOSE, PERIOD])
    def get(self, request):
        facts, whose = self.asked(PeriodForm)
        periods = [facts["period"]]
        while len(periods) < 6:
            periods.append(periods[-1].previous)
        found = accuracies(facts["pipeline"], periods, whose, today=self.today)
        shown = [
            {
                "period": each.period.key,
                "forecast_of": each.start and each.start.day,
                "forecast": each.start and each.start.forecast,
                "won_as_of": each.end and each.end.day,
                "won": each.end and each.end.amounts["closed"],
                "accuracy": each.value,
                "note": each.why_not,
            }
            for each in found
        ]
        return Response(AccuracyOut(shown, many=True).data)


# Quotas


class QuotaOut(serializers.ModelSerializer):
    person = PersonOut()
    pipeline = serializers.SlugRelatedField("key", read_only=True, allow_null=True)

    class Meta:
        model = Quota
        fields = [
            "id", "person", "pipeline", "starts_on", "ends_on", "amount", "currency", "version",
        ]  # fmt: skip


class SpanIn(Input):
    """A month or quarter by its key, or the first and last day of whole months."""

    period = serializers.CharField(max_length=7, required=False, help_text="2026-11 or 2026-Q4")
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False)

    def validate(self, facts):
        if key := facts.pop("period", ""):
            period = read_period(key)
            if period is None:
                raise serializers.ValidationError({"period": ["No month or quarter."]})
        elif facts.get("starts_on") and facts.get("ends_on"):
            if facts["ends_on"] < facts["starts_on"] or not whole_months(
                facts["starts_on"], facts["ends_on"]
            ):
                raise serializers.ValidationError({"ends_on": ["Give whole months."]})
            period = Period(facts["starts_on"], facts["ends_on"])
        else:
            raise serializers.ValidationError({"period": ["Say which months."]})
        return facts | {"starts_on": period.starts_on, "ends_on": period.ends_on}


class QuotaIn(SpanIn):
    person = Colleague()
    pipeline = serializers.SlugRelatedField(
        "key", queryset=Pipeline.objects.all(), required=False, allow_null=True,
        help_text="Without one the quota counts every pipeline.",
    )  # fmt: skip
    amount = serializers.DecimalField(**AMOUNT)
    currency = serializers.CharField(max_length=3, required=False)


class QuotaChange(Input):
    amount = serializers.DecimalField(**AMOUNT)
    currency = serializers.CharField(max_length=3, required=False)


class QuotaApi(Records):
    """What people are to win."""

    queryset = Quota.objects.none()
    shape = QuotaOut
    pagination_class = KeysetPagination
    orders = {"starts_on": Order("starts_on")}
    usual_order = "-starts_on"

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        check_can_see_forecast(request.user)

    def get_queryset(self):
        quotas = Quota.objects.select_related("person", "pipeline")
        seen = people_seen_by(self.request.user)
        return quotas if seen is None else quotas.filter(person__in=seen)

    @extend_schema(request=QuotaIn, responses={201: QuotaOut})
    def create(self, request):
        """Give somebody a quota; 422 when they have one for the same period."""
        quota = operations.set_quota(**self.facts(QuotaIn), by=self.by, at=self.at)
        return self.show(quota, status=201)

    @extend_schema(request=QuotaChange, responses=QuotaOut, parameters=[IF_MATCH])
    def partial_update(self, request, pk):
        """Give a quota another amount."""
        quota = operations.change_quota(
            quota=self.get_object(),
            **self.facts(QuotaChange),
            version=self.version,
            by=self.by,
            at=self.at,
        )
        return self.show(quota)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def destroy(self, request, pk):
        """Take a quota away."""
        operations.remove_quota(
            quota=self.get_object(), version=self.version, by=self.by, at=self.at
        )
        return Response(status=204)


# Calls


class CallIn(SpanIn):
    person = Colleague()
    pipeline = serializers.SlugRelatedField("key", queryset=Pipeline.objects.all())
    category = serializers.ChoiceField(choices=CALLED, default="commit")
    amount = serializers.DecimalField(min_value=Decimal(0), **AMOUNT)
    currency = serializers.CharField(max_length=3, required=False)
    reason = serializers.CharField(max_length=2000)


class CallApi(Records):
    """What managers call for a line; the standing one counts."""

    queryset = ForecastCall.objects.none()
    shape = CallOut
    pagination_class = KeysetPagination
    orders = {"made": Order("made_at")}
    usual_order = "-made"

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        check_can_see_forecast(request.user)

    def get_queryset(self):
        calls = ForecastCall.objects.select_related("person", "made_by")
        seen = people_seen_by(self.request.user)
        return calls if seen is None else calls.filter(person__in=seen)

    @extend_schema(request=CallIn, responses={201: CallOut})
    def create(self, request):
        """Call a line's forecast; a call that stood for the same period ends."""
        facts = self.facts(CallIn)
        seen = people_seen_by(request.user)
        people = User.objects.all() if seen is None else User.objects.filter(pk__in=seen)
        facts["person"] = get_object_or_404(people, pk=facts["person"].pk)
        call = operations.call_forecast(**facts, by=self.by, at=self.at)
        return self.show(call, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """End a standing call; it stays in the history."""
        operations.end_call(call=self.get_object(), by=self.by, at=self.at)
        return Response(status=204)
