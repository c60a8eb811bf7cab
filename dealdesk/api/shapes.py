"""What the deal desk's endpoints take and give."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dealdesk.drafts import ConcessionDraft, LineDraft, QuoteDraft, TermDraft, YearDraft
from dealdesk.models import (
    ApprovalRequest,
    ApprovalSlot,
    ApprovalStep,
    BillingFrequency,
    Concession,
    Decision,
    ExceptionRecord,
    LineYear,
    NonStandardTerm,
    PaymentTerms,
    Product,
    Quote,
    QuoteLine,
    QuoteTerm,
    RequestMessage,
)
from pipeline.api.shapes import AccountRef, Visible
from pipeline.models import Deal
from revops.api import Input, PersonOut
from revops.people.models import Role, Team

DIGEST = "^[0-9a-f]{64}$"


class KeyField(serializers.SlugRelatedField):
    """A row of the catalogue by its key."""

    default_error_messages = {"does_not_exist": "There is no “{value}”."}

    def __init__(self, model=None, **kwargs):
        super().__init__("key", queryset=model.objects.all(), **kwargs)


class DealRef(serializers.ModelSerializer):
    class Meta:
        model = Deal
        fields = ["id", "name"]


# Quotes: what is given


class YearOut(serializers.ModelSerializer):
    class Meta:
        model = LineYear
        fields = ["year", "quantity", "tier_percent", "typed", "typed_value"]
        read_only_fields = fields


class LineOut(serializers.ModelSerializer):
    key = serializers.CharField(source="stable_key")
    product = serializers.SlugRelatedField("key", read_only=True)
    years = YearOut(many=True)

    class Meta:
        model = QuoteLine
        fields = [
            "key",
            "position",
            "product",
            "period",
            "list_unit_price",
            "tier_percent",
            "term_percent",
            "quantity",
            "discount_kind",
            "typed",
            "typed_value",
            "is_included",
            "years",
        ]
        read_only_fields = fields


class ConcessionOut(serializers.ModelSerializer):
    line_key = serializers.CharField(source="line.stable_key", default="")

    class Meta:
        model = Concession
        fields = ["kind", "months", "amount", "quantity", "line_key", "note"]
        read_only_fields = fields


class TermOut(serializers.ModelSerializer):
    term = serializers.SlugRelatedField("key", read_only=True)

    class Meta:
        model = QuoteTerm
        fields = ["term", "requested_value", "requested_text"]
        read_only_fields = fields


class QuoteOut(serializers.ModelSerializer):
    """A quote as lists show it."""

    deal = DealRef()
    payment_terms = serializers.SlugRelatedField("key", read_only=True)
    billing = serializers.SlugRelatedField("key", read_only=True)
    created_by = PersonOut(allow_null=True)
    url = serializers.CharField(source="get_absolute_url", help_text="Its page.")

    class Meta:
        model = Quote
        fields = [
            "id",
            "version",
            "deal",
            "revision",
            "based_on",
            "is_primary",
            "kind",
            "status",
            "currency",
            "priced_on",
            "term_months",
            "payment_terms",
            "billing",
            "note",
            "list_amount",
            "standard_amount",
            "net_amount",
            "annual_amount",
            "discount_percent",
            "created_at",
            "created_by",
            "submitted_at",
            "url",
        ]
        read_only_fields = fields


class QuoteDetail(QuoteOut):
    """A quote with everything that it offers, and the request it waits on or stands on."""

    lines = LineOut(many=True)
    concessions = ConcessionOut(many=True)
    terms = TermOut(many=True)
    request = serializers.IntegerField(allow_null=True, help_text="Its last approval request.")

    class Meta(QuoteOut.Meta):
        fields = [*QuoteOut.Meta.fields, "lines", "concessions", "terms", "request"]
        read_only_fields = fields


# Quotes: what is taken


class YearIn(Input):
    quantity = serializers.DecimalField(max_digits=14, decimal_places=4)
    typed = serializers.ChoiceField(QuoteLine.Typed.choices, required=False)
    typed_value = serializers.DecimalField(
        max_digits=24, decimal_places=10, required=False, allow_null=True
    )


class LineIn(Input):
    """One line as it is typed; `key` names the line of the quote that it replaces."""

    product = KeyField(Product)
    quantity = serializers.DecimalField(max_digits=14, decimal_places=4)
    key = serializers.RegexField(
        "^[A-Za-z0-9_-]*$", max_length=20, required=False, allow_blank=True
    )
    discount_kind = serializers.ChoiceField(QuoteLine.DiscountKind.choices, required=False)
    typed = serializers.ChoiceField(QuoteLine.Typed.choices, required=False)
    typed_value = serializers.DecimalField(
        max_digits=24, decimal_places=10, required=False, allow_null=True
    )
    is_included = serializers.BooleanField(required=False)
    years = YearIn(many=True, required=False, max_length=20)


class ConcessionIn(Input):
    """One concession with the one value that its kind has; free seats name their line."""

    kind = serializers.ChoiceField(Concession.Kind.choices)
    months = serializers.IntegerField(min_value=0, max_value=240, required=False, allow_null=True)
    amount = serializers.DecimalField(
        max_digits=16, decimal_places=2, required=False, allow_null=True
    )
    quantity = serializers.DecimalField(
        max_digits=14, decimal_places=4, required=False, allow_null=True
    )
    line_key = serializers.CharField(max_length=20, required=False, allow_blank=True)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True)


class TermIn(Input):
    term = KeyField(NonStandardTerm)
    requested_value = serializers.CharField(max_length=200, required=False, allow_blank=True)
    requested_text = serializers.CharField(required=False, allow_blank=True)


class QuoteFacts(Input):
    """What is typed into a quote. Lines, concessions and terms are replaced as a whole."""

    kind = serializers.ChoiceField(Quote.Kind.choices, required=False)
    currency = serializers.RegexField("^[A-Z]{3}$", required=False)
    priced_on = serializers.DateField(required=False)
    term_months = serializers.IntegerField(
        min_value=1, max_value=240, required=False, allow_null=True
    )
    payment_terms = KeyField(PaymentTerms, required=False)
    billing = KeyField(BillingFrequency, required=False)
    note = serializers.CharField(required=False, allow_blank=True)
    lines = LineIn(many=True, required=False, max_length=200)
    concessions = ConcessionIn(many=True, required=False, max_length=50)
    terms = TermIn(many=True, required=False, max_length=50)


class NewQuote(QuoteFacts):
    deal = Visible(queryset=Deal.objects.all())


def draft_from(facts: dict[str, Any], kept: QuoteDraft | None = None) -> QuoteDraft:
    """What an editor would send; what the facts leave out is `kept` as it is."""
    kept = kept or QuoteDraft()
    parts = {"lines", "concessions", "terms"}
    lines = [
        LineDraft(**{**row, "years": [YearDraft(**year) for year in row.get("years", [])]})
        for row in facts.get("lines", [])
    ]
    concessions = [ConcessionDraft(**row) for row in facts.get("concessions", [])]
    return QuoteDraft(
        header={name: value for name, value in facts.items() if name not in parts},
        lines=lines if "lines" in facts else kept.lines,
        concessions=concessions if "concessions" in facts else kept.concessions,
        terms=[TermDraft(**row) for row in facts["terms"]] if "terms" in facts else kept.terms,
    )


class SubmitIn(Input):
    """Why, what we get in return, and by when an answer is needed."""

    why = serializers.CharField(required=False, allow_blank=True, default="")
    in_return = serializers.ListField(
        child=serializers.ChoiceField(ApprovalRequest.Return.choices), required=False, default=list
    )
    in_return_note = serializers.CharField(required=False, allow_blank=True, default="")
    needed_by = serializers.DateField(required=False, allow_null=True, default=None)
    needed_cause = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default=""
    )


class CloneIn(Input):
    deal = Visible(queryset=Deal.objects.all(), required=False)


class GivesUpOut(serializers.Serializer):
    """What making a quote primary would give up, a sentence each."""

    gives_up = serializers.ListField(child=serializers.CharField())


# The preview


class ReasonlessGroup(serializers.Serializer):
    role = serializers.ChoiceField(Role.choices)
    label = serializers.CharField()
    people = PersonOut(many=True)
    hours = serializers.IntegerField(help_text="Business hours allowed.")
    working_days = serializers.CharField()
    due_at = serializers.DateTimeField()
    reasons = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())
    carried_forward = serializers.SerializerMethodField()

    def get_carried_forward(self, group) -> bool:
        return group.carried is not None


class PreviewStepOut(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    wave = serializers.IntegerField()
    groups = ReasonlessGroup(many=True)


class AvoidOut(serializers.Serializer):
    """What would keep some roles from being asked."""

    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices))
    sentence = serializers.CharField()
    net = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)
    route_key = serializers.CharField(source="key")


class ProblemOut(serializers.Serializer):
    code = serializers.CharField()
    sentence = serializers.CharField()
    about = serializers.CharField()


class PreviewOut(serializers.Serializer):
    """Everything that submitting now would lead to."""

    automatic = serializers.BooleanField()
    route_key = serializers.CharField(source="route.key")
    currency = serializers.CharField(source="terms.currency")
    list_amount = serializers.DecimalField(
        max_digits=None, decimal_places=2, source="terms.price.list_amount"
    )
    standard_amount = serializers.DecimalField(
        max_digits=None, decimal_places=2, source="terms.price.standard_amount"
    )
    net_amount = serializers.DecimalField(
        max_digits=None, decimal_places=2, source="terms.price.net_amount"
    )
    steps = PreviewStepOut(many=True)
    working_days = serializers.CharField()
    expected_at = serializers.DateTimeField()
    avoid = AvoidOut(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    problems = ProblemOut(many=True, help_text="Why submitting would be refused.")


# Requests and approvals


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


@extend_schema_field({"type": "object", "additionalProperties": True})
class JSONObject(serializers.Field):
    """A value kept as JSON."""

    def to_representation(self, value):
        return json.loads(value) if isinstance(value, str) else value


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


# Exceptions


class TeamRef(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["id", "key", "name"]


class ExceptionOut(serializers.ModelSerializer):
    """One exception of one request."""

    deal = DealRef()
    account = AccountRef(allow_null=True)
    term = serializers.SlugRelatedField("key", read_only=True, allow_null=True)
    requester = PersonOut(allow_null=True)
    team = TeamRef(allow_null=True)
    deciders = PersonOut(many=True)
    request = serializers.IntegerField(source="request_id")

    class Meta:
        model = ExceptionRecord
        fields = [
            "id",
            "request",
            "deal",
            "account",
            "kind",
            "term",
            "label",
            "standard_value",
            "requested_value",
            "granted_value",
            "discount_percent",
            "stake_amount",
            "segment",
            "tier",
            "requester",
            "team",
            "outcome",
            "requested_at",
            "decided_at",
            "business_hours",
            "deciders",
        ]
        read_only_fields = fields


class RankedOut(serializers.Serializer):
    """Exceptions of one label, counted together."""

    kind = serializers.ChoiceField(ExceptionRecord.Kind.choices)
    label = serializers.CharField()
    requests = serializers.IntegerField()
    deals = serializers.IntegerField()
    accounts = serializers.IntegerField()
    approved = serializers.IntegerField()
    rejected = serializers.IntegerField()
    pending = serializers.IntegerField()
    approval_percent = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    stake = serializers.DecimalField(max_digits=None, decimal_places=2)
    hours = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    slowest_hours = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    last_requested_at = serializers.DateTimeField()


class SummaryOut(serializers.Serializer):
    requests = serializers.IntegerField()
    exceptions = serializers.IntegerField()
    deals = serializers.IntegerField()
    accounts = serializers.IntegerField()
    approved = serializers.IntegerField()
    rejected = serializers.IntegerField()
    pending = serializers.IntegerField()
    approval_percent = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)
    stake = serializers.DecimalField(max_digits=None, decimal_places=2)
    hours = serializers.DecimalField(max_digits=None, decimal_places=1, allow_null=True)


class RankingOut(serializers.Serializer):
    """The exception report: the whole, and the ranking by label."""

    summary = SummaryOut()
    ranked = RankedOut(many=True)
