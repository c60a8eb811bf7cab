"""Accounts and contacts."""

from __future__ import annotations

from rest_framework import serializers

from pipeline.api.shapes.values import Colleague, CustomField, Visible
from pipeline.models import (
    Account,
    Contact,
    Segment,
)
from revops.api import Input, PersonOut, Shown


class AccountRef(Shown):
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
