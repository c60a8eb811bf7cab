"""Requests with everybody asked, and what is said and decided."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dealdesk.api.shapes.values import DIGEST, DealRef, JSONObject
from dealdesk.models import ApprovalRequest, ApprovalSlot, ApprovalStep, Decision, RequestMessage
from pipeline.api.shapes import AccountRef
from revops.api import Input, PersonOut


class DecisionOut(serializers.ModelSerializer):
    decided_by = PersonOut()
    on_behalf_of = PersonOut(allow_null=True, help_text="Who was away, when a delegate decided.")
    is_revoked = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = [
            "id",
            "verdict",
            "reason",
            "decided_at",
            "decided_by",
            "on_behalf_of",
            "via",
            "is_revoked",
        ]
        read_only_fields = fields

    def get_is_revoked(self, decision) -> bool:
        return hasattr(decision, "revocation")


class SlotRow(serializers.ModelSerializer):
    """One person asked, within a request."""

    person = PersonOut()
    answers_for = PersonOut(
        source="absence.person", allow_null=True, help_text="Who is away meanwhile."
    )
    decision = serializers.SerializerMethodField()
    topics = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ApprovalSlot
        fields = [
            "id",
            "role",
            "person",
            "answers_for",
            "substitution",
            "state",
            "topics",
            "reasons",
            "requested_at",
            "due_at",
            "paused_at",
            "closed_at",
            "decision",
        ]
        read_only_fields = fields

    @extend_schema_field(DecisionOut(allow_null=True))
    def get_decision(self, slot):
        decision = slot.carried_from or getattr(slot, "decision", None)
        return DecisionOut(decision).data if decision else None


class StepOut(serializers.ModelSerializer):
    slots = SlotRow(many=True)

    class Meta:
        model = ApprovalStep
        fields = ["id", "position", "wave", "key", "name", "mode", "state", "settled_at", "slots"]
        read_only_fields = fields


class RequestOut(serializers.ModelSerializer):
    """One attempt to have the terms of a quote approved."""

    deal = DealRef()
    quote = serializers.IntegerField(source="quote_id")
    submitted_by = PersonOut(allow_null=True)
    in_return = serializers.ListField(child=serializers.ChoiceField(ApprovalRequest.Return.choices))
    digest = serializers.CharField(source="snapshot.digest", help_text="Of the terms judged.")
    url = serializers.CharField(source="get_absolute_url", help_text="Its page.")

    class Meta:
        model = ApprovalRequest
        fields = [
            "id",
            "deal",
            "quote",
            "attempt",
            "status",
            "route_key",
            "is_automatic",
            "why",
            "in_return",
            "in_return_note",
            "needed_by",
            "needed_cause",
            "digest",
            "submitted_at",
            "submitted_by",
            "expires_at",
            "decided_at",
            "valid_until",
            "ended_reason",
            "url",
        ]
        read_only_fields = fields


class MessageOut(serializers.ModelSerializer):
    """Something said about a request; an answer names its question."""

    written_by = PersonOut()

    class Meta:
        model = RequestMessage
        fields = ["id", "kind", "body", "question", "written_at", "written_by"]
        read_only_fields = fields


class RequestDetail(RequestOut):
    """A request with everybody asked, the terms as they were judged, and why (the trace)."""

    steps = StepOut(many=True)
    messages = MessageOut(many=True)
    terms = JSONObject(source="snapshot.body")
    trace = JSONObject(source="route", help_text="The route with every rule tried.")

    class Meta(RequestOut.Meta):
        fields = [*RequestOut.Meta.fields, "steps", "messages", "terms", "trace"]
        read_only_fields = fields


class SlotOut(SlotRow):
    """One approval: who is asked, about what, and the digest a decision must name."""

    request = RequestOut(source="step.request")
    step = serializers.CharField(source="step.name")
    net_amount = serializers.DecimalField(
        max_digits=16, decimal_places=2, source="step.request.quote.net_amount"
    )
    currency = serializers.CharField(source="step.request.quote.currency")
    discount_percent = serializers.DecimalField(
        max_digits=9, decimal_places=4, source="step.request.quote.discount_percent"
    )
    account = AccountRef(source="step.request.deal.account", allow_null=True)

    class Meta(SlotRow.Meta):
        fields = [
            *SlotRow.Meta.fields,
            "step",
            "account",
            "net_amount",
            "currency",
            "discount_percent",
            "request",
        ]
        read_only_fields = fields


class SlotDetail(SlotOut):
    terms = JSONObject(source="step.request.snapshot.body")
    trace = JSONObject(source="step.request.route")

    class Meta(SlotOut.Meta):
        fields = [*SlotOut.Meta.fields, "terms", "trace"]
        read_only_fields = fields


class DecideIn(Input):
    """A decision on exactly the terms that were read: `digest` is that of the request."""

    verdict = serializers.ChoiceField(Decision.Verdict.choices)
    reason = serializers.CharField(required=False, allow_blank=True, default="")
    digest = serializers.RegexField(DIGEST)
    conditions = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        default=list,
        max_length=10,
        help_text="What must be done before the deal is won on this approval.",
    )


class MessageIn(Input):
    body = serializers.CharField(max_length=4000)


class AnswerIn(MessageIn):
    question = serializers.IntegerField(help_text="Number of the message that asks.")


class ReasonIn(Input):
    reason = serializers.CharField(required=False, allow_blank=True, default="")
