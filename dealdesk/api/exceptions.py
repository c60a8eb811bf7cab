"""The exception report."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from dealdesk.api.shapes import ExceptionOut, RankingOut
from dealdesk.exceptions import ORDERS, Filters, listed, ranked, summary
from dealdesk.models import ExceptionRecord
from dealdesk.permissions import can_see_exceptions
from pipeline.api.paging import Day, KeysetPagination, NumberOf, Text
from pipeline.keyset import Order
from pipeline.models import Segment
from revops.api import Records
from revops.refusals import NotAllowed


class ExceptionFilter(filters.FilterSet):
    """The filters of the report, for typed addresses; the report itself applies them."""

    since = Day(method="kept", help_text="The first day, in the company's zone.")
    until = Day(method="kept", help_text="The last day.")
    team = NumberOf(method="kept")
    kind = filters.ChoiceFilter(choices=ExceptionRecord.Kind.choices, method="kept")
    tier = Text(method="kept", max_length=120)
    outcome = filters.ChoiceFilter(choices=ExceptionRecord.Outcome.choices, method="kept")
    segment = filters.ChoiceFilter(choices=Segment.choices, method="kept")
    label = Text(method="kept")

    class Meta:
        model = ExceptionRecord
        fields: list[str] = []

    def kept(self, records, name, value):
        return records

    def read(self) -> Filters:
        if not self.is_valid():
            raise translate_validation(self.errors)
        known = {each.name for each in fields(Filters)}
        given: dict[str, Any] = {
            name: value
            for name, value in self.form.cleaned_data.items()
            if name in known and value not in (None, "")
        }
        return Filters(**given)


class ExceptionApi(Records):
    """Every non-standard term and every discount beyond rep authority."""

    queryset = ExceptionRecord.objects.none()
    shape = ExceptionOut
    filterset_class = ExceptionFilter
    pagination_class = KeysetPagination
    orders = {"requested": Order("requested_at")}
    usual_order = "-requested"

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if not can_see_exceptions(request.user):
            raise NotAllowed("The exception report is not open to you.")

    def filters(self) -> Filters:
        given = ExceptionFilter(self.request.query_params, queryset=ExceptionRecord.objects.none())
        return given.read()

    def get_queryset(self):
        return listed(self.request.user, self.filters())

    @extend_schema(
        responses=RankingOut,
        parameters=[
            OpenApiParameter("order", str, enum=list(ORDERS), description="Without: frequency.")
        ],
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def ranking(self, request):
        """The whole in figures, and the exceptions ranked."""
        asked = request.query_params.get("order", "")
        order = asked if asked in ORDERS else "frequency"
        wanted = self.filters()
        report = {
            "summary": summary(request.user, wanted),
            "ranked": ranked(request.user, wanted, order),
        }
        return Response(RankingOut(report).data)
