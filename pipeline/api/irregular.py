"""What goes around the usual way: overrides, transfers, debts, acts on many deals, bypasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from pipeline import bypasses, operations
from pipeline.api.paging import KeysetPagination, NumberOf, Text
from pipeline.api.shapes.deals import DealDetail
from pipeline.api.shapes.irregular import (
    AssignDebtIn,
    BulkMoveIn,
    BulkReassignIn,
    BypassOut,
    OverrideIn,
    OwedOut,
    PayIn,
    ResultsOut,
    ReviewIn,
    TransferIn,
)
from pipeline.keyset import Order
from pipeline.models import StageVisit
from pipeline.operations import MoveResult, reviews
from pipeline.stages import process_of
from revops.api import IF_MATCH, Endpoint


class Irregular:
    """Verbs of a deal that go past a gate, into another pipeline, or pay what is owed."""

    @extend_schema(request=OverrideIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def override(self, request, pk):
        """Move the deal past what its gate asks: RevOps administrators only, with a reason."""
        return self.moved(operations.override_move, OverrideIn)

    @extend_schema(request=ReviewIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def review(self, request, pk):
        """Say what becomes of the forecast of a deal that was pushed again: managers and RevOps."""
        deal, facts = self.get_object(), self.facts(ReviewIn)
        asked = reviews.Asked(
            close_date=facts.get("close_date"),
            reason_key=facts["push_reason"],
            evidence=facts.get("evidence") or {},
        )
        said = {"outcome": facts["outcome"], "note": facts["note"], "asked": asked}
        return self.carried_out(reviews.review_forecast, deal, said, read_again=True)

    @extend_schema(request=TransferIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def transfer(self, request, pk):
        """Move the deal into another pipeline, with a reason."""
        deal, facts = self.get_object(), self.facts(TransferIn)
        pipeline, key = facts["pipeline"], facts.get("stage")
        stage = None
        if key:
            stage = pipeline.stages.get(pk=process_of(pipeline).rule(key).stage_id)
        return self.carried_out(
            operations.transfer_deal,
            deal,
            {"to_pipeline": pipeline, "to_stage": stage, "reason": facts["reason"]},
            read_again=True,
        )

    @extend_schema(responses=OwedOut(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def debts(self, request, pk):
        """What skipped stages are owed, and what was paid off, the first due first."""
        return Response(OwedOut(debts_of(self.get_object()), many=True).data)

    @extend_schema(request=PayIn, responses=OwedOut(many=True), parameters=[IF_MATCH])
    @action(
        detail=True,
        methods=["post"],
        url_path="debts/pay",
        pagination_class=None,
        filterset_class=None,
    )
    def pay_debts(self, request, pk):
        """Fill in what is owed; what is met by then is paid off."""
        deal, facts = self.get_object(), self.facts(PayIn)
        deal = operations.fill_items(
            deal=deal, **facts, version=self.version, by=self.by, at=self.at
        )
        return Response(OwedOut(debts_of(deal), many=True).data)

    @extend_schema(request=AssignDebtIn, responses=OwedOut)
    @action(detail=True, methods=["post"], url_path="debts/assign")
    def assign_debt(self, request, pk):
        """Ask somebody else, who may change the deal, for one item that is owed."""
        deal, facts = self.get_object(), self.facts(AssignDebtIn)
        debt = get_object_or_404(deal.debts, pk=facts["debt"])
        debt = operations.assign_debt(debt=debt, owner=facts["owner"], by=self.by, at=self.at)
        return Response(OwedOut(debt).data)

    @extend_schema(request=BulkMoveIn, responses=ResultsOut)
    @action(detail=False, methods=["post"], url_path="bulk-move", filterset_class=None)
    def bulk_move(self, request):
        """Move many deals to one stage; each is judged by itself and answered by itself."""
        facts = self.facts(BulkMoveIn)
        pipeline = facts.get("pipeline") or facts["deals"][0].pipeline
        stage_id = process_of(pipeline).rule(facts["to"]).stage_id
        to = pipeline.stages.get(pk=stage_id)
        results = operations.bulk_move_deals(
            deals=facts["deals"], to=to, reason=facts["reason"], by=self.by, at=self.at
        )
        return Response(told(results))

    @extend_schema(request=BulkReassignIn, responses=ResultsOut)
    @action(detail=False, methods=["post"], url_path="bulk-reassign", filterset_class=None)
    def bulk_reassign(self, request):
        """Give many deals to another owner; each is judged and answered by itself."""
        facts = self.facts(BulkReassignIn)
        return Response(told(operations.reassign_deals(**facts, by=self.by, at=self.at)))


def debts_of(deal) -> QuerySet:
    debts = deal.debts.select_related("stage", "owner", "incurred_by", "paid_by")
    return debts.order_by("due_on", "pk")


def told(results: Sequence[MoveResult]) -> dict[str, Any]:
    rows = [result_of(each) for each in results]
    done = sum(row["done"] for row in rows)
    return {"done": done, "refused": len(rows) - done, "results": rows}


def result_of(result: MoveResult) -> dict[str, Any]:
    refusal = result.refusal
    return {
        "deal": result.deal.pk,
        "done": refusal is None,
        "move": result.move or "",
        "code": refusal.code if refusal else "",
        "detail": refusal.message if refusal else "",
        "missing": [asdict(each) for each in refusal.missing] if refusal else [],
    }


class BypassFilters(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=list(bypasses.KINDS.items()), method="of_kind")
    pipeline = Text(field_name="stage__pipeline__key", max_length=50)
    person = NumberOf(field_name="entered_by")
    since = filters.DateFilter(method="asked", help_text="First day, in the company's zone.")
    until = filters.DateFilter(method="asked", help_text="Last day, in the company's zone.")

    class Meta:
        model = StageVisit
        fields: list[str] = []

    def of_kind(self, visits, name, value):
        return visits.filter(bypasses.CONDITIONS[value])

    def asked(self, visits, name, value):
        return bypasses.within(visits, bypasses.Asked(**{name: value}))


class BypassApi(Endpoint, GenericViewSet):
    """Every move that no gate judged: overrides, imports, new rules, the installation's own."""

    queryset = StageVisit.objects.none()
    serializer_class = BypassOut
    filterset_class = BypassFilters
    pagination_class = KeysetPagination
    orders = {"written": Order("id")}
    usual_order = "-written"

    def get_queryset(self):
        bypasses.check_can_see_bypasses(self.request.user)
        return bypasses.bypasses(self.request.user, bypasses.Asked()).order_by()

    def list(self, request):
        """A page of the bypasses, last written first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(BypassOut(bypasses.told(page), many=True).data)
