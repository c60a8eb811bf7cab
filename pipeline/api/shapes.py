"""What the pipeline's endpoints take and give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipeline import registry
from pipeline.models import (
    Account,
    Activity,
    Contact,
    Deal,
    DealContact,
    GateDebt,
    Pipeline,
    Segment,
    Stage,
)
from revops.api import Input, PersonField, PersonOut

NUMBER_OR_ADDRESS = {
    "oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 254}],
    "description": "A colleague, by number or by e-mail address.",
}


@extend_schema_field(NUMBER_OR_ADDRESS)
class Colleague(PersonField):
    pass


@extend_schema_field({"type": "object", "additionalProperties": True})
class CustomField(serializers.Field):
    """Fields that the company added, by key; each is read by its definition."""

    default_error_messages = {"shape": "An object of field keys with their values."}

    def to_internal_value(self, data):
        if not isinstance(data, dict) or not all(is_plain(value) for value in data.values()):
            self.fail("shape")
        return data

    def to_representation(self, value):
        return value


@extend_schema_field({"type": "object", "additionalProperties": True})
class EvidenceField(serializers.Field):
    """Answers to what a gate asks, by the `key` of each missing item.

    A value, `{"none": true}` where there is none, or true for a criterion. A contact is
    `{"contact": 12}` or `{"name": …, "email": …}`.
    """

    default_error_messages = {
        "shape": "An object of item keys with their answers.",
        "answer": "{item}: give a value, or an object with “none”.",
    }

    def to_internal_value(self, data):
        if not isinstance(data, dict):
            self.fail("shape")
        for key, value in data.items():
            if not is_answer(key, value):
                self.fail("answer", item=key)
        return data

    def to_representation(self, value):
        return value


def is_answer(key: str, value: Any) -> bool:
    """Whether an answer has the shape of one; what it says is for the operation to judge."""
    if isinstance(value, Mapping):
        kind = registry.item_kind(key)
        facts = value.values()
        if value.get("none") is not True and (kind is None or kind.field):
            return False
        return all(each is None or isinstance(each, str | int) for each in facts)
    return isinstance(value, str | int | float)


def is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str | int | float) for each in value)
    return value is None or isinstance(value, str | int | float)


class Visible(serializers.PrimaryKeyRelatedField):
    """A record by its number, among those the caller may see."""

    def get_queryset(self):
        return super().get_queryset().visible_to(self.context["request"].user)


# Accounts and contacts


class AccountRef(serializers.ModelSerializer):
    class Meta:
        model = Account
        fields = ["id", "name"]


class AccountOut(serializers.ModelSerializer):
    owner = PersonOut(allow_null=True)
    parent = AccountRef(allow_null=True)
    segment_override = serializers.CharField(help_text="A segment, or empty.")
    custom = CustomField()

    class Meta:
        model = Account
        fields = [
            "id",
            "version",
            "name",
            "domain",
            "industry",
            "country",
            "employees",
            "revenue_amount",
            "revenue_currency",
            "founded_year",
            "parent",
            "owner",
            "segment_override",
            "segment_override_reason",
            "custom",
            "source",
            "external_id",
            "created_at",
        ]
        read_only_fields = fields


class AccountFacts(Input):
    """What is said of an account."""

    instead = {
        "segment_override": "POST …/override-segment/ with a reason.",
        "source": "PUT …/by-external/{source}/{external_id}/.",
        "external_id": "PUT …/by-external/{source}/{external_id}/.",
    }

    name = serializers.CharField(max_length=200)
    domain = serializers.CharField(max_length=200, required=False, allow_blank=True)
    industry = serializers.CharField(max_length=100, required=False, allow_blank=True)
    country = serializers.CharField(max_length=100, required=False, allow_blank=True)
    employees = serializers.IntegerField(
        min_value=0, max_value=2_000_000_000, required=False, allow_null=True
    )
    revenue_amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, required=False, allow_null=True
    )
    revenue_currency = serializers.RegexField("^[A-Z]{3}$", required=False, allow_blank=True)
    founded_year = serializers.IntegerField(
        min_value=0, max_value=32_767, required=False, allow_null=True
    )
    parent = Visible(queryset=Account.objects.all(), required=False, allow_null=True)
    owner = Colleague(required=False, allow_null=True)
    custom = CustomField(required=False)


class SegmentIn(Input):
    segment = serializers.ChoiceField(Segment.choices, allow_blank=True)
    reason = serializers.CharField(max_length=2000)


class ContactOut(serializers.ModelSerializer):
    account = AccountRef(allow_null=True)
    email = serializers.CharField(help_text="An address, or empty.")
    custom = CustomField()

    class Meta:
        model = Contact
        fields = [
            "id",
            "version",
            "account",
            "name",
            "title",
            "email",
            "phone",
            "custom",
            "source",
            "external_id",
            "created_at",
        ]
        read_only_fields = fields


class ContactFacts(Input):
    """What is said of a contact."""

    instead = {
        "source": "PUT …/by-external/{source}/{external_id}/.",
        "external_id": "PUT …/by-external/{source}/{external_id}/.",
    }

    account = Visible(queryset=Account.objects.all(), required=False, allow_null=True)
    name = serializers.CharField(max_length=200)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=50, required=False, allow_blank=True)
    custom = CustomField(required=False)


class ExternalAccount(Input):
    """Names the account by the same source system's number instead of ours."""

    account_external_id = serializers.CharField(max_length=200, required=False)

    def validate(self, attrs):
        external_id = attrs.pop("account_external_id", None)
        if external_id is None:
            return attrs
        if "account" in attrs:
            raise serializers.ValidationError({"account_external_id": ["Name the account once."]})
        accounts = Account.objects.visible_to(self.context["request"].user)
        account = accounts.filter(source=self.context["source"], external_id=external_id).first()
        if account is None:
            raise serializers.ValidationError(
                {"account_external_id": ["There is no such account of this source system."]}
            )
        return {**attrs, "account": account}


