"""Approvals and the requests they belong to."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from dealdesk import operations
from dealdesk.api.counters import CounterIn, CounterOut, patch_from
from dealdesk.api.shapes import (
    AnswerIn,
    DecideIn,
    MessageIn,
    ReasonIn,
    RequestDetail,
    RequestOut,
    SlotDetail,
    SlotOut,
)
from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    CounterOffer,
    RequestMessage,
)
from pipeline.api.paging import KeysetPagination, NumberOf
from pipeline.keyset import Order
from revops.api import Records
from revops.refusals import Refused

SCOPES = [("mine", "Asked of the caller"), ("all", "All that the caller may see")]


class SlotFilter(filters.FilterSet):
    scope = filters.ChoiceFilter(choices=SCOPES, method="in_scope", help_text="Without: mine.")
    waiting = filters.BooleanFilter(method="that_wait", help_text="Those that wait for an answer.")
    state = filters.ChoiceFilter(choices=ApprovalSlot.State.choices)
    request = NumberOf(field_name="step__request")
    deal = NumberOf(field_name="step__request__deal")

    class Meta:
        model = ApprovalSlot
        fields: list[str] = []

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("scope") != "all":
            queryset = queryset.filter(person=self.request.user)
        return queryset

    def in_scope(self, slots, name, value):
        return slots

    def that_wait(self, slots: QuerySet[ApprovalSlot], name: str, value: bool):
        pending = {
            "state": ApprovalSlot.State.REQUESTED,
            "step__request__status": ApprovalRequest.Status.PENDING,
        }
        return slots.filter(**pending) if value else slots.exclude(**pending)


class ApprovalApi(Records):
    """What people are asked to decide."""

    queryset = ApprovalSlot.objects.none()
    shape = SlotDetail
    filterset_class = SlotFilter
    pagination_class = KeysetPagination
    orders = {"due": Order("due_at"), "id": Order("id")}
    usual_order = "due"

    def get_queryset(self) -> QuerySet[ApprovalSlot]:
        user, slots = self.request.user, ApprovalSlot.objects.all()
        if self.action == "list" and self.request.query_params.get("scope") != "all":
            slots = slots.filter(person=user)  # Who holds a slot sees its deal.
        else:
            slots = slots.filter(step__request__in=ApprovalRequest.objects.visible_to(user))
        return slots.select_related(
            "person",
            "absence__person",
            "decision__decided_by",
            "decision__on_behalf_of",
            "decision__revocation",
            "carried_from__decided_by",
            "carried_from__on_behalf_of",
            "carried_from__revocation",
            "step__request__deal__account",
            "step__request__quote",
            "step__request__snapshot",
            "step__request__submitted_by",
        )

    def get_serializer_class(self):
        return SlotOut if self.action == "list" else SlotDetail

    @extend_schema(request=DecideIn, responses=SlotDetail)
    @action(detail=True, methods=["post"])
    def decide(self, request, pk):
        """Approve or reject, on exactly the terms that were read; 409 says what changed since."""
        slot, facts = self.get_object(), self.facts(DecideIn)
        operations.decide_approval(slot=slot, **facts, by=self.by, at=self.at)
        return self.show(self.get_object())

    @extend_schema(request=ReasonIn, responses=SlotDetail)
    @action(detail=True, methods=["post"])
    def revoke(self, request, pk):
        """Take one's own approval back, in time."""
        slot, facts = self.get_object(), self.facts(ReasonIn)
        decision = getattr(slot, "decision", None)
        if decision is None:
            raise Refused("There is no decision to take back.", code="not_decided")
        operations.revoke_decision(decision=decision, **facts, by=self.by, at=self.at)
        return self.show(self.get_object())

    @extend_schema(request=CounterIn, responses=CounterOut)
    @action(detail=True, methods=["post"])
    def counter(self, request, pk):
        """Return the request with other terms that the caller would approve."""
        slot, facts = self.get_object(), self.facts(CounterIn)
        offer = operations.counter_offer(
            slot=slot,
            patch=patch_from(facts),
            reason=facts["reason"],
            digest=facts["digest"],
            by=self.by,
            at=self.at,
        )
        return Response(CounterOut(offer).data)

    @extend_schema(request=MessageIn, responses=SlotDetail)
    @action(detail=True, methods=["post"])
    def ask(self, request, pk):
        """Ask the rep before deciding; one's own clock stops until the answer."""
        slot, facts = self.get_object(), self.facts(MessageIn)
        operations.ask_submitter(slot=slot, **facts, by=self.by, at=self.at)
        return self.show(self.get_object())


class RequestFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=ApprovalRequest.Status.choices)
    deal = NumberOf(field_name="deal")
    quote = NumberOf(field_name="quote")
    submitted_by = NumberOf(field_name="submitted_by")

    class Meta:
        model = ApprovalRequest
        fields: list[str] = []


class RequestApi(Records):
    """Attempts to have terms approved."""

    queryset = ApprovalRequest.objects.none()
    shape = RequestDetail
    filterset_class = RequestFilter
    pagination_class = KeysetPagination
    orders = {"submitted": Order("submitted_at")}
    usual_order = "-submitted"

    def get_queryset(self) -> QuerySet[ApprovalRequest]:
        found = ApprovalRequest.objects.visible_to(self.request.user)
        found = found.select_related("deal", "quote", "snapshot", "submitted_by")
        if self.action == "list":
            return found
        slots = ApprovalSlot.objects.order_by("pk").select_related(
            "person",
            "step",
            "absence__person",
            "decision__decided_by",
            "decision__on_behalf_of",
            "decision__revocation",
            "carried_from__decided_by",
            "carried_from__on_behalf_of",
            "carried_from__revocation",
        )
        steps = ApprovalStep.objects.order_by("position")
        steps = steps.prefetch_related(Prefetch("slots", slots))
        said = RequestMessage.objects.order_by("pk").select_related("written_by")
        return found.prefetch_related(Prefetch("steps", steps), Prefetch("messages", said))

    def get_serializer_class(self):
        return RequestOut if self.action == "list" else RequestDetail

    @extend_schema(request=MessageIn, responses=RequestDetail)
    @action(detail=True, methods=["post"])
    def comment(self, request, pk):
        """Say something to everybody who takes part."""
        asked, facts = self.get_object(), self.facts(MessageIn)
        operations.comment_on_request(request=asked, **facts, by=self.by, at=self.at)
        return self.show(self.get_object())

    @extend_schema(request=AnswerIn, responses=RequestDetail)
    @action(detail=True, methods=["post"])
    def answer(self, request, pk):
        """Answer a question of an approver; their clock goes on."""
        asked, facts = self.get_object(), self.facts(AnswerIn)
        question = asked.messages.filter(pk=facts.pop("question"), kind="question").first()
        if question is None:
            raise Refused("This request has no such question.", code="unknown_question")
        operations.answer_question(question=question, **facts, by=self.by, at=self.at)
        return self.show(self.get_object())

    def offer(self) -> CounterOffer:
        """The counter-offer that the request was returned with."""
        offers = CounterOffer.objects.filter(decision__slot__step__request=self.get_object())
        offer = offers.select_related("decision__slot__step__request").first()
        if offer is None:
            raise Refused("This request has no counter-offer.", code="no_counter")
        return offer

    @extend_schema(request=None, responses={201: RequestOut})
    @action(detail=True, methods=["post"], url_path="accept-counter")
    def accept_counter(self, request, pk):
        """Take the counter-offer as it is: a new revision, submitted at once."""
        asked = operations.accept_counter(counter=self.offer(), by=self.by, at=self.at)
        return Response(RequestOut(asked).data, status=201)

    @extend_schema(request=ReasonIn, responses=CounterOut)
    @action(detail=True, methods=["post"], url_path="decline-counter")
    def decline_counter(self, request, pk):
        """Turn the counter-offer down."""
        note = self.facts(ReasonIn)["reason"]
        offer = operations.decline_counter(counter=self.offer(), note=note, by=self.by, at=self.at)
        return Response(CounterOut(offer).data)

    @extend_schema(request=ReasonIn, responses=RequestDetail)
    @action(detail=True, methods=["post"])
    def recall(self, request, pk):
        """Take the request back while it waits."""
        asked, facts = self.get_object(), self.facts(ReasonIn)
        operations.recall_request(request=asked, **facts, by=self.by, at=self.at)
        return self.show(self.get_object())
