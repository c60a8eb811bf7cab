"""Deals: entering, changing, and what happens around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from pipeline import operations
from pipeline.api.accounts import BY_EXTERNAL, EXTERNAL, Upserts
from pipeline.api.around import Around, Files
from pipeline.api.irregular import Irregular
from pipeline.api.items import Items
from pipeline.api.moves import Moves, next_gate
from pipeline.api.paging import Amount, KeysetPagination, NumberOf, Text
from pipeline.api.shapes import (
    DealDetail,
    DealFacts,
    DealOut,
    DealUpsert,
    NewDeal,
    PullInIn,
    PushIn,
    ReassignIn,
)
from pipeline.conflicts import with_current_values
from pipeline.gates import beside, debts_of
from pipeline.keyset import Order
from pipeline.models import Deal, Pipeline
from pipeline.queries import SHOWN, DealFilter, owners_in
from pipeline.stages import process_of
from revops.api import IF_MATCH, Records
from revops.refusals import Conflict, Refused
from revops.remembering import remembering

SCOPES = [
    ("mine", "The caller's own"),
    ("line", "The caller's and those of the line below"),
    ("all", "All that the caller may see"),
]


class DealFilters(filters.FilterSet):
    scope = filters.ChoiceFilter(choices=SCOPES, method="in_scope")
    status = filters.ChoiceFilter(choices=Deal.Status.choices)
    pipeline = Text(field_name="pipeline__key", max_length=50)
    stage = Text(field_name="stage__key", max_length=50)
    owner = NumberOf(field_name="owner")
    team = NumberOf(field_name="owner__team")
    account = NumberOf(field_name="account")
    deal_source = Text(max_length=50)
    close_from = filters.DateFilter(field_name="close_date", lookup_expr="gte")
    close_until = filters.DateFilter(field_name="close_date", lookup_expr="lte")
    amount_from = Amount(field_name="amount", lookup_expr="gte")
    amount_until = Amount(field_name="amount", lookup_expr="lte")
    source = Text(max_length=50)
    external_id = Text()
    search = Text(method="matching", help_text="Words in the name of deal or account.")

    class Meta:
        model = Deal
        fields: list[str] = []

    def matching(self, deals: QuerySet[Deal], name: str, value: str) -> QuerySet[Deal]:
        return deals.matching(value)

    def in_scope(self, deals: QuerySet[Deal], name: str, value: str) -> QuerySet[Deal]:
        whose = owners_in(DealFilter(scope=value), self.request.user)
        return deals if whose is None else deals.filter(whose)


class DealApi(Moves, Irregular, Around, Files, Items, Upserts, Records):
    """Deals, and their moves by the gates."""

    queryset = Deal.objects.none()
    shape = DealDetail
    listed = DealOut
    filterset_class = DealFilters
    pagination_class = KeysetPagination
    orders = {
        "name": Order("search_text"),
        "amount": Order("amount"),
        "close_date": Order("close_date"),
        "created": Order("created_at"),
        "closed": Order("closed_on"),
    }
    usual_order = "close_date"

    def get_queryset(self):
        return Deal.objects.visible_to(self.request.user).select_related(*SHOWN)

    def get_serializer_class(self):
        return DealOut if self.action == "list" else DealDetail

    def show(self, record, shape=None, status=200):
        """One deal as it is now, with what it lacks for its next step."""
        return self.show_read(self.get_queryset().get(pk=record.pk), shape, status)

    def show_read(self, deal: Deal, shape=None, status=200):
        """The same of a deal that is as it is now."""
        known = beside(deal)
        deal.contacts = known.contacts
        # Whatever the request changed stands by now, so nothing needs to be read twice.
        with remembering():
            deal.debts_owed = debts_of(deal)
            deal.next_stage, deal.missing = next_gate(deal, at=self.at, known=known)
            return super().show(deal, shape, status)

    @extend_schema(request=NewDeal, responses={201: DealDetail})
    def create(self, request):
        return self.show(self.enter(self.facts(NewDeal)), status=201)

    def enter(self, facts: dict[str, Any], **identity: str) -> Deal:
        """Enter a deal for its owner, in a pipeline that the caller may leave unsaid."""
        pipeline = facts.pop("pipeline", None) or usual_pipeline()
        stage = facts.pop("stage", None)
        if stage is not None:
            facts["stage"] = pipeline.stages.filter(
                pk=process_of(pipeline).rule(stage).stage_id
            ).get()
        return operations.create_deal(
            **{"owner": self.by.user, "close_date": None, "account": None, **facts},
            **identity,
            pipeline=pipeline,
            by=self.by,
            at=self.at,
        )

    @extend_schema(request=DealFacts, responses=DealDetail, parameters=[IF_MATCH])
    def partial_update(self, request, pk):
        return self.show(self.change(self.get_object(), self.facts(DealFacts, partial=True)))

    def change(self, deal: Deal, facts: Mapping[str, Any]) -> Deal:
        try:
            return operations.change_deal(
                deal=deal, changes=facts, version=self.version, by=self.by, at=self.at
            )
        except Conflict as refused:
            deal.refresh_from_db()
            raise with_current_values(refused, deal, facts) from None

    @extend_schema(parameters=EXTERNAL)
    @action(
        detail=False,
        methods=["get"],
        url_path=BY_EXTERNAL,
        pagination_class=None,
        filterset_class=None,
    )
    def by_external(self, request, source, external_id):
        return self.show(self.visible())

    @extend_schema(
        parameters=[*EXTERNAL, IF_MATCH],
        request=DealUpsert,
        responses={200: DealDetail, 201: DealDetail},
    )
    @by_external.mapping.put
    def put_by_external(self, request, source, external_id):
        """Enter the source system's deal, or make the known one say the same, in one step."""
        facts = self.facts(DealUpsert, source=source)
        past = [(step["stage"], step["entered_at"]) for step in facts.pop("stage_history", [])]
        new = {name: value for name, value in facts.items() if name not in MOVING}
        return self.upsert(
            Deal,
            lambda: self.told(self.enter(dict(new), **self.external()), past),
            lambda known: self.told(self.sync(known, facts), past),
        )

    def told(self, deal: Deal, past: list[tuple[str, Any]]) -> Deal:
        """The deal, with the past that the source tells of it; a contradiction is refused."""
        if past:
            operations.add_stage_history(deal=deal, history=past, by=self.by, at=self.at)
        return deal

    def sync(self, deal: Deal, facts: Mapping[str, Any]) -> Deal:
        """Everything that the source system says of a known deal, or nothing of it."""
        said = {name: facts[name] for name in PLACED if facts.get(name) is not None}
        typed = {name: value for name, value in facts.items() if name not in PLACED}
        try:
            return operations.sync_deal(
                deal=deal,
                changes=typed,
                placing=operations.Placing(**said),
                source=deal.source,
                version=self.version,
                by=self.by,
                at=self.at,
            )
        except Conflict as refused:
            deal.refresh_from_db()
            raise with_current_values(refused, deal, typed) from None

    # Close date, owner, people, activities

    @extend_schema(request=PushIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def push(self, request, pk):
        """Move the close date later, with a reason code."""
        deal, facts = self.get_object(), self.facts(PushIn)
        deal = operations.push_close_date(
            deal=deal, **facts, version=self.version, by=self.by, at=self.at
        )
        return self.show(deal)

    @extend_schema(request=PullInIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"], url_path="pull-in")
    def pull_in(self, request, pk):
        """Move the close date earlier, or set the first one."""
        deal, facts = self.get_object(), self.facts(PullInIn)
        deal = operations.pull_in_close_date(
            deal=deal, **facts, version=self.version, by=self.by, at=self.at
        )
        return self.show(deal)

    @extend_schema(request=ReassignIn, responses=DealDetail, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def reassign(self, request, pk):
        """Give the deal to another owner."""
        deal, facts = self.get_object(), self.facts(ReassignIn)
        deal = operations.reassign_deal(
            deal=deal, **facts, version=self.version, by=self.by, at=self.at
        )
        return show_or_gone(self, deal)


def usual_pipeline() -> Pipeline:
    found = Pipeline.objects.in_use().first()
    if found is None:
        raise Refused("There is no pipeline yet.", code="no_pipeline")
    return found


def show_or_gone(endpoint: DealApi, deal: Deal) -> Response:
    """The deal, unless handing it over took it out of the caller's sight."""
    if endpoint.get_queryset().filter(pk=deal.pk).exists():
        return endpoint.show(deal)
    return Response(status=204)


MOVING = frozenset({"reason", "push_reason", "push_note", "evidence"})
PLACED = MOVING | {"pipeline", "stage", "owner", "close_date"}
"""What an upsert says of where a deal stands, beside what is typed of it."""