class ContactUpsert(ExternalAccount, ContactFacts):
    pass


# Deals


class StageRef(serializers.ModelSerializer):
    class Meta:
        model = Stage
        fields = ["key", "name"]


class DealOut(serializers.ModelSerializer):
    """A deal as lists show it."""

    pipeline = serializers.SlugRelatedField("key", read_only=True)
    stage = StageRef()
    account = AccountRef(allow_null=True)
    owner = PersonOut()
    custom = CustomField()
    url = serializers.CharField(source="get_absolute_url", help_text="Its page.")

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
    custom = CustomField(required=False)


class StageField(serializers.SlugRelatedField):
    """A stage by its key, among those of the deal's pipeline."""

    default_error_messages = {"does_not_exist": "This pipeline has no stage “{value}”."}

    def __init__(self, **kwargs):
        super().__init__("key", queryset=Stage.objects.all(), **kwargs)

    def get_queryset(self):
        return super().get_queryset().filter(pipeline=self.context.get("pipeline"))


class NewDeal(DealFacts):
    """A deal to be entered; the caller owns it unless another owner is named."""

    account = Visible(queryset=Account.objects.all())
    owner = Colleague(required=False)
    pipeline = serializers.SlugRelatedField(
        "key", queryset=Pipeline.objects.filter(retired_at=None), required=False
    )
    stage = serializers.SlugField(
        max_length=50, required=False, help_text="One that lets deals begin there; else the first."
    )
    close_date = serializers.DateField(required=False, allow_null=True)


class DealUpsert(ExternalAccount, DealFacts):
    """A deal as the source system knows it.

    A new one begins in the first stage. In one that is known, owner and close date change by
    their own verbs: a value that differs is refused.
    """

    instead = {
        **DealFacts.instead,
        "stage": "A new deal begins in the first stage, and moves by its gates: POST …/move/.",
    }

    owner = Colleague(required=False)
    pipeline = serializers.SlugRelatedField(
        "key", queryset=Pipeline.objects.filter(retired_at=None), required=False
    )
    close_date = serializers.DateField(required=False, allow_null=True)


class AdvanceIn(Input):
    evidence = EvidenceField(required=False)


class SkipIn(Input):
    to = StageField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    evidence = EvidenceField(required=False)


class SendBackIn(Input):
    to = StageField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class LoseIn(Input):
    loss_reason = serializers.CharField(required=False, allow_blank=True, max_length=50, default="")
    competitor = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    competitor_none = serializers.BooleanField(required=False, default=False)
    note = serializers.CharField(required=False, allow_blank=True, default="")
    evidence = EvidenceField(required=False)


class ReopenIn(Input):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    close_date = serializers.DateField(required=False, allow_null=True)


class MoveIn(LoseIn):
    """A move to a stage, whatever kind of move that is."""

    to = StageField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    close_date = serializers.DateField(required=False, allow_null=True)


class PushIn(Input):
    to = serializers.DateField()
    reason_key = serializers.CharField(required=False, allow_blank=True, max_length=50, default="")
    note = serializers.CharField(required=False, allow_blank=True, default="")


class PullInIn(Input):
    to = serializers.DateField()


class ReassignIn(Input):
    owner = Colleague()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class LinkIn(Input):
    contact = Visible(queryset=Contact.objects.all())
    role = serializers.ChoiceField(DealContact.Role.choices)


class ActivityOut(serializers.ModelSerializer):
    logged_by = PersonOut(allow_null=True)

    class Meta:
        model = Activity
        fields = ["id", "kind", "side", "happened_at", "body", "logged_by", "logged_at"]
        read_only_fields = fields


class ActivityIn(Input):
    kind = serializers.ChoiceField(Activity.Kind.choices)
    side = serializers.ChoiceField(Activity.Side.choices)
    body = serializers.CharField(required=False, allow_blank=True, default="")
    happened_at = serializers.DateTimeField(required=False, allow_null=True)


class GateOut(serializers.Serializer):
    """What stands between a deal and a move; empty when it may go."""

    move = serializers.CharField()
    to = serializers.CharField()
    missing = MissingOut(many=True)
