"""Quotes: making, changing, previewing and submitting them."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from dealdesk import operations
from dealdesk.api.shapes import (
    CloneIn,
    GivesUpOut,
    NewQuote,
    PreviewOut,
    QuoteDetail,
    QuoteFacts,
    QuoteOut,
    RequestOut,
    SubmitIn,
    draft_from,
)
from dealdesk.coverage import what_primary_gives_up
from dealdesk.drafts import draft_of
from dealdesk.inputs import rows_of
from dealdesk.models import ApprovalRequest, LineYear, Quote, QuoteLine
from pipeline.api.paging import KeysetPagination, NumberOf
from pipeline.keyset import Order
from revops.api import IF_MATCH, Records


class QuoteFilter(filters.FilterSet):
    deal = NumberOf(field_name="deal")
    account = NumberOf(field_name="deal__account")
    owner = NumberOf(field_name="deal__owner")
    status = filters.ChoiceFilter(choices=Quote.Status.choices)
    is_primary = filters.BooleanFilter()

    class Meta:
        model = Quote
        fields: list[str] = []


class QuoteApi(Records):
    """What we offer on deals, revision by revision."""

    queryset = Quote.objects.none()
    shape = QuoteDetail
    filterset_class = QuoteFilter
    pagination_class = KeysetPagination
    orders = {"id": Order("id"), "priced_on": Order("priced_on")}
    usual_order = "-id"

    def get_queryset(self) -> QuerySet[Quote]:
        found = Quote.objects.visible_to(self.request.user)
        return found.select_related("deal__account", "payment_terms", "billing", "created_by")

    def get_serializer_class(self):
        return QuoteOut if self.action == "list" else QuoteDetail

    def show(self, record, shape=None, status=200):
        """One quote as it is now, with its rows in order."""
        years = LineYear.objects.order_by("year")
        lines = QuoteLine.objects.order_by("position").select_related("product")
        quote = (
            self.get_queryset()
            .prefetch_related(
                Prefetch("lines", lines.prefetch_related(Prefetch("years", years))),
                "concessions__line",
                "terms__term",
            )
            .get(pk=record.pk)
        )
        last = ApprovalRequest.objects.filter(quote=quote).order_by("-attempt")
        quote.request = last.values_list("pk", flat=True).first()
        return super().show(quote, shape, status)

    @extend_schema(request=NewQuote, responses={201: QuoteDetail})
    def create(self, request):
        facts = self.facts(NewQuote)
        deal = facts.pop("deal")
        draft = draft_from(facts)
        quote = operations.create_quote(
            deal=deal,
            lines=draft.lines,
            concessions=draft.concessions,
            terms=draft.terms,
            **draft.header,
            by=self.by,
            at=self.at,
        )
        return self.show(quote, status=201)

    @extend_schema(request=QuoteFacts, responses=QuoteDetail, parameters=[IF_MATCH])
    def partial_update(self, request, pk):
        """Change a draft; a list that is given replaces the one there is."""
        quote = self.get_object()
        version = quote.version if self.version is None else self.version
        draft = draft_from(self.facts(QuoteFacts, partial=True), draft_of(rows_of(quote)))
        quote = operations.save_quote(
            quote=quote,
            header=dict(draft.header),
            lines=draft.lines,
            concessions=draft.concessions,
            terms=draft.terms,
            version=version,
            by=self.by,
            at=self.at,
        )
        return self.show(quote)

    @extend_schema(request=QuoteFacts, responses=PreviewOut)
    @action(detail=True, methods=["post"])
    def preview(self, request, pk):
        """What submitting would lead to, with these changes when there are any. Writes nothing."""
        quote = self.get_object()
        facts = self.facts(QuoteFacts, partial=True)
        if facts:
            draft = draft_from(facts, draft_of(rows_of(quote)))
            found = operations.preview_draft(quote=quote, draft=draft, by=self.by, at=self.at)
        else:
            found = operations.preview_quote(quote=quote, by=self.by, at=self.at)
        return Response(PreviewOut(found).data)

    @extend_schema(request=SubmitIn, responses={201: RequestOut}, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"])
    def submit(self, request, pk):
        """Freeze the terms and ask everybody who must agree to them."""
        quote, facts = self.get_object(), self.facts(SubmitIn)
        asked = operations.submit_quote(
            quote=quote, **facts, version=self.version, by=self.by, at=self.at
        )
        return Response(RequestOut(asked).data, status=201)

    @extend_schema(request=None, responses={201: QuoteDetail})
    @action(detail=True, methods=["post"])
    def revise(self, request, pk):
        """Make draft n+1; revision n stays as it is."""
        quote = operations.revise_quote(quote=self.get_object(), by=self.by, at=self.at)
        return self.show(quote, status=201)

    @extend_schema(request=CloneIn, responses={201: QuoteDetail})
    @action(detail=True, methods=["post"])
    def clone(self, request, pk):
        """Copy the quote at today's prices; a clone carries no approvals."""
        quote, facts = self.get_object(), self.facts(CloneIn)
        quote = operations.clone_quote(quote=quote, **facts, by=self.by, at=self.at)
        return self.show(quote, status=201)

    @extend_schema(request=None, responses=QuoteDetail, parameters=[IF_MATCH])
    @action(
        detail=True,
        methods=["post"],
        url_path="make-primary",
        pagination_class=None,
        filterset_class=None,
    )
    def make_primary(self, request, pk):
        """Let the deal stand on this quote; cover is judged again in the same transaction."""
        quote = operations.make_primary(
            quote=self.get_object(), version=self.version, by=self.by, at=self.at
        )
        return self.show(quote)

    @extend_schema(responses=GivesUpOut)
    @make_primary.mapping.get
    def gives_up(self, request, pk):
        """What making this quote primary would give up."""
        return Response({"gives_up": what_primary_gives_up(self.get_object(), self.at)})
