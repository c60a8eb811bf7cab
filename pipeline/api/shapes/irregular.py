"""What goes around the usual way takes and gives: overrides, transfers, debts, many deals."""

from __future__ import annotations

from rest_framework import serializers

from pipeline.api.shapes.deals import MissingOut
from pipeline.api.shapes.values import Colleague, EvidenceField, StageField, Visible
from pipeline.models import Deal, GateDebt, Pipeline
from pipeline.operations.reviews import Outcome
from revops.api import Input, PersonOut

MOST_AT_ONCE = 200


class OverrideIn(Input):
    to = StageField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class ReviewIn(Input):
    """What a forecast review comes to; a new date and a loss say more."""

    outcome = serializers.ChoiceField(Outcome.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    close_date = serializers.DateField(required=False, allow_null=True, help_text="For new_date.")
    push_reason = serializers.CharField(
        required=False, allow_blank=True, max_length=50, default="", help_text="For a later date."
    )
    evidence = EvidenceField(required=False, help_text="For close: loss_reason and competitor.")


class TransferIn(Input):
    pipeline = serializers.SlugRelatedField(
        "key", queryset=Pipeline.objects.filter(retired_at=None), help_text="Where it goes."
    )
    stage = serializers.SlugField(
        max_length=50, required=False, help_text="One that lets deals begin there; else the first."
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class OwedOut(serializers.ModelSerializer):
    """Something a skipped stage is owed, or was."""

    stage = serializers.SlugRelatedField("key", read_only=True)
    owner = PersonOut(allow_null=True)
    incurred_by = PersonOut(allow_null=True)
    paid_by = PersonOut(allow_null=True)

    class Meta:
        model = GateDebt
        fields = [
            "id",
            "item_key",
            "label",
            "is_criterion",
            "stage",
            "reason",
            "owner",
            "due_on",
            "incurred_at",
            "incurred_by",
            "paid_at",
            "paid_by",
        ]
        read_only_fields = fields


class PayIn(Input):
    evidence = EvidenceField(help_text="Answers by item key; `criterion:<key>` for criteria.")


class AssignDebtIn(Input):
    debt = serializers.IntegerField(min_value=1, help_text="Number of the debt.")
    owner = Colleague()


class ChosenDeals(Input):
    deals = serializers.ListField(
        child=Visible(queryset=Deal.objects.all()), min_length=1, max_length=MOST_AT_ONCE
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class BulkMoveIn(ChosenDeals):
    pipeline = serializers.SlugRelatedField("key", queryset=Pipeline.objects.all(), required=False)
    to = serializers.SlugField(max_length=50, help_text="Key of the stage.")


class BulkReassignIn(ChosenDeals):
    owner = Colleague()


class ResultOut(serializers.Serializer):
    """What became of one deal of many."""

    deal = serializers.IntegerField()
    done = serializers.BooleanField()
    move = serializers.CharField(help_text="The verb that it took, or empty.")
    code = serializers.CharField(help_text="Why not, as a code; empty when done.")
    detail = serializers.CharField(help_text="Why not, as a sentence; empty when done.")
    missing = MissingOut(many=True)


class ResultsOut(serializers.Serializer):
    done = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = ResultOut(many=True)


class BypassedOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    stage = serializers.CharField()


class BypassOut(serializers.Serializer):
    """One move that no gate judged."""

    id = serializers.IntegerField(source="visit.pk")
    kind = serializers.ChoiceField(["override", "import", "rules", "system"])
    deal = serializers.IntegerField(source="visit.deal_id")
    deal_name = serializers.CharField(source="visit.deal.name")
    pipeline = serializers.CharField(source="visit.stage.pipeline.key")
    stage = serializers.CharField(source="visit.stage.key")
    move = serializers.CharField(source="visit.move")
    via = serializers.CharField(source="visit.via")
    reason = serializers.CharField(source="visit.reason")
    entered_at = serializers.DateTimeField(source="visit.entered_at", allow_null=True)
    entered_by = PersonOut(source="visit.entered_by", allow_null=True)
    bypassed = BypassedOut(source="visit.bypassed", many=True)
