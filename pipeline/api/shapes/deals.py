"""Deals: what lists and the record show, and what may be said of one."""

from __future__ import annotations

from rest_framework import serializers

from pipeline.api.shapes.accounts import AccountRef, ContactOut, ExternalAccount
from pipeline.api.shapes.values import Colleague, CustomField, EvidenceField, Visible
from pipeline.models import (
    Account,
    Deal,
    DealContact,
    GateDebt,
    Pipeline,
    Stage,
    StageRule,
)
from revops.api import Input, PersonOut, Shown
from revops.columns import AddressField


class StageRef(Shown):
    class Meta:
        model = Stage
        fields = ["key", "name"]


class DealOut(Shown):
    """A deal as lists show it."""

    pipeline = serializers.SlugRelatedField("key", read_only=True)
    stage = StageRef()
    account = AccountRef(allow_null=True)
    owner = PersonOut()
    forecast_category = serializers.CharField(
        help_text="A category said by hand; empty where the deal is forecast as its stage is."
    )
    custom = CustomField()
    url = AddressField("pipeline:deal-detail", help_text="Its page.")

    class Meta:
        model = Deal
        fields = [
            "id",
            "version",
            "name",
            "account",
            "owner",
            "pipeline",
            "stage",
            "status",
            "amount",
            "currency",
            "close_date",
            "opened_on",
            "closed_on",
            "entered_stage_at",
            "push_count",
            "deal_source",
            "product",
            "forecast_category",
            "next_step",
            "next_step_date",
            "custom",
            "source",
            "external_id",
            "created_at",
            "url",
        ]
        read_only_fields = fields


class MissingOut(serializers.Serializer):
    """One unmet item."""

    key = serializers.CharField()
    label = serializers.CharField()
    sentence = serializers.CharField()
    stage = serializers.CharField()


class DebtOut(serializers.ModelSerializer):
    """Something that a skipped stage is still owed."""

    stage = serializers.SlugRelatedField("key", read_only=True)

    class Meta:
        model = GateDebt
        fields = ["item_key", "label", "stage", "reason", "incurred_at"]
        read_only_fields = fields


class DealContactOut(serializers.ModelSerializer):
    contact = ContactOut()

    class Meta:
        model = DealContact
        fields = ["id", "contact", "role"]
        read_only_fields = fields


NOTES = [
    "fit_score",
    "pain_points",
    "current_solution",
    "timeline",
    "technical_requirements",
    "stakeholder_map",
    "redlines",
    "contract_reference",
    "competitor",
    "loss_reason",
    "loss_note",
]


class DealDetail(DealOut):
    """A deal with everything that its page shows of it."""

    contacts = DealContactOut(many=True)
    debts = DebtOut(many=True, source="debts_owed")
    next_stage = serializers.CharField(help_text="Where advancing leads; empty after the last.")
    missing = MissingOut(
        many=True, help_text="What advancing, or after the last stage winning, asks."
    )

    class Meta(DealOut.Meta):
        fields = [*DealOut.Meta.fields, *NOTES, "contacts", "debts", "next_stage", "missing"]
        read_only_fields = fields


class DealFacts(Input):
    """What people type into a deal."""

    instead = {
        "stage": "A stage changes by a move: POST …/advance/, …/skip/, …/send-back/ or …/move/.",
        "status": "A deal closes by a move: POST …/win/ or …/lose/; …/reopen/ takes it up again.",
        "close_date": "POST …/push/ or …/pull-in/.",
        "owner": "POST …/reassign/.",
        "pipeline": "A deal stays in its pipeline.",
        "loss_reason": "POST …/lose/.",
        "source": "PUT …/by-external/{source}/{external_id}/.",
        "external_id": "PUT …/by-external/{source}/{external_id}/.",
    }

    name = serializers.CharField(max_length=200)
    account = Visible(queryset=Account.objects.all(), required=False)
    amount = serializers.DecimalField(
        max_digits=16, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    currency = serializers.RegexField("^[A-Z]{3}$", required=False)
    deal_source = serializers.CharField(max_length=50, required=False, allow_blank=True)
    fit_score = serializers.IntegerField(
        min_value=0, max_value=100, required=False, allow_null=True
    )
    pain_points = serializers.CharField(required=False, allow_blank=True)
    current_solution = serializers.CharField(required=False, allow_blank=True)
    timeline = serializers.CharField(required=False, allow_blank=True)
    technical_requirements = serializers.CharField(required=False, allow_blank=True)
    stakeholder_map = serializers.CharField(required=False, allow_blank=True)
    redlines = serializers.CharField(required=False, allow_blank=True)
    contract_reference = serializers.CharField(max_length=300, required=False, allow_blank=True)
    competitor = serializers.CharField(max_length=200, required=False, allow_blank=True)
    next_step = serializers.CharField(max_length=200, required=False, allow_blank=True)
    next_step_date = serializers.DateField(required=False, allow_null=True)
    product = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="The main product; a primary quote says it by itself.",
    )
    forecast_category = serializers.ChoiceField(
        [each for each in StageRule.ForecastCategory.choices if each[0] != "closed"],
        required=False,
        allow_blank=True,
        help_text="Empty where the deal is forecast as its stage is.",
    )
    custom = CustomField(required=False)


class NewDeal(DealFacts):
    """A deal to be entered; the caller owns it unless another owner is named."""

    account = Visible(queryset=Account.objects.all())
    owner = Colleague(required=False)
    pipeline = serializers.SlugRelatedField(
        "key", queryset=Pipeline.objects.in_use(), required=False
    )
    stage = serializers.SlugField(
        max_length=50, required=False, help_text="One that lets deals begin there; else the first."
    )
    close_date = serializers.DateField(required=False, allow_null=True)


class StepIn(serializers.Serializer):
    """That the deal entered a stage, as the source system knows it."""

    stage = serializers.SlugField(max_length=50)
    entered_at = serializers.DateTimeField()


class DealUpsert(ExternalAccount, DealFacts):
    """A deal as the source system knows it.

    A new one begins in the first stage, or in one that lets deals begin there. In one that is
    known, everything changes in one step or not at all, each by the rules of its own verb: a
    later close date asks `push_reason` (and `push_note` where a push does), another stage its
    gate, with `evidence` and, to skip or to go back, a `reason`; another owner or pipeline
    whoever may give the deal away.
    """

    instead = {
        name: sentence
        for name, sentence in DealFacts.instead.items()
        if name not in ("stage", "close_date", "owner", "pipeline")
    }

    owner = Colleague(required=False)
    pipeline = serializers.SlugRelatedField(
        "key", queryset=Pipeline.objects.in_use(), required=False
    )
    stage = serializers.SlugField(max_length=50, required=False, help_text="The key of a stage.")
    close_date = serializers.DateField(required=False, allow_null=True)
    stage_history = serializers.ListField(
        child=StepIn(),
        required=False,
        max_length=200,
        help_text=(
            "Through which stages it went before it came, for RevOps to tell; what contradicts "
            "the moves known here is refused, the rest of the request stands."
        ),
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    push_reason = serializers.SlugField(max_length=50, required=False, allow_blank=True)
    push_note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    evidence = EvidenceField(required=False)
