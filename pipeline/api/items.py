"""What a gate asks, answered without moving: items, criteria, and that there is none."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from pipeline import operations
from pipeline.api.shapes import (
    ConfirmationOut,
    DealDetail,
    FillIn,
    ItemIn,
    TickIn,
    WithdrawIn,
)
from revops.api import IF_MATCH


class Items:
    """The checklist of a deal."""

    @extend_schema(request=FillIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def fill(self, request, pk):
        """Fill in what stages ask, without moving the deal: the answers that a move takes."""
        deal, facts = self.get_object(), self.facts(FillIn)
        return self.show(
            operations.fill_items(deal=deal, **facts, version=self.version, by=self.by, at=self.at)
        )

    @extend_schema(responses=ConfirmationOut(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def confirmations(self, request, pk):
        """The exit criteria that stand confirmed: by whom, when, and how they knew."""
        ticks = self.get_object().ticks.filter(withdrawn_at=None)
        rows = ticks.select_related("stage", "ticked_by").order_by("pk")
        return Response(ConfirmationOut(rows, many=True).data)

    @extend_schema(request=TickIn, responses=DealDetail)
    @action(detail=True, methods=["post"])
    def tick(self, request, pk):
        """Confirm an exit criterion, with a note or a file where the rules ask that."""
        deal, facts = self.get_object(), self.facts(TickIn)
        facts["criterion_key"] = facts.pop("criterion")
        return self.show(operations.tick_criterion(deal=deal, **facts, by=self.by, at=self.at))

    @extend_schema(request=WithdrawIn, responses=DealDetail)
    @action(detail=True, methods=["post"], url_path="withdraw-tick")
    def withdraw_tick(self, request, pk):
        """Take a confirmation back."""
        deal, facts = self.get_object(), self.facts(WithdrawIn)
        key = facts["criterion"]
        return self.show(
            operations.withdraw_tick(deal=deal, criterion_key=key, by=self.by, at=self.at)
        )

    @extend_schema(request=ItemIn, responses=DealDetail)
    @action(detail=True, methods=["post"])
    def none(self, request, pk):
        """Say that there is none of an item, where the rules take that for an answer."""
        deal, key = self.get_object(), self.facts(ItemIn)["item"]
        return self.show(operations.declare_none(deal=deal, item_key=key, by=self.by, at=self.at))

    @extend_schema(request=ItemIn, responses=DealDetail)
    @action(detail=True, methods=["post"], url_path="withdraw-none")
    def withdraw_none(self, request, pk):
        """Take back the word that there is none."""
        deal, key = self.get_object(), self.facts(ItemIn)["item"]
        return self.show(operations.withdraw_none(deal=deal, item_key=key, by=self.by, at=self.at))
