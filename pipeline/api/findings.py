"""What is wrong with the deals: of one deal, of many, and counted."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from pipeline.api.paging import KeysetPagination, NumberOf
from pipeline.findings import find, findings_for, findings_of, kinds, problem_keys, read_context
from pipeline.findings.counting import Counted, Row, count_findings, count_of_owners
from pipeline.keyset import Order
from pipeline.models import Deal
from pipeline.models.visibility import sees_all_deals
from pipeline.navigation import may_read_hygiene
from revops.api import Endpoint, PersonOut

SEVERITIES = [("bad", "Wrong"), ("warn", "Going wrong"), ("info", "Good to know")]


class FindingOut(serializers.Serializer):
    """One thing that is wrong with a deal, and the one act that clears it."""

    kind = serializers.CharField()
    label = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    since = serializers.DateField(allow_null=True, help_text="The company's day, where known.")
    sentence = serializers.CharField()
    act_label = serializers.CharField()
    act_url = serializers.CharField(help_text="The page on which it is cleared.")


class FoundOut(serializers.Serializer):
    """A deal with everything that was found on it."""

    deal = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    owner = PersonOut()
    amount = serializers.DecimalField(16, 2, allow_null=True)
    currency = serializers.CharField()
    close_date = serializers.DateField(allow_null=True)
    findings = FindingOut(many=True, source="found")


class KindCountOut(serializers.Serializer):
    kind = serializers.CharField()
    label = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    count = serializers.IntegerField()


class OwnerCountOut(serializers.Serializer):
    owner = PersonOut(source="person")
    open = serializers.IntegerField()
    problems = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())


class CountsOut(serializers.Serializer):
    """How many open deals have which finding."""

    open = serializers.IntegerField()
    problems = serializers.IntegerField(help_text="Deals with a finding that is bad or warns.")
    value = serializers.DecimalField(20, 2, help_text="Of those, in the company's currency.")
    currency = serializers.CharField()
    without_rate = serializers.ListField(
        child=serializers.CharField(), help_text="Currencies left out of the value."
    )
    kinds = KindCountOut(many=True)
    owners = OwnerCountOut(many=True)


class FindingFilters(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=lambda: [(k.key, k.label) for k in kinds()], method="of")
    severity = filters.ChoiceFilter(choices=SEVERITIES, method="of")
    owner = NumberOf(field_name="owner")
    team = NumberOf(field_name="owner__team")

    class Meta:
        model = Deal
        fields: list[str] = []

    def of(self, deals: QuerySet[Deal], name: str, value: str) -> QuerySet[Deal]:
        keys = [value] if name == "kind" else [k.key for k in kinds() if k.severity == value]
        return find(deals, keys, read_context(self.request.user_at))


class FindingApi(Endpoint, GenericViewSet):
    """Open deals that something was found on, judged at the moment of the request."""

    queryset = Deal.objects.none()
    serializer_class = FoundOut
    filterset_class = FindingFilters
    pagination_class = KeysetPagination
    orders = {
        "close_date": Order("close_date"),
        "amount": Order("amount"),
        "id": Order("id"),
    }
    usual_order = "close_date"

    def get_queryset(self):
        if not may_read_hygiene(self.request.user):
            raise PermissionDenied("Findings are for those who sell and those who see all deals.")
        self.request.user_at = self.at
        return Deal.objects.open().visible_to(self.request.user)

    def list(self, request):
        """A page of deals with their findings: those of a kind or severity, else every problem."""
        deals = self.filter_queryset(self.get_queryset())
        if not {"kind", "severity"} & set(request.query_params):
            deals = find(deals, problem_keys(), read_context(self.at))
        page = self.paginate_queryset(deals.select_related("owner"))
        found = findings_for(page, read_context(self.at))
        for deal in page:
            deal.found = found[deal.pk]
        return self.get_paginated_response(FoundOut(page, many=True).data)

    @extend_schema(responses=CountsOut, filters=True)
    @action(detail=False, methods=["get"], pagination_class=None)
    def counts(self, request):
        """Counts by kind and owner; filters narrow whose deals are counted."""
        counted = self.counted()
        value = counted.value(self.at)
        total = counted.total
        told = {
            "open": total.open,
            "problems": total.problems,
            "value": value.amount,
            "currency": value.currency,
            "without_rate": value.without_rate,
            "kinds": [
                {
                    "kind": kind.key,
                    "label": kind.label,
                    "severity": kind.severity,
                    "count": total.counts[kind.key],
                }
                for kind in kinds()
            ],
            "owners": [],
        }
        # A serializer for each owner would cost more than counting them.
        return Response(CountsOut(told).data | {"owners": list(map(told_of, counted.owners))})

    def counted(self) -> Counted:
        """From kept counts where no more is asked than whose deals, and all are seen."""
        deals, context = self.filter_queryset(self.get_queryset()), read_context(self.at)
        asked = {name: self.request.query_params.get(name) for name in ("owner", "team")}
        narrowed = {"kind", "severity"} & set(self.request.query_params)
        if narrowed or not sees_all_deals(self.request.user):
            return count_findings(deals, context)
        whose = {"owner": asked["owner"], "owner__team": asked["team"]}
        return count_of_owners(Q(**{name: pk for name, pk in whose.items() if pk}), context)


def told_of(row: Row) -> dict[str, object]:
    """An OwnerCountOut."""
    person = row.person._asdict() if row.person else {}
    return {
        "owner": {name: person[name] for name in PersonOut.Meta.fields},
        "open": row.open,
        "problems": row.problems,
        "counts": row.counts,
    }


class DealFindingsApi(Endpoint):
    """What was found on one deal."""

    @extend_schema(responses=FindingOut(many=True))
    def get(self, request, pk):
        """Everything that is wrong with the deal now, the worst first."""
        deal = get_object_or_404(Deal.objects.visible_to(request.user), pk=pk)
        found = findings_of(deal, read_context(self.at))
        return Response(FindingOut(found, many=True).data)
