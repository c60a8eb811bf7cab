"""What is typed into a quote, and what is done with it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from dealdesk.api.shapes.values import KeyField
from dealdesk.drafts import ConcessionDraft, LineDraft, QuoteDraft, TermDraft, YearDraft
from dealdesk.models import (
    ApprovalRequest,
    BillingFrequency,
    Concession,
    NonStandardTerm,
    PaymentTerms,
    Product,
    Quote,
    QuoteLine,
)
from pipeline.api.shapes import Visible
from pipeline.models import Deal
from revops.api import Input


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
